"""The predictions of each run for the test images."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError
from study.runs.metrics import RunKey


@dataclass(frozen=True)
class Probabilities:
    """The probability of each class, `values` [images, classes], and the true `labels`."""

    values: NDArray[np.floating]
    labels: NDArray[np.integer]

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The most probable class [images], the first on ties."""
        return self.values.argmax(axis=1)

    @property
    def decided(self) -> "Predictions":
        """The most probable classes with the true ones."""
        return Predictions(self.predicted, self.labels.astype(np.int64))

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
        """Whether each prediction is right [images]."""
        return self.classes == self.labels

    @property
    def correct(self) -> int:
        """The number of right predictions."""
        return int(self.right.sum())

    @property
    def accuracy(self) -> float:
        """The fraction of right predictions."""
        return self.correct / len(self.labels)


def read_probabilities(path: str | Path) -> Probabilities:
    """A run's probabilities: after the chosen epoch if there is one, else after the last.

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
    """A run's predictions, from its probabilities; None if these are not finite.

    Raises:
        StudyError: the file is damaged.
        OSError: the file cannot be read.
    """
    found = read_probabilities(path)
    return found.decided if found.are_finite else None


def check_same_images(predictions: Mapping[str, Predictions]) -> None:
    """Check that predictions, by their files, are for the same test images.

    Raises:
        StudyError: a file's labels differ from the first file's.
    """
    reference: tuple[str, Predictions] | None = None
    for path, found in predictions.items():
        reference = reference or (path, found)
        if not np.array_equal(found.labels, reference[1].labels):
            raise StudyError(
                f"{path}: its test images are not those of {reference[0]}; "
                "runs can only be compared on the same images: delete one and run again"
            )


Runs = Mapping[RunKey, Predictions]
"""The predictions of the finished runs."""


def read_runs(paths: Sequence[str], names: Sequence[tuple[str, int]]) -> Runs:
    """The predictions in the files of the runs (variant, seed); without those not finite."""
    found = {path: read_predictions(path) for path in paths}
    usable = {path: predictions for path, predictions in found.items() if predictions}
    check_same_images(usable)
    return {
        RunKey(variant, int(seed)): usable[path]
        for path, (variant, seed) in zip(paths, names, strict=True)
        if path in usable
    }
