"""A small data set of 3 classes and 4x5 images, as files of each format."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from study.data.prepared import prepare
from study.errors import StudyError

HTML = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>"


def idx(array: NDArray[Any], kind: int = 0x08) -> bytes:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape)
    return header + array.tobytes()


def dataset(n_train: int = 12, n_test: int = 6) -> dict[str, NDArray[Any]]:
    """A sound data set of 3 classes and 4x5 images."""
    random = np.random.default_rng(0)
    return {
        "x_train": random.integers(0, 256, (n_train, 4, 5), dtype=np.uint8),
        "y_train": np.arange(n_train, dtype=np.uint8) % 3,
        "x_test": random.integers(0, 256, (n_test, 4, 5), dtype=np.uint8),
        "y_test": np.arange(n_test, dtype=np.uint8) % 3,
    }


def write_idx(folder: Path, **changed: bytes) -> dict[str, str]:
    """Write a sound data set as four plain IDX files, some with other content; their paths."""
    contents = {name: idx(array) for name, array in dataset().items()} | changed
    paths = {}
    for name, content in contents.items():
        path = folder / f"{name}.idx"
        path.write_bytes(content)
        paths[name] = str(path)
    return paths


def write_npz(folder: Path, **changed: Any) -> str:
    arrays = {name: array for name, array in (dataset() | changed).items() if array is not None}
    np.savez_compressed(folder / "own.npz", **arrays)
    return str(folder / "own.npz")


def run(folder: Path, source: dict[str, str], classes: int = 3) -> tuple[Path, Path]:
    npz, manifest = folder / "out" / "own.npz", folder / "out" / "own.json"
    prepare("own", classes, source, npz, manifest)
    return npz, manifest


def error_of(folder: Path, source: dict[str, str], classes: int = 3) -> str:
    """The message of the one expected error; it is one line, and nothing was written."""
    with pytest.raises(StudyError) as caught:
        run(folder, source, classes)
    assert "\n" not in str(caught.value)
    assert not (folder / "out").exists()
    return str(caught.value)
