"""Data sets prepared and stored, the bundled digits, and the split for validation."""

import gzip
import hashlib
import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from small_dataset import dataset, error_of, run, write_idx, write_npz
from study.data.digits import bundled_digits
from study.data.headers import ARRAYS
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
        "warnings": [],
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
    with pytest.raises(StudyError, match=r"^holdout_fraction: class 1 has 1 image of 11"):
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
