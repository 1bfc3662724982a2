"""IDX files, the format of MNIST."""

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from study.data.headers import IDX_TYPES, is_html
from study.errors import StudyError

LONGEST_HEADER = 4 + 4 * 255
CHUNK = 1 << 20


def read_idx(path: str | Path) -> NDArray[Any]:
    """Return the array in an IDX file, gzipped or plain, told apart by content.

    IDX: two zero bytes, the element type, the number of dimensions, each dimension as a
    big-endian uint32, then the values. A gzipped file is unpacked no further than its header says.

    Raises:
        StudyError: the file is damaged, is not IDX, or is longer or shorter than its header says.
        OSError: the file cannot be read.
    """
    with _unpacked(path) as file:
        content = _read(file, LONGEST_HEADER)
        dtype, shape, start = _header(path, content)
        promised = math.prod(shape) * dtype.itemsize
        content += _read(file, start + promised + 1 - len(content))
    found = len(content) - start
    if found != promised:
        says = f"the header says {promised} ({' x '.join(map(str, shape))} of {dtype.name})"
        if found < promised:
            raise StudyError(f"{path}: truncated: {found} bytes of values, but {says}")
        raise StudyError(f"{path}: trailing bytes: {says}, but more follow it")
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def _header(path: str | Path, content: bytearray) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Type and shape of the values, and where they start."""
    if is_html(bytes(content[:64])):
        raise StudyError(f"{path}: an HTML page in place of the IDX file; download it again")
    if not content:
        raise StudyError(f"{path}: the file is empty; allowed is an IDX file")
    if content[:2] != b"\0\0"[: len(content)]:
        raise StudyError(
            f"{path}: wrong magic number {content[:4].hex(' ')}; an IDX file starts with "
            f"00 00 08 03 (images) or 00 00 08 01 (labels)"
        )
    start = 4 + 4 * content[3] if len(content) >= 4 else 4
    if len(content) < start:
        raise StudyError(
            f"{path}: truncated: {len(content)} bytes, but its IDX header alone has {start}"
        )
    if content[2] not in IDX_TYPES:
        allowed = ", ".join(f"0x{code:02x}" for code in IDX_TYPES)
        raise StudyError(
            f"{path}: unknown IDX element type 0x{content[2]:02x}; allowed are {allowed}"
        )
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    return np.dtype(IDX_TYPES[content[2]][0]).newbyteorder(">"), shape, start


def _read(file: IO[bytes], most: int) -> bytearray:
    """At most so many bytes; memory is taken for those that are there, whatever a header says."""
    content = bytearray()
    while len(content) < most and (chunk := file.read(min(CHUNK, most - len(content)))):
        content += chunk
    return content


@contextmanager
def _unpacked(path: str | Path) -> Iterator[IO[bytes]]:
    with Path(path).open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            file.seek(0)
            yield file
            return
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        try:
            with gzip.open(file) as unpacked:
                yield cast(IO[bytes], unpacked)
        except EOFError as error:
            raise StudyError(
                f"{path}: truncated: its gzip stream ends after {size} bytes without its "
                f"end mark; download or copy it again"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise StudyError(
                f"{path}: damaged gzip file ({error}); download or copy it again"
            ) from error
