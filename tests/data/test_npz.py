"""A user's own .npz: one clear line for each mistake in it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset import HTML, dataset, error_of, write_npz

FLOATS = dataset()["x_train"] / 255
NPZ_ERRORS = {
    "missing": (
        {"y_test": None},
        ": no array y_test; the arrays in it are x_train, y_train, x_test",
    ),
    "pickled": (
        {"x_train": np.array([{"a": 1}, None], dtype=object)},
        ": x_train holds pickled Python objects, which are never loaded",
    ),
    "floats": (
        {"x_train": FLOATS},
        ": x_train: images of dtype float64; allowed is uint8: store pixels from 0 to 255; floats "
        "from 0 to 1: multiply by 255 first",
    ),
    "int64-images": (
        {"x_test": dataset()["x_test"].astype(np.int64)},
        ": x_test: images of dtype int64; allowed is uint8",
    ),
    "flat-images": (
        {"x_train": np.zeros((12, 20), np.uint8)},
        ": x_train: images of shape [12, 20]; allowed are [images, height, width] and "
        "[images, height, width, channels]",
    ),
    "five-dimensions": (
        {"x_train": np.zeros((12, 4, 5, 1, 1), np.uint8)},
        ": x_train: images of shape [12, 4, 5, 1, 1]",
    ),
    "one-hot": (
        {"y_train": np.eye(3, dtype=np.uint8)[dataset()["y_train"]]},
        ": y_train: labels of shape [12, 3]; allowed is [images] or [images, 1], the number of",
    ),
    "float-labels": (
        {"y_train": np.zeros(12)},
        ": y_train: labels of dtype float64; allowed is an integer type",
    ),
    "text-labels": (
        {"y_train": np.array(["cat"] * 12)},
        ": y_train: labels of dtype str96; allowed is an integer type",
    ),
    "label-beyond-uint8": (  # 256 would become 0 if it were cut to uint8 before the check
        {"y_train": np.full(12, 256)},
        ": y_train: label 256 at position 0; allowed are 0 to 2",
    ),
    "channels-differ": (
        {"x_test": np.zeros((6, 4, 5, 1), np.uint8)},
        ": x_test: test images of shape 4x5x1; allowed is the shape of the training images, 4x5",
    ),
    "empty": ({"x_test": np.zeros((0, 4, 5), np.uint8)}, ": x_test: empty, shape [0, 4, 5]"),
    "numbers-differ": (
        {"y_test": np.zeros(7, np.uint8)},
        ": y_test: 7 labels for the 6 images in ",
    ),
}


@pytest.mark.parametrize(("changed", "message"), NPZ_ERRORS.values(), ids=NPZ_ERRORS.keys())
def test_a_bad_npz_gives_one_clear_line(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    source = write_npz(tmp_path, **changed)
    assert f"{source}{message}" in error_of(tmp_path, {"npz": source})


def damage(content: bytes, start: int, length: int = 40) -> bytes:
    return (
        content[:start]
        + bytes(byte ^ 0x55 for byte in content[start : start + length])
        + (content[start + length :])
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: b"", ": the file is empty"),
        (lambda content: HTML, ": an HTML page in place of the .npz file"),
        (lambda content: b"\x93NUMPY\x01\x00", ": starts with the bytes 93 4e 55 4d, so it is not"),
        (lambda content: b"\x80\x04\x95pickle", ": starts with the bytes 80 04 95 70"),
        (lambda content: content[:-30], ": the .npz file is damaged or truncated"),
        (lambda content: content[:200], ": the .npz file is damaged or truncated"),
        (lambda content: damage(content, 150), ": the .npz file is damaged or truncated"),
    ],
    ids=["empty", "html", "npy", "pickle", "end-cut", "cut", "damaged"],
)
def test_a_file_that_is_no_npz_gives_one_clear_line(
    tmp_path: Path, change: Any, message: str
) -> None:
    source = Path(write_npz(tmp_path))
    source.write_bytes(change(source.read_bytes()))
    assert f"{source}{message}" in error_of(tmp_path, {"npz": str(source)})
