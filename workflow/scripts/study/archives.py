"""NumPy archives."""

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError
from study.files import atomic
from study.npy import read_headers


def write_arrays(path: str | Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays as a NumPy archive."""
    with atomic(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]


def read_arrays(path: str | Path, names: Iterable[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of these names in a NumPy archive; without `names`, all. Nothing is unpickled.

    Raises:
        StudyError: the file is damaged, lacks an array or holds pickled objects.
        OSError: the file cannot be read.
    """
    headers = read_headers(path)
    wanted = list(headers if names is None else names)
    missing = [name for name in wanted if name not in headers]
    if missing:
        raise StudyError(
            f"{path}: no array {', '.join(missing)}; the arrays in it are "
            f"{', '.join(headers) or 'none'}"
        )
    pickled = [name for name in wanted if headers[name].kind == "O"]
    if pickled:
        raise StudyError(
            f"{path}: {pickled[0]} holds pickled Python objects, which are never loaded; "
            "allowed is a plain array of numbers"
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in wanted}
    except (zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(f"{path}: the .npz file is damaged or truncated ({error})") from error
    except (EOFError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: the .npz file is damaged or truncated") from error
