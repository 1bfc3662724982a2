"""IDX files, the format of MNIST."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.data.headers import IDX_TYPES, is_html
from study.errors import StudyError


def read_idx(path: str | Path) -> NDArray[Any]:
    """Return the array in an IDX file, gzipped or plain, told apart by content.

    IDX: two zero bytes, the element type, the number of dimensions, each dimension as a
    big-endian uint32, then the values.

    Raises:
        StudyError: the file is damaged, is not IDX, or is longer or shorter than its header says.
        OSError: the file cannot be read.
    """
    content = _unpacked(path)
    if is_html(content[:64]):
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
    dtype = np.dtype(IDX_TYPES[content[2]][0]).newbyteorder(">")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    promised, found = math.prod(shape) * dtype.itemsize, len(content) - start
    if found != promised:
        what = "truncated" if found < promised else f"{found - promised} trailing bytes"
        raise StudyError(
            f"{path}: {what}: {found} bytes of values after the header, which says {promised} "
            f"({' x '.join(map(str, shape))} of {dtype.name})"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def _unpacked(path: str | Path) -> bytes:
    content = Path(path).read_bytes()
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise StudyError(
            f"{path}: truncated: its gzip stream ends after {len(content)} bytes without its "
            f"end mark; download or copy it again"
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise StudyError(
            f"{path}: damaged gzip file ({error}); download or copy it again"
        ) from error
