"""The weights that a training leaves, before and after it."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError


def read_weights(path: str | Path) -> dict[str, NDArray[Any]]:
    """The arrays of a weights.npz by `{initial|final}/{layer}/{variable}`.

    Raises:
        StudyError: the file is damaged.
        OSError: the file cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, TypeError, RuntimeError) as error:
        raise StudyError(f"{path}: damaged ({error}); delete it and run again") from error
