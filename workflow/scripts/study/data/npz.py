"""NumPy archives with a user's own data set."""

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from study.data.headers import is_html
from study.errors import StudyError

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


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
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in ARRAYS if name not in archive]
            if missing:
                raise StudyError(
                    f"{path}: no array {', '.join(missing)} among {', '.join(archive) or 'none'}; "
                    f"an .npz must hold {', '.join(ARRAYS)}"
                )
            return {name: _member(archive, name, path) for name in ARRAYS}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise StudyError(
            f"{path}: the .npz file is damaged or truncated ({error}); copy or make it again"
        ) from error


def _member(archive: Any, name: str, path: str | Path) -> NDArray[Any]:
    try:
        _check_size(archive.zip, name, path)
        return archive[name]
    except ValueError as error:  # numpy's one exception for pickled objects and broken headers
        if "pickle" in str(error):
            raise StudyError(
                f"{path}: {name} holds pickled Python objects, which are never loaded; "
                f"allowed is a plain array of numbers"
            ) from error
        raise StudyError(
            f"{path}: {name} cannot be read ({error}); copy or make the file again"
        ) from error


def _check_size(archive: zipfile.ZipFile, name: str, path: str | Path) -> None:
    """Refuse an array whose header promises more or less than the archive says that it has.

    zipfile unpacks no member beyond the size that the archive says.
    """
    entry = archive.getinfo(name if name in archive.namelist() else f"{name}.npy")
    with archive.open(entry) as packed:
        member = cast(IO[bytes], packed)
        version = npy.read_magic(member)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(member)
        promised = math.prod(shape) * dtype.itemsize
        found = entry.file_size - packed.tell()
    if found != promised and not dtype.hasobject:
        raise StudyError(
            f"{path}: {name} has {found} bytes of values, but its header says {promised} "
            f"({' x '.join(map(str, shape))} of {dtype.name}); copy or make the file again"
        )
