"""Predictions as they are read back, and what is wrong with bad ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from study.errors import StudyError
from study.runs.metrics import RunKey
from study.runs.predictions import LAST, Probabilities, read_predictions, read_runs
from synthetic import predictions, write_predictions


def test_the_plain_name_is_that_of_the_reported_network(tmp_path: Path) -> None:
    last, chosen = predictions([1, 2], images=10), predictions([3], images=10)
    plain = write_predictions(tmp_path / "a" / "predictions.npz", last)
    both = write_predictions(
        tmp_path / "b" / "predictions.npz",
        chosen,
        last_probabilities=np.eye(10, dtype=np.float32)[last.classes],
    )
    runs = read_runs([str(plain), str(both)], [("a", 1), ("b", 1)])
    assert runs[RunKey("a", 1)].accuracy == 0.8
    assert runs[RunKey("b", 1)].accuracy == 0.9
    of_last = read_predictions(both, LAST)
    assert of_last is not None and of_last.accuracy == 0.8


def test_the_first_of_equally_probable_classes_is_predicted() -> None:
    found = Probabilities(np.array([[0.2, 0.4, 0.4], [0.5, 0.0, 0.5]]), np.array([2, 0], np.uint8))
    assert found.predicted.tolist() == [1, 0]
    assert found.confidence.tolist() == [0.4, 0.5]
    decided = found.decided
    assert decided.right.tolist() == [False, True]
    assert (decided.correct, decided.accuracy) == (1, 0.5)
    assert decided.labels.dtype == np.int64


def test_predictions_that_are_not_finite_count_as_no_run(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    np.savez(path, probabilities=np.full((4, 2), np.nan), labels=np.zeros(4, int))
    assert read_runs([str(path)], [("a", 1)]) == {}


SOUND = {"probabilities": np.eye(4, 2), "labels": np.zeros(4, int)}
DAMAGED: dict[str, tuple[Any, str]] = {
    "empty": (b"", "not a NumPy archive (.npz): it is empty"),
    "text": (b"not a zip", "not a NumPy archive (.npz): starts with the bytes 6e 6f 74 20"),
    "pickle": (b"\x80\x04", "not a NumPy archive (.npz): starts with the bytes 80 04"),
    "zip cut off": (b"PK\3\4 and no more", "the .npz file is damaged or truncated"),
    "other names": ({"x": np.eye(2)}, "no array probabilities, labels; the arrays in it are x"),
    "no array": ({}, "no array probabilities, labels; the arrays in it are none"),
    "objects": (
        SOUND | {"probabilities": np.array([None] * 4)},
        "probabilities holds pickled Python objects, which are never loaded",
    ),
    "text for labels": (SOUND | {"labels": np.array(["a"] * 4)}, "labels: <U1 of shape [4] in"),
    "three for four": (SOUND | {"labels": np.zeros(3, int)}, "labels: int64 of shape [3] in"),
    "no image": (
        {"probabilities": np.zeros((0, 2)), "labels": np.zeros(0, int)},
        "damaged, labels: none",
    ),
    "a class too high": (SOUND | {"labels": np.full(4, 2)}, "labels: 2 is not from 0 to 1"),
    "a class below 0": (SOUND | {"labels": np.full(4, -1)}, "labels: -1 is not from 0 to 1"),
    "percent": (
        SOUND | {"probabilities": np.full((4, 2), 50.0)},
        "probabilities: not all from 0 to 1",
    ),
    "half of all": (
        SOUND | {"probabilities": np.full((4, 2), 0.25)},
        "probabilities: those of an image do not add up to 1",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_predictions_are_named(tmp_path: Path, damage: str) -> None:
    """In one line with our own words."""
    content, message = DAMAGED[damage]
    path = tmp_path / "predictions.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(StudyError) as caught:
        read_runs([str(path)], [("a", 1)])
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert message in text
    assert text.endswith("; delete it and run again")
    assert "allow_pickle" not in text and "\n" not in text


def test_runs_of_other_images_are_not_compared(tmp_path: Path) -> None:
    first = write_predictions(tmp_path / "a.npz", predictions([1], images=20))
    other = write_predictions(tmp_path / "b.npz", predictions([1], images=30))
    with pytest.raises(StudyError, match=r"b\.npz: its test images are not those of .*a\.npz"):
        read_runs([str(first), str(other)], [("a", 1), ("b", 1)])
