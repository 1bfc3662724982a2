"""Predictions as they are read back, and what is wrong with bad ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from study.errors import StudyError
from study.runs.metrics import RunKey
from study.runs.predictions import read_runs
from synthetic import predictions, write_predictions


def test_predictions_are_read_of_the_chosen_epoch(tmp_path: Path) -> None:
    last, chosen = predictions([1, 2], images=10), predictions([3], images=10)
    plain = write_predictions(tmp_path / "a" / "predictions.npz", last)
    both = write_predictions(
        tmp_path / "b" / "predictions.npz", last, chosen_probabilities=np.eye(10)[chosen.classes]
    )
    runs = read_runs([str(plain), str(both)], [("a", 1), ("b", 1)])
    assert runs[RunKey("a", 1)].accuracy == 0.8
    assert runs[RunKey("b", 1)].accuracy == 0.9


def test_predictions_that_are_not_finite_count_as_no_run(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    np.savez(path, probabilities=np.full((4, 2), np.nan), labels=np.zeros(4, int))
    assert read_runs([str(path)], [("a", 1)]) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a zip",
        {"labels": np.zeros(4)},
        {"probabilities": np.zeros((3, 2)), "labels": np.zeros(4)},
    ],
)
def test_damaged_predictions_are_named(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "predictions.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(StudyError, match=r"predictions\.npz: damaged"):
        read_runs([str(path)], [("a", 1)])


def test_runs_of_other_images_are_not_compared(tmp_path: Path) -> None:
    first = write_predictions(tmp_path / "a.npz", predictions([1], images=20))
    other = write_predictions(tmp_path / "b.npz", predictions([1], images=30))
    with pytest.raises(StudyError, match=r"b\.npz: its test images are not those of .*a\.npz"):
        read_runs([str(first), str(other)], [("a", 1), ("b", 1)])
