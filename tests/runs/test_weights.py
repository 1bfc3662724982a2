"""weights.npz: kernels before and after training, in the network's order."""

from pathlib import Path

import numpy as np
import pytest

from study.errors import StudyError
from study.runs.weights import kernel_layers, read_kernels, read_weights


def written(folder: Path, *names: str) -> Path:
    path = folder / "weights.npz"
    np.savez(path, **{name: np.full(3, place) for place, name in enumerate(names)})  # type: ignore[arg-type]
    return path


def test_kernels_are_read_before_and_after_training(tmp_path: Path) -> None:
    names = ("final/output/kernel", "final/conv_1/kernel", "initial/conv_1/kernel")
    path = written(tmp_path, *names, "initial/output/kernel", "final/conv_1/bias")
    found = {layer: (int(a[0]), int(b[0])) for layer, (a, b) in read_kernels(path).items()}
    assert found == {"conv_1": (2, 1), "output": (3, 0)}
    assert [*found] == ["conv_1", "output"]
    assert len(read_weights(path)) == 5


def test_layers_come_in_the_networks_order_by_number() -> None:
    layers = ["conv_1", "conv_2", "conv_10", "dense_1", "dense_2", "output"]
    keys = [f"final/{layer}/kernel" for layer in reversed(layers)]
    others = ["initial/conv_3/kernel", "final/conv_4/bias", "final/projection_1/kernel", "final/x"]
    assert kernel_layers([*keys, *others]) == layers


def test_layers_with_names_of_their_own_stay_in_order(tmp_path: Path) -> None:
    layers = ["stem", "conv_1", "block/depthwise", "output"]
    assert kernel_layers([f"final/{layer}/kernel" for layer in layers]) == layers
    assert read_kernels(written(tmp_path, "initial/scale/w", "final/scale/w")) == {}


def test_a_kernel_without_its_beginning_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"weights\.npz: no initial/conv_1/kernel; delete it and"):
        read_kernels(written(tmp_path, "final/conv_1/kernel"))
    with pytest.raises(StudyError, match=r"weights\.npz: no weights after training; delete it"):
        read_kernels(written(tmp_path, "initial/conv_1/kernel"))


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x03\x04 cut off"])
def test_damaged_weights_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"weights\.npz: .*; delete it and run again$"):
        read_weights(path)
