"""NumPy archives with a user's own data set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from study.archives import read_arrays
from study.data.headers import ARRAYS, is_html, wanted_arrays
from study.errors import StudyError
from study.npy import read_headers


def read_npz(path: str | Path, names: Mapping[str, str] | None = None) -> dict[str, NDArray[Any]]:
    """Return the arrays `x_train`, `y_train`, `x_test` and `y_test` of an `.npz` file, as stored,
    and `x_val` and `y_val` if they are there.

    `names` says what each is called in the file, where that is something else. Other arrays in
    the file are left alone. Nothing is ever unpickled.

    Raises:
        StudyError: the file is not an `.npz`, is damaged, lacks an array or holds a pickled one.
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as file:
        head = file.read(64)
    if not head:
        raise StudyError(f"{path}: the file is empty; allowed is an .npz with {', '.join(ARRAYS)}")
    if is_html(head):
        raise StudyError(f"{path}: an HTML page in place of the .npz file; download it again")
    if not head.startswith(b"PK"):
        raise StudyError(
            f"{path}: starts with the bytes {head[:4].hex(' ')}, so it is not an .npz file; "
            f"allowed is an .npz (numpy.savez_compressed) with {', '.join(ARRAYS)}"
        )
    wanted = wanted_arrays(str(path), read_headers(path), names or {})
    arrays = read_arrays(path, wanted.values())
    return {name: arrays[stored] for name, stored in wanted.items()}
