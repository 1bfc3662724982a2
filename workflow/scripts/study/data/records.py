"""Archives of records, the binary form of CIFAR-10."""

import gzip
import math
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.data.headers import is_html
from study.errors import StudyError
from study.networks.layers import Shape
from study.npy import DEFLATE_MOST


def read_records(
    path: str | Path, members: Mapping[str, Sequence[str]], shape: Shape
) -> dict[str, NDArray[Any]]:
    """Return x_train [n, h, w, c], y_train [n], x_test and y_test from a .tar.gz of records.

    `members` names the files of each part, in order. A record is a byte with the label, then the
    image of `shape` (h, w, c), one channel after another: Krizhevsky's binary version of CIFAR-10,
    https://www.cs.toronto.edu/~kriz/cifar.html. Nothing is written to disk; a member is read as
    far as its header says, and only if the archive can hold that much.

    Raises:
        StudyError: the archive is damaged, lacks a member, or a member does not hold whole records.
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as file:
        if is_html(file.read(64)):
            raise StudyError(f"{path}: an HTML page in place of the archive; download it again")
    wanted = [name for names in members.values() for name in names]
    try:
        contents = _contents(path, wanted, 1 + math.prod(shape))
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise StudyError(f"{path}: not a .tar.gz, or damaged or truncated ({error})") from None
    missing = [name for name in wanted if name not in contents]
    if missing:
        raise StudyError(f"{path}: no file {', '.join(missing)} in the archive")
    arrays: dict[str, NDArray[Any]] = {}
    height, width, channels = shape
    for part, names in members.items():
        records = np.concatenate([contents.pop(name) for name in names])
        images = records[:, 1:].reshape(-1, channels, height, width)
        arrays[f"x_{part}"] = np.ascontiguousarray(np.moveaxis(images, 1, -1))
        arrays[f"y_{part}"] = records[:, 0].copy()
    return arrays


def _contents(path: str | Path, wanted: Sequence[str], record: int) -> dict[str, NDArray[np.uint8]]:
    """The members of these names, as records [n, record]; nothing behind the last is unpacked."""
    most = DEFLATE_MOST * Path(path).stat().st_size
    found: dict[str, NDArray[np.uint8]] = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            place = f"{path}: {member.name}"
            if member.size > most:
                raise StudyError(
                    f"{place}: promises {member.size:,} bytes, which the archive cannot hold"
                )
            if member.name not in wanted or member.name in found:
                continue
            if not member.isreg() or member.issparse():
                raise StudyError(f"{place}: not a plain file")
            if member.size == 0 or member.size % record:
                raise StudyError(
                    f"{place}: {member.size:,} bytes; allowed are whole records of {record:,} "
                    "bytes, a label and an image"
                )
            file = archive.extractfile(member)
            assert file is not None  # of a plain file there is one
            content = np.frombuffer(file.read(), np.uint8)
            if len(content) < member.size:
                raise StudyError(f"{place}: truncated: {len(content):,} of {member.size:,} bytes")
            found[member.name] = content.reshape(-1, record)
            if len(found) == len(set(wanted)):
                break
    return found
