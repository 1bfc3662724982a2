"""Small files that unpack to large ones: memory is taken for what the headers say, not for more."""

import gzip
import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset import dataset, error_of, idx, write_idx, write_npz

MIB = 1 << 20


@contextmanager
def memory_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def packed_zeros(head: bytes, mebibytes: int) -> bytes:
    """`head` and zeros as a gzip file, a thousandth of their size."""
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(MIB)
    return b"".join(
        [packer.compress(head), *(packer.compress(block) for _ in range(mebibytes))]
    ) + packer.flush(zlib.Z_FINISH)


BOMBS = {
    "values": packed_zeros(idx(dataset()["y_train"]), 256),
    "members": gzip.compress(idx(dataset()["y_train"])) + packed_zeros(b"", 256),
    "plain": idx(dataset()["y_train"]) + bytes(32 * MIB),
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS.keys())
def test_an_idx_file_is_unpacked_no_further_than_its_header_says(
    tmp_path: Path, content: bytes
) -> None:
    source = write_idx(tmp_path, y_train=content)
    del content
    with memory_below(16 * MIB):
        message = error_of(tmp_path, source)
    assert "y_train.idx: trailing bytes: the header says 12 (12 of uint8), but more" in message


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_idx_header_that_promises_terabytes_takes_no_memory(tmp_path: Path, pack: Any) -> None:
    content = struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**16, 2**16) + bytes(99)
    source = write_idx(tmp_path, x_train=pack(content))
    with memory_below(16 * MIB):
        message = error_of(tmp_path, source)
    assert "x_train.idx: truncated: 99 bytes of values, but the header says " in message


def npy(array: np.ndarray[Any, Any], shape: tuple[int, ...] | None = None) -> bytes:
    """An .npy file of `array`, whose header may promise another `shape`."""
    file = io.BytesIO()
    header = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(file, {**header, "shape": shape or array.shape})
    return file.getvalue() + array.tobytes()


def replace_member(path: str, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, old in members.items():
            archive.writestr(entry, content if entry == name else old)


LABELS = dataset()["y_train"]
WRONG_SIZES = {
    "more-than-promised": (
        npy(LABELS) + bytes(64 * MIB),
        "the header of y_train promises 12 values of uint8, 12 bytes, but the file has "
        f"{64 * MIB + 12:,} of them",
    ),
    "one-more": (
        npy(LABELS) + b"\0",
        "the header of y_train promises 12 values of uint8, 12 bytes, but the file has 13 of them",
    ),
    "fewer-than-promised": (
        npy(LABELS, (10**12,)),
        "the header of y_train promises 1000000000000 values of uint8, 1,000,000,000,000 bytes, "
        "but the file has 12 of them",
    ),
}


@pytest.mark.parametrize(("content", "message"), WRONG_SIZES.values(), ids=WRONG_SIZES.keys())
def test_an_array_of_another_size_than_its_header_says_is_not_unpacked(
    tmp_path: Path, content: bytes, message: str
) -> None:
    source = write_npz(tmp_path)
    replace_member(source, "y_train.npy", content)
    with memory_below(16 * MIB):
        assert f"{source}: {message}" in error_of(tmp_path, {"npz": source})


def test_a_member_that_unpacks_to_more_than_the_archive_says_is_damaged(tmp_path: Path) -> None:
    source = Path(write_npz(tmp_path))
    replace_member(str(source), "y_train.npy", npy(LABELS) + bytes(64 * MIB))
    right = len(npy(LABELS))
    content = source.read_bytes()
    wrong = struct.pack("<I", right + 64 * MIB)
    assert content.count(wrong) == 2  # in the member's own header and in the archive's directory
    source.write_bytes(content.replace(wrong, struct.pack("<I", right)))
    with memory_below(16 * MIB):
        assert "is damaged or truncated (Bad CRC-32" in error_of(tmp_path, {"npz": str(source)})
