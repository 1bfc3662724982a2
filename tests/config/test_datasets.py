"""Data sets in the configuration: those to download, their parts, and mistakes in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from study.config.study import Study, load_study
from study.errors import StudyError

Config = dict[str, Any]
FILE = {"name": "tiny.npz", "bytes": 1000, "sha256": "0" * 64}
NAMES = {
    f"{kind}_{part}": f"{part}_{word}"
    for part in ("train", "val", "test")
    for kind, word in (("x", "images"), ("y", "labels"))
}
WITHOUT_VALIDATION = {name: NAMES[name] for name in NAMES if not name.endswith("val")}
TINY: Config = {
    "classes": 3,
    "shape": [8, 8, 3],
    "train_images": 48,
    "mirrors": ["https://example.org/"],
    "files": {"all": FILE},
    "arrays": NAMES,
}
RECORDS = {"train": ["a.bin"], "test": ["b.bin"]}
LAYERS = [{"conv": {"filters": 4, "kernel": 3}}, "flatten"]


def study_of(config: Config, dataset: Config, **training: Any) -> Study:
    return load_study(
        config
        | {
            "dataset": "tiny",
            "datasets": {"tiny": dataset},
            "variants": [{"id": "a", "layers": LAYERS}],
        }
        | {"training": {"batch_size": 4} | training}
    )


def test_cifar10_is_there(config: Config) -> None:
    """With the checksum, size and form that others publish."""
    study = load_study(config | {"dataset": "cifar10", "variants": [{"id": "a", "layers": LAYERS}]})
    assert (study.input_shape, study.train_images) == ((32, 32, 3), 50_000)
    assert study.dataset["files"]["all"] == {
        "name": "cifar-10-binary.tar.gz",
        "bytes": 170_052_171,
        "sha256": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    }


def test_given_images_are_a_holdout_without_its_fraction(config: Config) -> None:
    """An epoch may be chosen and a training stopped by them."""
    stopping = {"patience": 2}
    study = study_of(
        config, TINY, validation="given", holdout_fraction=0.3, early_stopping=stopping
    )
    settings = study.variants[0].settings
    assert (settings.validation, settings.holdout_fraction) == ("given", None)
    assert settings.early_stopping == stopping
    # All 48 training images are trained on, so that they may be one batch.
    assert study_of(config, TINY, validation="given", batch_size=48).train_images == 48


def write(path: Path, **arrays: Any) -> Config:
    np.savez(path, **arrays)
    return {"classes": 3, "npz": str(path)}


def own_arrays(*parts: str) -> Config:
    images = {f"x_{part}": np.zeros((6, 8, 8, 3), np.uint8) for part in parts}
    return images | {f"y_{part}": np.zeros((6, 1), np.uint8) for part in parts}


def test_an_own_archive_tells_by_its_headers_whether_it_has_validation_images(
    config: Config, tmp_path: Path
) -> None:
    own = own_arrays("train", "val", "test")
    assert study_of(config, write(tmp_path / "own.npz", **own), validation="given")
    renamed = {NAMES[name]: array for name, array in own.items()}
    dataset = write(tmp_path / "renamed.npz", **renamed) | {"arrays": NAMES}
    assert study_of(config, dataset, validation="given").input_shape == (8, 8, 3)
    with pytest.raises(StudyError, match="given, but no validation images come with the data"):
        study_of(config, dataset | {"arrays": WITHOUT_VALIDATION}, validation="given")


def test_standardize_is_a_factor(config: Config) -> None:
    del config["variants"]
    design = {"factors": {"standardize": [False, True]}, "layers": LAYERS}
    study = load_study(config | {"training": {}} | design)
    assert [variant.id for variant in study.variants] == ["no-standardize", "standardize"]
    assert [contrast.differs for contrast in study.contrasts] == ["standardize (without → with)"]


MISTAKES: dict[str, tuple[Config, Config, str]] = {
    "no given part": (
        {"arrays": WITHOUT_VALIDATION},
        {"validation": "given"},
        "variants[a]: validation: given, but no validation images come with the data; allowed are "
        "test and holdout",
    ),
    "validation of another kind": (
        {},
        {"validation": "own"},
        'training.validation: "own" is not one of test, holdout, given',
    ),
    "standardize by a number": (
        {},
        {"standardize": 2},
        "training.standardize: 2 is not true or false",
    ),
    "standardize by a word": (
        {},
        {"standardize": "channels"},
        'training.standardize: "channels" is not true or false',
    ),
    "an unknown array": (
        {"arrays": NAMES | {"z_train": "z"}},
        {},
        "datasets.tiny.arrays: unknown key 'z_train'; allowed are x_train, y_train, x_val,",
    ),
    "an array that is not named": (
        {"arrays": {name: NAMES[name] for name in NAMES if name != "y_test"}},
        {},
        "datasets.tiny.arrays: missing key 'y_test'",
    ),
    "half a validation part": (
        {"arrays": WITHOUT_VALIDATION | {"x_val": "val_images"}},
        {},
        "datasets.tiny.arrays: has x_train, y_train, x_val, x_test, y_test; allowed are x_val and "
        "y_val together, or neither",
    ),
    "a name that is none": (
        {"arrays": NAMES | {"x_train": 3}},
        {},
        "datasets.tiny.arrays.x_train: 3 is not text",
    ),
    "two formats": (
        {"records": RECORDS},
        {},
        "datasets.tiny: has arrays and records; exactly one of them says what is in files.all",
    ),
    "no format": (
        {"arrays": None},
        {},
        "datasets.tiny: has neither arrays nor records; exactly one of them says what is in",
    ),
    "an archive beside a file": (
        {"files": {"all": FILE, "x_train": FILE}},
        {},
        "datasets.tiny.files: has all, x_train; allowed are x_train, y_train, x_test, y_test, with "
        "x_val and y_val or without, or all alone",
    ),
    "an archive that is not downloaded": (
        {"files": {"all": {"path": "tiny.npz"}}},
        {},
        "datasets.tiny.files.all: an archive to download, with name, bytes and sha256; your own "
        ".npz goes by its path under npz",
    ),
    "an archive without a checksum": (
        {"files": {"all": {"name": "tiny.npz", "bytes": 1000}}},
        {},
        "datasets.tiny.files.all: has the keys bytes, name; allowed are name, bytes and sha256",
    ),
    "an archive of unknown form": (
        {"train_images": None},
        {},
        "datasets.tiny: missing key 'train_images'",
    ),
    "records of the user's own archive": (
        {"files": None, "mirrors": None, "arrays": None, "npz": "x.npz", "records": RECORDS},
        {},
        "datasets.tiny.records: says what is in files.all, which is missing",
    ),
    "arrays of IDX files": (
        {"files": dict.fromkeys(WITHOUT_VALIDATION, FILE)},
        {},
        "datasets.tiny.arrays: says what is in npz or files.all; both are missing",
    ),
    "three files": (
        {"files": dict.fromkeys(("x_train", "y_train", "x_test"), FILE), "arrays": None},
        {},
        "datasets.tiny.files: has x_train, y_train, x_test; allowed are x_train, y_train, x_test, ",
    ),
    "records of no file": (
        {"arrays": None, "records": {"train": [], "test": ["b.bin"]}},
        {},
        "datasets.tiny.records.train: [] has too few entries; at least 1 is needed",
    ),
    "records without a test": (
        {"arrays": None, "records": {"train": ["a.bin"]}},
        {},
        "datasets.tiny.records: missing key 'test'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_one_line(config: Config, mistake: str) -> None:
    changes, training, message = MISTAKES[mistake]
    dataset = {name: value for name, value in (TINY | changes).items() if value is not None}
    with pytest.raises(StudyError) as caught:
        study_of(config, dataset, **training)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
