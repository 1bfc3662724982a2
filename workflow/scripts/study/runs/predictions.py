"""What each run predicted for the test images."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError


@dataclass(frozen=True)
class Probabilities:
    """What a network gives each class, `values` [images, classes], and the true `labels`."""

    values: NDArray[np.floating]
    labels: NDArray[np.integer]

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The most probable class [images], the first on ties."""
        return self.values.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.floating]:
        """The probability [images] of the predicted class."""
        return self.values.max(axis=1)

    @property
    def are_finite(self) -> bool:
        return bool(np.isfinite(self.values).all())


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


def read_probabilities(path: str | Path) -> Probabilities:
    """A run's probabilities: of the chosen epoch where one was chosen, else of the last.

    Raises:
        StudyError: the file is damaged.
        OSError: the file cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            chosen = "chosen_probabilities" in archive
            values = archive["chosen_probabilities" if chosen else "probabilities"]
            labels = archive["labels"]
        if values.ndim != 2 or labels.shape != values.shape[:1] or not len(labels):
            raise ValueError(f"shapes {values.shape} and {labels.shape}")
        if labels.max() >= values.shape[1]:
            raise ValueError(f"label {labels.max()} of {values.shape[1]} classes")
        return Probabilities(values, labels)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: damaged ({error}); delete it and run again") from error


def read_predictions(path: str | Path) -> Predictions | None:
    """A run's predictions, from its probabilities.

    None where they are not finite, which no accuracy can be taken from.

    Raises:
        StudyError: the file is damaged.
        OSError: the file cannot be read.
    """
    found = read_probabilities(path)
    if not found.are_finite:
        return None
    return Predictions(found.predicted, found.labels.astype(np.int64))


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


Runs = Mapping[tuple[str, int], Predictions]
"""The predictions of the finished runs, by variant and seed."""


def read_runs(paths: Sequence[str], names: Sequence[tuple[str, int]]) -> Runs:
    """The predictions in the files, by the names of their runs; those without figures left out."""
    found = {path: read_predictions(path) for path in paths}
    usable = {path: predictions for path, predictions in found.items() if predictions}
    check_same_images(usable)
    return {
        (variant, int(seed)): usable[path]
        for path, (variant, seed) in zip(paths, names, strict=True)
        if path in usable
    }
