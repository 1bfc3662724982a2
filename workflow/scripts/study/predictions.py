"""Read back what a network predicted for the test images."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError


@dataclass(frozen=True)
class Predictions:
    """`probabilities` [n, classes] for the test images, and their `labels` [n]."""

    probabilities: NDArray[np.floating]
    labels: NDArray[np.integer]

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The most probable class [n], the first on ties."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.floating]:
        """The probability [n] of the predicted class."""
        return self.probabilities.max(axis=1)


def read_predictions(path: str | Path) -> Predictions:
    """The predictions that a run reports: of its chosen epoch where it chose one, else the last.

    Raises:
        StudyError: the file is damaged, or its arrays are not probabilities with labels.
        OSError: the file cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            key = "chosen_probabilities" if "chosen_probabilities" in archive else "probabilities"
            probabilities: NDArray[Any] = archive[key]
            labels: NDArray[Any] = archive["labels"]
    except KeyError as error:
        raise StudyError(f"{path}: {error.args[0]}; delete it and run again") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, TypeError, RuntimeError) as error:
        raise StudyError(f"{path}: damaged ({error}); delete it and run again") from error
    if (
        probabilities.ndim != 2
        or labels.shape != probabilities.shape[:1]
        or len(labels) == 0
        or labels.max() >= probabilities.shape[1]
    ):
        raise StudyError(
            f"{path}: probabilities {list(probabilities.shape)} and labels {list(labels.shape)} "
            "do not fit; needed are [n, classes] and [n]; delete it and run again"
        )
    return Predictions(probabilities, labels)
