"""Read back what a network predicted for the test images."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError


@dataclass(frozen=True)
class Probabilities:
    """What a network gives each class, `values` [n, classes], and the true `labels` [n]."""

    values: NDArray[np.floating]
    labels: NDArray[np.integer]

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The most probable class [n], the first on ties."""
        return self.values.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.floating]:
        """The probability [n] of the predicted class."""
        return self.values.max(axis=1)


def read_probabilities(path: str | Path) -> Probabilities:
    """The probabilities that a run reports: of its chosen epoch where it chose one, else the last.

    Raises:
        StudyError: the file is damaged, or its arrays are not probabilities with labels.
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
        if not np.isfinite(values).all():
            raise ValueError("probabilities that are not finite")
        return Probabilities(values, labels)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: damaged ({error}); delete it and run again") from error
