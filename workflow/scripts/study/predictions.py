"""What each run predicted for the test images."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError


@dataclass(frozen=True)
class Predictions:
    """The predicted and the true class of every test image [images]."""

    classes: NDArray[np.intp]
    labels: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        return self.classes == self.labels

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())


def read_predictions(path: str | Path) -> Predictions | None:
    """A run's predictions: of the chosen epoch where one was chosen, else of the last.

    None where they are not finite, which no accuracy can be taken from.

    Raises:
        StudyError: the file is damaged.
        OSError: the file cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            chosen = "chosen_probabilities" in archive
            probabilities = archive["chosen_probabilities" if chosen else "probabilities"]
            labels = archive["labels"]
        if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not len(labels):
            raise ValueError(f"shapes {probabilities.shape} and {labels.shape}")
        finite = np.isfinite(probabilities).all()
        return (
            Predictions(probabilities.argmax(axis=1), labels.astype(np.int64)) if finite else None
        )
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: damaged ({error}); delete it and run again") from error


def check_same_images(predictions: Mapping[str, Predictions]) -> None:
    """Refuse predictions (by their files) that were not made for the same test images.

    Raises:
        StudyError: the labels of a file are not those of the first.
    """
    reference: tuple[str, Predictions] | None = None
    for path, found in predictions.items():
        reference = reference or (path, found)
        if not np.array_equal(found.labels, reference[1].labels):
            raise StudyError(
                f"{path}: its test images are not those of {reference[0]}; "
                "runs can be compared on the same images only: delete one and run again"
            )
