"""The predictions of each run for the test images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.archives import read_arrays
from study.errors import StudyError
from study.runs.metrics import RunKey

REPORTED, LAST = "probabilities", "last_probabilities"
"""Names in predictions.npz: of the reported network, and, where that is the one after the chosen
epoch, of the one after the last."""

ROUNDING = 1e-3
"""By how much the probabilities of an image may miss 1."""


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


def read_probabilities(path: str | Path, name: str = REPORTED) -> Probabilities:
    """A run's probabilities: of the network that is reported, which is that after the chosen epoch
    if there is one, else that after the last; or those of another `name`.

    Raises:
        StudyError: the file is damaged.
        OSError: the file cannot be read.
    """
    try:
        arrays = read_arrays(path, (name, "labels"))
        _check_arrays(arrays[name], arrays["labels"])
    except StudyError as error:
        raise StudyError(f"{error}; delete it and run again") from None
    except ValueError as error:
        raise StudyError(f"{path}: damaged, {error}; delete it and run again") from None
    return Probabilities(arrays[name], arrays["labels"])


def _check_arrays(probabilities: NDArray[Any], labels: NDArray[Any]) -> None:
    """Check types, shapes and ranges; probabilities that are not finite are allowed.

    Raises:
        ValueError: in words, with the array's name.
    """
    if probabilities.dtype.kind != "f" or probabilities.ndim != 2:
        raise ValueError(
            f"probabilities: {probabilities.dtype} of shape {list(probabilities.shape)} in place "
            "of floats [images, classes]"
        )
    if labels.dtype.kind not in "iu" or labels.shape != probabilities.shape[:1]:
        raise ValueError(
            f"labels: {labels.dtype} of shape {list(labels.shape)} in place of one whole number "
            f"for each of {len(probabilities)} images"
        )
    if not len(labels):
        raise ValueError("labels: none")
    classes = probabilities.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        worst = labels.min() if labels.min() < 0 else labels.max()
        raise ValueError(f"labels: {worst} is not from 0 to {classes - 1}")
    finite = probabilities[np.isfinite(probabilities).all(axis=1)]
    if (finite < 0).any() or (finite > 1 + ROUNDING).any():
        raise ValueError("probabilities: not all from 0 to 1")
    if (abs(finite.sum(axis=1) - 1) > ROUNDING).any():
        raise ValueError("probabilities: those of an image do not add up to 1")


def read_predictions(path: str | Path, name: str = REPORTED) -> Predictions | None:
    """A run's predictions, from its probabilities of this name; None if these are not finite.

    Raises:
        StudyError: the file is damaged.
        OSError: the file cannot be read.
    """
    found = read_probabilities(path, name)
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
