"""Own data that are probably not what was meant: warned about, or refused."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset import dataset, error_of, run, write_npz

SOUND = dataset()
X, Y = SOUND["x_train"], SOUND["y_train"]


def changed(array: np.ndarray, place: int, value: Any) -> np.ndarray:
    copy = array.copy()
    copy[place] = value
    return copy


DOUBTS: dict[str, tuple[dict[str, Any], int, str]] = {
    "a class without training images": (
        {"y_train": np.where(Y == 2, 1, Y)},
        3,
        "no training image is of class 2",
    ),
    "a class without test images": (
        {"y_test": np.array([0, 1, 0, 1, 0, 1])},
        3,
        "no test image is of class 2",
    ),
    "test images of one class": ({"y_test": np.ones(6, int)}, 3, "no test image is of class 0, 2"),
    "labels from 1": (
        {"y_train": Y + 1, "y_test": SOUND["y_test"] + 1},
        4,
        "classes: 4, but the labels have 3 of them; no image is of class 0",
    ),
    "more classes than there are": (
        {},
        30,
        "classes: 30, but the labels have 3 of them; no image is of class "
        "3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 17 more",
    ),
    "a constant image": (
        {"x_train": changed(X, 3, 7)},
        3,
        "1 of 12 training images is of one value in all pixels",
    ),
    "constant test images": (
        {"x_test": np.zeros_like(SOUND["x_test"])},
        3,
        "6 of 6 test images are of one value in all pixels",
    ),
    "scaled floats as bytes": (
        {"x_train": (X / 255).round().astype("u1"), "x_test": (X[:6] / 200).astype("u1")},
        3,
        "all pixels are 0 or 1: if they were floats from 0 to 1, multiply by 255 before storing "
        "them as bytes; if they are black and white, set `pixel_divisor: 1`",
    ),
    "one part scaled": (
        {"x_test": (SOUND["x_test"] / 255).round().astype("u1")},
        3,
        "the highest pixel of the training images is 255, of the test images 1: one part seems to "
        "be scaled in another way",
    ),
    "a test image that was trained on": (
        {"x_test": changed(SOUND["x_test"], 0, X[5])},
        3,
        "1 of 6 test images is a copy of training images, so accuracies tell less about new images",
    ),
    "the test images are the training images": (
        {"x_test": X, "y_test": Y},
        3,
        "12 of 12 test images are copies of training images, so accuracies tell less about new "
        "images",
    ),
    "two labels for one image": (
        {"x_train": changed(X, 0, X[1])},
        3,
        "1 training image is there more than once, with different labels",
    ),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_what_is_doubtful_is_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, doubt: str
) -> None:
    """In the log and in the manifest, in one line; the data are prepared all the same."""
    arrays, classes, message = DOUBTS[doubt]
    with caplog.at_level(logging.WARNING):
        _, manifest = run(tmp_path, {"npz": write_npz(tmp_path, **arrays)}, classes)
    assert message in json.loads(manifest.read_text())["warnings"]
    assert f"warning: own: {message}" in caplog.messages


def test_sound_data_give_no_warning(tmp_path: Path) -> None:
    _, manifest = run(tmp_path, {"npz": write_npz(tmp_path)})
    assert json.loads(manifest.read_text())["warnings"] == []


def test_the_digits_give_no_warning(tmp_path: Path) -> None:
    _, manifest = run(tmp_path, {"bundled": "digits"}, classes=10)
    assert json.loads(manifest.read_text())["warnings"] == []


def test_one_class_is_refused(tmp_path: Path) -> None:
    source = write_npz(tmp_path, y_train=np.full(12, 2))
    message = error_of(tmp_path, {"npz": source})
    assert message == (f"{source}: y_train: all 12 labels are 2; allowed are two classes or more")


@pytest.mark.parametrize("shape", [(12, 3, 32, 32), (12, 1, 28, 28), (12, 4, 8, 5)])
def test_channels_first_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    message = error_of(tmp_path, {"npz": write_npz(tmp_path, x_train=np.zeros(shape, np.uint8))})
    assert (
        f"x_train: images of shape {list(shape)} have their channels first; allowed is" in message
    )
    assert message.endswith("use numpy.moveaxis(images, 1, -1)")


@pytest.mark.parametrize("shape", [(12, 3, 32, 3), (12, 4, 5, 3), (12, 3, 3, 8), (12, 1, 8)])
def test_small_images_with_channels_last_are_not_refused(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    images = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    run(tmp_path, {"npz": write_npz(tmp_path, x_train=images, x_test=images[:6])})
