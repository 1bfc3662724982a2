"""Archives of records and of named arrays, prepared; one clear line for each mistake in them."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archives import (
    BATCHES,
    CIFAR_SHAPE,
    NAMES,
    RECORDS,
    cifar_batches,
    medmnist_arrays,
    tar_gz,
    write_medmnist,
)
from small_dataset import HTML, dataset, idx, run, write_idx
from study.data.headers import source_form
from study.data.manifest import read_manifest
from study.data.prepared import content_digest, load_prepared, prepare
from study.data.split import split
from study.errors import StudyError

CIFAR = {"records": RECORDS, "shape": list(CIFAR_SHAPE), "train_images": 30}
MEDMNIST = {"arrays": NAMES, "shape": [8, 8, 3], "train_images": 48}

Arrays = dict[str, np.ndarray]


def prepared(folder: Path, archive: Path, declared: dict[str, Any]) -> tuple[Arrays, Any]:
    npz, manifest = folder / "out" / "own.npz", folder / "out" / "own.json"
    prepare("own", 3, {"all": str(archive)}, npz, manifest, declared)
    read_manifest(manifest)
    return load_prepared(npz, manifest)


def error_of(folder: Path, archive: Path, declared: dict[str, Any]) -> str:
    """The message of the one expected error; it is one line, and nothing was written."""
    with pytest.raises(StudyError) as caught:
        prepared(folder, archive, declared)
    assert "\n" not in str(caught.value)
    assert not (folder / "out").exists()
    return str(caught.value)


def test_records_become_images_in_the_order_of_the_files(tmp_path: Path) -> None:
    arrays, files = cifar_batches()
    archive = tmp_path / "cifar.tar.gz"
    archive.write_bytes(tar_gz(dict(reversed(files.items()))))  # their order there does not count
    found, description = prepared(tmp_path, archive, CIFAR)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    assert description["input_shape"] == [32, 32, 3]
    assert description["train"] == {"images": 30, "per_class": [10, 10, 10]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cifar.tar.gz", "out"]


def test_an_archive_is_read_no_further_than_its_last_file(tmp_path: Path) -> None:
    _, files = cifar_batches()
    behind = tarfile.TarInfo("cifar-10-batches-bin/bomb")
    behind.size = 10**13
    archive = tmp_path / "cifar.tar.gz"
    archive.write_bytes(tar_gz({**files, "bomb": behind}))
    prepared(tmp_path, archive, CIFAR)


def link(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


def lie(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = 3073 * 10**10
    return member


Change = Callable[[dict[str, Any]], dict[str, Any]]
FIRST = BATCHES[0]
RECORD_MISTAKES: dict[str, tuple[Change, str]] = {
    "a missing file": (
        lambda files: {name: files[name] for name in files if name != FIRST},
        f": no file {FIRST} in the archive",
    ),
    "half a record": (
        lambda files: files | {FIRST: files[FIRST][:-1]},
        f": {FIRST}: 18,437 bytes; allowed are whole records of 3,073 bytes, a label and an image",
    ),
    "an empty file": (
        lambda files: files | {FIRST: b""},
        f": {FIRST}: 0 bytes; allowed are whole records",
    ),
    "a link": (lambda files: files | {FIRST: link(FIRST)}, f": {FIRST}: not a plain file"),
    "a bomb": (
        lambda files: files | {FIRST: lie(FIRST)},
        f": {FIRST}: promises 30,730,000,000,000 bytes, which the archive cannot hold",
    ),
    "a label out of range": (
        lambda files: files | {FIRST: b"\x03" + files[FIRST][1:]},
        ": y_train: label 3 at position 0; allowed are 0 to 2 (classes: 3)",
    ),
    "fewer images": (
        lambda files: files | {FIRST: files[FIRST][:3073]},
        "datasets.own.train_images: 30, but the data have 25",
    ),
}


@pytest.mark.parametrize("mistake", RECORD_MISTAKES)
def test_a_bad_archive_of_records_gives_one_clear_line(tmp_path: Path, mistake: str) -> None:
    change, message = RECORD_MISTAKES[mistake]
    archive = tmp_path / "cifar.tar.gz"
    archive.write_bytes(tar_gz(change(cifar_batches()[1])))
    assert message in error_of(tmp_path, archive, CIFAR)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: HTML, ": an HTML page in place of the archive; download it again"),
        (lambda content: b"PK\x03\x04", ": not a .tar.gz, or damaged or truncated"),
        (lambda content: b"", ": not a .tar.gz, or damaged or truncated"),
        (lambda content: content[: len(content) // 2], ": not a .tar.gz, or damaged or truncated"),
    ],
    ids=["html", "zip", "empty", "cut"],
)
def test_a_file_that_is_no_archive_gives_one_clear_line(
    tmp_path: Path, change: Callable[[bytes], bytes], message: str
) -> None:
    archive = tmp_path / "cifar.tar.gz"
    archive.write_bytes(change(tar_gz(cifar_batches()[1])))
    assert error_of(tmp_path, archive, CIFAR).startswith(f"{archive}{message}")


def test_named_arrays_are_prepared_with_their_validation_images(tmp_path: Path) -> None:
    archive = write_medmnist(tmp_path / "tiny.npz")
    found, description = prepared(tmp_path, archive, MEDMNIST)
    for name, stored in NAMES.items():
        expected = medmnist_arrays()[stored]
        assert found[name].dtype == np.uint8
        np.testing.assert_array_equal(
            found[name], expected[:, 0] if name.startswith("y") else expected
        )
    assert {part: description[part]["images"] for part in ("train", "val", "test")} == {
        **{"train": 48, "val": 12, "test": 18}
    }


def test_the_digest_of_the_data_covers_validation_images(tmp_path: Path) -> None:
    arrays, description = prepared(tmp_path, write_medmnist(tmp_path / "tiny.npz"), MEDMNIST)
    assert content_digest(arrays) == description["sha256"]
    changed = arrays | {"y_val": arrays["y_val"][::-1]}
    assert content_digest(changed) != description["sha256"]


def test_six_idx_files_have_validation_images(tmp_path: Path) -> None:
    arrays = dataset() | {"x_val": dataset()["x_test"], "y_val": dataset()["y_test"]}
    source = write_idx(tmp_path, **{name: idx(array) for name, array in arrays.items()})
    own = {"classes": 3, "files": {name: {"path": path} for name, path in source.items()}}
    assert source_form("datasets.own", own) == ((4, 5, 1), 12, True)
    _, manifest = run(tmp_path, source)
    assert read_manifest(manifest).validation_images == 6


def test_grey_images_are_fine_too(tmp_path: Path) -> None:
    grey = {
        name: array[..., 0] if array.ndim == 4 else array
        for name, array in medmnist_arrays().items()
    }
    archive = write_medmnist(tmp_path / "tiny.npz", **grey)
    _, description = prepared(tmp_path, archive, MEDMNIST | {"shape": [8, 8, 1]})
    assert description["input_shape"] == [8, 8, 1]


def test_the_given_part_is_validated_on_and_every_training_image_trained_on(
    tmp_path: Path,
) -> None:
    arrays, _ = prepared(tmp_path, write_medmnist(tmp_path / "tiny.npz"), MEDMNIST)
    for seed in (1, 2):
        fitted, validation, test = split(arrays, "given", None, seed)
        for part, data in (("train", fitted), ("val", validation), ("test", test)):
            np.testing.assert_array_equal(data[0], arrays[f"x_{part}"])
            np.testing.assert_array_equal(data[1], arrays[f"y_{part}"])
    without = {name: array for name, array in arrays.items() if not name.endswith("val")}
    with pytest.raises(StudyError, match="given, but no validation images come with the data"):
        split(without, "given", None, 1)


EMPTY: np.ndarray = np.array([])  # leaves an array out
ARRAY_MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a missing array": (
        {"val_labels": EMPTY},
        ": no array val_labels; the arrays in it are train_images, train_labels, val_images, ",
    ),
    "floats": (
        {"val_images": medmnist_arrays()["val_images"] / 255},
        ": val_images: images of dtype float64; allowed is uint8: store pixels from 0 to 255",
    ),
    "several labels for each image": (
        {"train_labels": np.zeros((48, 14), np.uint8)},
        ": train_labels: labels of shape [48, 14]; allowed is [images] or [images, 1]",
    ),
    "another shape": (
        {"val_images": np.zeros((12, 8, 9, 3), np.uint8)},
        ": val_images: validation images of shape 8x9x3; allowed is the shape of the training "
        "images, 8x8x3",
    ),
    "a label out of range": (
        {"val_labels": np.full((12, 1), 9)},
        ": val_labels: label 9 at position 0; allowed are 0 to 2 (classes: 3)",
    ),
    "too few labels": (
        {"val_labels": np.zeros((11, 1), np.uint8)},
        ": val_labels: 11 labels for the 12 images in ",
    ),
}


@pytest.mark.parametrize("mistake", ARRAY_MISTAKES)
def test_a_bad_archive_of_arrays_gives_one_clear_line(tmp_path: Path, mistake: str) -> None:
    changed, message = ARRAY_MISTAKES[mistake]
    archive = write_medmnist(tmp_path / "tiny.npz", **changed)
    assert error_of(tmp_path, archive, MEDMNIST).startswith(f"{archive}{message}")


def test_images_of_another_shape_than_declared_are_refused(tmp_path: Path) -> None:
    """Networks were planned for the declared one."""
    archive = write_medmnist(tmp_path / "tiny.npz")
    assert error_of(tmp_path, archive, MEDMNIST | {"shape": [8, 8, 1]}) == (
        "datasets.own.shape: [8, 8, 1], but the data have [8, 8, 3]"
    )


def test_what_is_doubtful_about_validation_images_is_said(tmp_path: Path) -> None:
    images = medmnist_arrays()["val_images"]
    images[:2] = medmnist_arrays()["train_images"][:2]
    archive = write_medmnist(
        tmp_path / "tiny.npz", val_images=images, val_labels=np.arange(12)[:, None] % 2
    )
    _, description = prepared(tmp_path, archive, MEDMNIST)
    assert description["warnings"] == [
        "no validation image is of class 2",
        "2 of 12 validation images are copies of training images, so accuracies tell less about "
        "new images",
    ]
