"""Reading, checking and storing data: real files, good and bad."""

import gzip
import hashlib
import json
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conftest import ROOT
from study.data.digits import bundled_digits
from study.data.idx import read_idx
from study.data.npz import ARRAYS
from study.data.prepared import content_digest, load_prepared, prepare
from study.data.split import stratified_holdout
from study.errors import StudyError

MNIST = ROOT.parent / "shared" / "data" / "mnist"
MNIST_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
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


def test_four_idx_files_become_an_npz_and_a_manifest(tmp_path: Path) -> None:
    npz, manifest = run(tmp_path, write_idx(tmp_path))
    arrays, description = load_prepared(npz, manifest)
    assert list(arrays) == list(ARRAYS)
    for name, array in dataset().items():
        assert arrays[name].dtype == np.uint8
        np.testing.assert_array_equal(arrays[name], array)
    assert description == {
        "dataset": "own",
        "input_shape": [4, 5, 1],
        "classes": 3,
        "train": {"images": 12, "per_class": [4, 4, 4]},
        "test": {"images": 6, "per_class": [2, 2, 2]},
        "sha256": content_digest(arrays),
    }
    assert sorted(path.name for path in npz.parent.iterdir()) == ["own.json", "own.npz"]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "int32", "int64", "uint64"])
def test_labels_may_have_any_integer_type(tmp_path: Path, dtype: str) -> None:
    labels = dataset()["y_train"].astype(dtype)
    npz, manifest = run(tmp_path, {"npz": write_npz(tmp_path, y_train=labels)})
    arrays, _ = load_prepared(npz, manifest)
    assert arrays["y_train"].dtype == np.uint8
    assert arrays["y_train"].tolist() == labels.tolist()


def test_colour_images_and_further_arrays_are_fine(tmp_path: Path) -> None:
    colour = {"x_train": np.zeros((12, 4, 5, 3), np.uint8), "x_test": np.ones((6, 4, 5, 3), "u1")}
    source = write_npz(tmp_path, **colour, names=np.array(["a", "b"]))
    _, manifest = run(tmp_path, {"npz": source})
    assert json.loads(manifest.read_text())["input_shape"] == [4, 5, 3]


def test_one_content_gives_one_file_whatever_it_came_from(tmp_path: Path) -> None:
    """Byte for byte, and the same again after the two seconds a zip time stamp counts in."""
    first = [path.read_bytes() for path in run(tmp_path, write_idx(tmp_path))]
    time.sleep(2.1)
    second = [path.read_bytes() for path in run(tmp_path, {"npz": write_npz(tmp_path)})]
    assert first == second


def test_the_npz_needs_no_pickle(tmp_path: Path) -> None:
    npz, _ = run(tmp_path, write_idx(tmp_path))
    with zipfile.ZipFile(npz) as archive:
        assert archive.namelist() == [f"{name}.npy" for name in ARRAYS]
    with np.load(npz, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype == np.uint8 for name in ARRAYS)


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
        "x_train.idx: images of dtype float32; allowed is uint8: scale the pixels to 0..255",
    ),
    "float-labels": (
        {"y_train": idx(np.zeros(12, ">f8"), 0x0E)},
        "y_train.idx: labels of dtype float64; allowed is an integer type",
    ),
    "truncated": (
        {"x_train": IMAGES[:-3]},
        "x_train.idx: truncated: 237 bytes of values after the header, which says 240 "
        "(12 x 4 x 5 of uint8)",
    ),
    "trailing": (
        {"y_train": LABELS + b"\0\0"},
        "y_train.idx: 2 trailing bytes: 14 bytes of values after the header, which says 12",
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


FLOATS = dataset()["x_train"] / 255
NPZ_ERRORS = {
    "missing": ({"y_test": None}, ": no array y_test among x_train, y_train, x_test; an .npz must"),
    "pickled": (
        {"x_train": np.array([{"a": 1}, None], dtype=object)},
        ": x_train holds pickled Python objects, which are never loaded",
    ),
    "floats": (
        {"x_train": FLOATS},
        ": x_train: images of dtype float64; allowed is uint8: scale the pixels to 0..255",
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
        ": y_train: labels of shape [12, 3]; allowed is [images], the number of the class",
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


@pytest.mark.parametrize("classes", [1, 257])
def test_the_number_of_classes_fits_a_byte(tmp_path: Path, classes: int) -> None:
    message = error_of(tmp_path, write_idx(tmp_path), classes)
    assert message == f"classes: {classes}; allowed are 2 to 256"


def test_an_unknown_bundled_dataset_is_refused(tmp_path: Path) -> None:
    assert error_of(tmp_path, {"bundled": "iris"}) == "bundled: iris; allowed is digits"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.npz"):
        run(tmp_path, {"npz": str(tmp_path / "absent.npz")})


def test_the_digits_are_the_1797_of_scikit_learn(tmp_path: Path) -> None:
    npz, manifest = run(tmp_path, {"bundled": "digits"}, classes=10)
    arrays, description = load_prepared(npz, manifest)
    assert description["input_shape"] == [28, 28, 1]
    assert description["train"] == {
        "images": 1437,
        "per_class": [142, 146, 142, 146, 145, 145, 145, 143, 139, 144],
    }
    assert description["test"] == {
        "images": 360,
        "per_class": [36, 36, 35, 37, 36, 37, 36, 36, 35, 36],
    }
    assert arrays["x_train"].shape == (1437, 28, 28)
    assert arrays["x_test"].shape == (360, 28, 28)
    # A new scikit-learn that split or scaled otherwise would change every number of the demo.
    assert description["sha256"] == (
        "7c650292db9553bac438d7431f87b226d7201db560ea27e54f6b7742b95effda"
    )


def test_the_digits_are_enlarged_by_whole_pixels() -> None:
    from sklearn.datasets import load_digits

    arrays = bundled_digits()
    images = np.concatenate([arrays["x_train"], arrays["x_test"]])
    assert (images.min(), images.max()) == (0, 255)
    margin = images.copy()
    margin[:, 2:-2, 2:-2] = 0
    assert not margin.any()
    blocks = images[:, 2:-2, 2:-2].reshape(-1, 8, 3, 8, 3)
    assert (blocks == blocks[:, :, :1, :, :1]).all()
    small = np.rint(blocks[:, :, 0, :, 0] * (16 / 255))  # back to 0..16: nothing was lost
    original = load_digits().images
    assert sorted(map(bytes, small.astype("u1"))) == sorted(map(bytes, original.astype("u1")))


def test_the_holdout_is_stratified_reproducible_and_disjoint() -> None:
    labels = np.repeat([0, 1, 2], [500, 300, 200])
    train, holdout = stratified_holdout(labels, 0.1, seed=7)
    assert np.bincount(labels[holdout]).tolist() == [50, 30, 20]
    assert np.bincount(labels[train]).tolist() == [450, 270, 180]
    assert sorted([*train, *holdout]) == list(range(1000))
    assert (np.diff(train) > 0).all() and (np.diff(holdout) > 0).all()
    again = stratified_holdout(labels, 0.1, seed=7)
    assert all((a == b).all() for a, b in zip((train, holdout), again, strict=True))
    assert (stratified_holdout(labels, 0.1, seed=8)[1] != holdout).any()


def test_a_class_too_small_to_split_is_an_error() -> None:
    with pytest.raises(StudyError, match=r"^holdout_fraction: 0.1 of 11 images cannot be held"):
        stratified_holdout(np.array([0] * 10 + [1]), 0.1, seed=1)


def test_the_digest_covers_values_shape_and_order() -> None:
    arrays = dataset()
    digest = content_digest(arrays)
    assert len(digest) == 64
    assert content_digest(dict(reversed(arrays.items()))) == digest
    fortran = {name: np.asfortranarray(array) for name, array in arrays.items()}
    assert content_digest(fortran) == digest
    changed = {name: array.copy() for name, array in arrays.items()}
    changed["y_test"][0] += 1
    reshaped = arrays | {"x_train": arrays["x_train"].reshape(12, 5, 4)}
    swapped = arrays | {"x_train": arrays["x_test"], "x_test": arrays["x_train"]}
    other = [content_digest(case) for case in (changed, reshaped, swapped)]
    assert len({digest, *other}) == 4


def test_prepared_data_that_are_not_the_manifests_are_refused(tmp_path: Path) -> None:
    npz, manifest = run(tmp_path, write_idx(tmp_path))
    arrays = dataset()
    arrays["x_train"][0, 0, 0] ^= 1
    np.savez_compressed(npz, **arrays)  # type: ignore[arg-type]
    with pytest.raises(StudyError) as caught:
        load_prepared(npz, manifest)
    message = str(caught.value)
    assert message.startswith(f"{npz}: its content has the SHA-256 {content_digest(arrays)[:12]}")
    assert f"delete {npz} and {manifest} so that the data are prepared again" in message


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"sha256"', b"\xff\xfe"])
def test_a_damaged_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    npz, manifest = run(tmp_path, write_idx(tmp_path))
    manifest.write_bytes(content)
    with pytest.raises(StudyError, match="not the manifest of prepared data; delete "):
        load_prepared(npz, manifest)


def test_damaged_prepared_data_are_refused(tmp_path: Path) -> None:
    npz, manifest = run(tmp_path, write_idx(tmp_path))
    npz.write_bytes(npz.read_bytes()[:300])
    with pytest.raises(StudyError, match=r"damaged or truncated .*; delete .* prepared again$"):
        load_prepared(npz, manifest)


@pytest.mark.skipif(not MNIST.is_dir(), reason=f"the four MNIST files are not in {MNIST}")
def test_mnist_is_what_was_published_in_1998(tmp_path: Path) -> None:
    files = {name: str(MNIST / file) for name, file in MNIST_FILES.items()}
    raw = gzip.decompress(Path(files["x_train"]).read_bytes())
    assert hashlib.md5(raw).hexdigest() == "6bbc9ace898e44ae57da46a324031adb"
    npz, manifest = tmp_path / "mnist.npz", tmp_path / "mnist.json"
    prepare("mnist", 10, files, npz, manifest)
    arrays, description = load_prepared(npz, manifest)
    assert arrays["x_train"].tobytes() == raw[16:]
    assert arrays["x_train"].shape == (60_000, 28, 28)
    assert arrays["x_test"].shape == (10_000, 28, 28)
    assert arrays["y_train"][:5].tolist() == [5, 0, 4, 1, 9]
    assert arrays["y_test"][:5].tolist() == [7, 2, 1, 0, 4]
    assert description["input_shape"] == [28, 28, 1]
    assert description["train"] == {
        "images": 60_000,
        "per_class": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    }
    assert description["test"]["images"] == 10_000
    train, holdout = stratified_holdout(arrays["y_train"], 0.1, seed=1)
    assert (len(train), len(holdout)) == (54_000, 6_000)
