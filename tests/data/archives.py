"""Archives in the form of CIFAR-10's and MedMNIST's, with a few tiny images in colour."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BATCHES = [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)]
RECORDS = {"train": BATCHES, "test": ["cifar-10-batches-bin/test_batch.bin"]}
CIFAR_SHAPE = (32, 32, 3)

NAMES = {
    f"{kind}_{part}": f"{part}_{word}"
    for part in ("train", "val", "test")
    for kind, word in (("x", "images"), ("y", "labels"))
}
"""The names of MedMNIST's arrays."""


def learnable(count: int, side: int, seed: int, classes: int = 3) -> dict[str, NDArray[np.uint8]]:
    """Images `x` [count, side, side, 3] of colours that tell the class, and labels `y`."""
    random = np.random.default_rng(seed)
    labels = (np.arange(count) % classes).astype(np.uint8)
    colours = np.random.default_rng(0).integers(0, 200, (classes, 3))
    noise = random.integers(0, 56, (count, side, side, 3))
    return {"x": (colours[labels][:, None, None] + noise).astype(np.uint8), "y": labels}


def record(image: NDArray[np.uint8], label: int) -> bytes:
    """A label, then all red, all green and all blue pixels, row by row."""
    return bytes([label]) + b"".join(image[:, :, channel].tobytes() for channel in range(3))


def cifar_batches(each: int = 6) -> tuple[dict[str, NDArray[np.uint8]], dict[str, bytes]]:
    """A data set of 5 training files and a test file of `each` images: arrays, and the files."""
    train, test = learnable(5 * each, 32, seed=1), learnable(each, 32, seed=2)
    records = [record(*pair) for pair in zip(train["x"], train["y"].tolist(), strict=True)]
    files = {
        name: b"".join(records[place * each : (place + 1) * each])
        for place, name in enumerate(BATCHES)
    }
    files[RECORDS["test"][0]] = b"".join(
        record(*pair) for pair in zip(test["x"], test["y"].tolist(), strict=True)
    )
    arrays = {
        **{"x_train": train["x"], "y_train": train["y"]},
        **{"x_test": test["x"], "y_test": test["y"]},
    }
    return arrays, files


def tar_gz(files: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """An archive of the files; a TarInfo in place of the content is written as it is."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        folder = tarfile.TarInfo("cifar-10-batches-bin")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        readme = tarfile.TarInfo("cifar-10-batches-bin/readme.html")
        readme.size = 5
        archive.addfile(readme, io.BytesIO(b"hello"))
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def medmnist_arrays(side: int = 8, **changed: Any) -> dict[str, NDArray[Any]]:
    """Arrays called as in MedMNIST's archives, labels [n, 1]; `changed` replaces some."""
    arrays: dict[str, NDArray[Any]] = {}
    for seed, (part, count) in enumerate((("train", 48), ("val", 12), ("test", 18)), start=1):
        images = learnable(count, side, seed)
        arrays |= {f"{part}_images": images["x"], f"{part}_labels": images["y"][:, None]}
    return arrays | changed


def write_medmnist(path: Path, **changed: Any) -> Path:
    arrays = {name: value for name, value in medmnist_arrays(**changed).items() if len(value)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    return path
