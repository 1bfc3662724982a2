"""NumPy archives with a user's own data set."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from study.archives import read_arrays
from study.data.headers import ARRAYS, is_html
from study.errors import StudyError


def read_npz(path: str | Path) -> dict[str, NDArray[Any]]:
    """Return the arrays `x_train`, `y_train`, `x_test` and `y_test` of an `.npz` file, as stored.

    Other arrays in the file are left alone. Nothing is ever unpickled.

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
    return read_arrays(path, ARRAYS)
