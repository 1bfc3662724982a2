"""The headers of the arrays in a NumPy archive, checked before anything is read behind them."""

import ast
import math
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from study.errors import StudyError

MOST_HEADER_BYTES = 10_000
DEFLATE_MOST = 1032
"""Bytes that one byte of a deflated file can stand for."""


@dataclass(frozen=True)
class Header:
    """What an array's header says of it."""

    kind: str
    """NumPy's letter: `u` for unsigned integers, `i`, `f`, `b`, `U` for text, `O` for objects."""
    item_bytes: int
    shape: tuple[int, ...]

    @property
    def dtype(self) -> str:
        """Its type in NumPy's words, such as `float32`."""
        names = {"u": "uint", "i": "int", "f": "float", "c": "complex"}
        if self.kind in names:
            return f"{names[self.kind]}{8 * self.item_bytes}"
        return {"b": "bool", "U": "text", "S": "bytes", "O": "object"}.get(self.kind, self.kind)

    @property
    def content_bytes(self) -> int:
        return math.prod(self.shape) * self.item_bytes


def read_headers(path: str | Path) -> dict[str, Header]:
    """The headers of all arrays in an .npz, by the arrays' names.

    Raises:
        StudyError: the file is no archive, or an array's header cannot be read or does not agree
            with its size; one line that begins with `path`.
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as file:
        head = file.read(4)
    if not head.startswith(b"PK"):
        what = f"starts with the bytes {head.hex(' ')}" if head else "it is empty"
        raise StudyError(f"{path}: not a NumPy archive (.npz): {what}")
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                member.filename.removesuffix(".npy"): _header(archive, member, str(path))
                for member in archive.infolist()
                if member.filename.endswith(".npy")
            }
    except zipfile.BadZipFile as error:
        raise StudyError(f"{path}: the .npz file is damaged or truncated ({error})") from None
    except (EOFError, RuntimeError, NotImplementedError, UnicodeError):
        raise StudyError(f"{path}: the .npz file is damaged or truncated") from None


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str) -> Header:
    name = member.filename.removesuffix(".npy")
    try:
        with archive.open(member) as file:
            header, length = _parsed(file)
    except (OSError, zipfile.BadZipFile):
        raise
    except Exception:  # zlib and ast have many ways to fail
        raise StudyError(
            f"{path}: the .npz file is damaged or truncated (the header of {name} cannot be read)"
        ) from None
    sides = " x ".join(map(str, header.shape)) or "1"
    promised = f"the header of {name} promises {sides} values of {header.dtype}"
    if any(side < 0 for side in header.shape):
        raise StudyError(f"{path}: {promised}; sizes cannot be negative")
    if header.kind == "O":  # pickled, so of any length
        return header
    found = member.file_size - length
    if header.content_bytes != found:
        raise StudyError(
            f"{path}: {promised}, {header.content_bytes:,} bytes, but the file has {found:,} of "
            "them; copy or make it again"
        )
    if member.file_size > DEFLATE_MOST * (member.compress_size + 64):
        raise StudyError(
            f"{path}: {promised}, but the {member.compress_size:,} compressed bytes of it cannot "
            "hold so many; copy or make it again"
        )
    return header


def _parsed(file: IO[bytes]) -> tuple[Header, int]:
    """The header at the start of an array's file, and its length."""
    magic = file.read(8)
    if len(magic) < 8 or not magic.startswith(b"\x93NUMPY"):
        raise ValueError
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > MOST_HEADER_BYTES:
        raise ValueError
    content = ast.literal_eval(file.read(length).decode("utf-8" if magic[6] >= 3 else "latin-1"))
    shape = content["shape"]
    if not all(isinstance(side, int) for side in shape):
        raise ValueError
    match = re.fullmatch(r"[<>|=]?([a-zA-Z])(\d*)(\[\w+\])?", content["descr"])
    if match is None:
        raise ValueError
    size = int(match[2] or 1) * (4 if match[1] == "U" else 1)
    return Header(match[1], size, tuple(shape)), 8 + width + length
