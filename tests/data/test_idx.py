"""IDX files: their values, and one clear line for each kind of damage."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from small_dataset import HTML, dataset, error_of, idx, write_idx
from study.data.idx import read_idx


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("suffix", ["", ".gz"], ids=["without-gz", "with-gz"])
def test_idx_files_are_told_apart_by_content(tmp_path: Path, packed: bool, suffix: str) -> None:
    images = dataset()["x_train"]
    path = tmp_path / f"images{suffix}"
    path.write_bytes(gzip.compress(idx(images)) if packed else idx(images))
    np.testing.assert_array_equal(read_idx(path), images)


def test_idx_values_are_big_endian(tmp_path: Path) -> None:
    labels = np.array([1, 258, -1])
    path = tmp_path / "labels"
    path.write_bytes(idx(labels.astype(">i4"), 0x0C))
    assert read_idx(path).tolist() == [1, 258, -1]


IMAGES, LABELS = idx(dataset()["x_train"]), idx(dataset()["y_train"])
PACKED = gzip.compress(IMAGES, mtime=0)
IDX_ERRORS = {
    "empty-file": ({"x_train": b""}, "x_train.idx: the file is empty"),
    "html": ({"y_test": HTML}, "y_test.idx: an HTML page in place of the IDX file"),
    "html-gzipped": ({"x_test": gzip.compress(HTML)}, "x_test.idx: an HTML page in place"),
    "magic": (
        {"x_train": b"\x89PNG" + IMAGES},
        "x_train.idx: wrong magic number 89 50 4e 47; an IDX file starts with 00 00 08 03",
    ),
    "one-byte": ({"x_train": b"\0"}, "x_train.idx: truncated: 1 bytes, but its IDX header alone"),
    "header-cut": (
        {"x_train": IMAGES[:9]},
        "x_train.idx: truncated: 9 bytes, but its IDX header alone has 16",
    ),
    "unknown-type": (
        {"x_train": b"\0\0\x07" + IMAGES[3:]},
        "x_train.idx: unknown IDX element type 0x07; allowed are 0x08, 0x09, 0x0b, 0x0c",
    ),
    "float-images": (
        {"x_train": idx(np.zeros((12, 4, 5), ">f4"), 0x0D)},
        "x_train.idx: images of dtype float32; allowed is uint8: store pixels from 0 to 255; "
        "floats from 0 to 1: multiply by 255 first",
    ),
    "float-labels": (
        {"y_train": idx(np.zeros(12, ">f8"), 0x0E)},
        "y_train.idx: labels of dtype float64; allowed is an integer type",
    ),
    "truncated": (
        {"x_train": IMAGES[:-3]},
        "x_train.idx: truncated: 237 bytes of values, but the header says 240 "
        "(12 x 4 x 5 of uint8)",
    ),
    "trailing": (
        {"y_train": LABELS + b"\0\0"},
        "y_train.idx: trailing bytes: the header says 12 (12 of uint8), but more follow it",
    ),
    "gzip-truncated": (
        {"x_train": PACKED[:-20]},
        f"x_train.idx: truncated: its gzip stream ends after {len(PACKED) - 20} bytes",
    ),
    "gzip-header-only": ({"x_train": PACKED[:4]}, "x_train.idx: truncated: its gzip stream"),
    "gzip-checksum": (
        {"x_train": PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:]},
        "x_train.idx: damaged gzip file (CRC check failed",
    ),
    "gzip-data": (
        {"x_train": PACKED[:10] + b"\xff" * 40 + PACKED[50:]},
        "x_train.idx: damaged gzip file (Error -3 while decompressing",
    ),
    "images-as-labels": (
        {"y_train": IMAGES},
        "y_train.idx: labels of shape [12, 4, 5]; allowed is [images]",
    ),
    "labels-as-images": (
        {"x_train": LABELS},
        "x_train.idx: images of shape [12]; allowed are [images, height, width]",
    ),
    "no-images": (
        {"x_train": idx(np.zeros((0, 4, 5), np.uint8))},
        "x_train.idx: empty, shape [0, 4, 5]; allowed is 1 image or more",
    ),
    "no-pixels": (
        {"x_train": idx(np.zeros((12, 0, 5), np.uint8))},
        "x_train.idx: empty, shape [12, 0, 5]",
    ),
    "no-labels": ({"y_test": idx(np.zeros(0, np.uint8))}, "y_test.idx: empty; allowed is 1 label"),
    "numbers-differ": (
        {"y_train": idx(np.zeros(11, np.uint8))},
        "y_train.idx: 11 labels for the 12 images in ",
    ),
    "label-too-large": (
        {"y_test": idx(np.array([0, 1, 2, 0, 3, 9], np.uint8))},
        "y_test.idx: label 3 at position 4; allowed are 0 to 2 (classes: 3)",
    ),
    "label-negative": (
        {"y_test": idx(np.array([0, -1, 2, 0, 1, 1], np.int8), 0x09)},
        "y_test.idx: label -1 at position 1; allowed are 0 to 2 (classes: 3)",
    ),
    "shapes-differ": (
        {"x_test": idx(np.zeros((6, 5, 4), np.uint8))},
        "x_test.idx: test images of shape 5x4; allowed is the shape of the training images, 4x5",
    ),
}


@pytest.mark.parametrize(("changed", "message"), IDX_ERRORS.values(), ids=IDX_ERRORS.keys())
def test_a_bad_idx_file_gives_one_clear_line(
    tmp_path: Path, changed: dict[str, bytes], message: str
) -> None:
    assert f"{tmp_path}/{message}" in error_of(tmp_path, write_idx(tmp_path, **changed))
