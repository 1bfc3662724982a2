"""The form of a source file, from its first bytes: the size of its images, and how many."""

import gzip
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.errors import StudyError
from study.networks.layers import Shape
from study.npy import DEFLATE_MOST, read_headers

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
"""The arrays of a data set."""

IDX_TYPES = {
    0x08: ("uint8", 1),
    0x09: ("int8", 1),
    0x0B: ("int16", 2),
    0x0C: ("int32", 4),
    0x0D: ("float32", 4),
    0x0E: ("float64", 8),
}
"""The types of IDX files by their code, with the bytes of a value."""

AS_BYTES = "store pixels from 0 to 255; floats from 0 to 1: multiply by 255 first, then round"
"""What to do with images of another type."""

MOST_CHANNELS = 4
"""Where the first side of images has no more than this, and the others have more, the channels
come first."""


def is_html(head: bytes) -> bool:
    """Tell whether a file that starts with `head` is a web page, as log-in walls send them."""
    return (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))
    )


def source_shape(key: str, dataset: dict[str, Any]) -> tuple[Shape, int]:
    """Shape (height, width, channels) of the images and number of training images.

    A download says so in its entry; of a user's own files only the headers are read, so that a
    file that is no such data, or a network that does not fit, is refused before any job starts.

    Raises:
        StudyError: a file of the user's is missing or unreadable; the message names `key`.
    """
    if "npz" in dataset:
        return _own_shape(_npz_headers(f"{key}.npz", Path(dataset["npz"])))
    if "path" in dataset.get("files", {}).get("x_train", {}):
        return _own_shape(
            {
                name: _idx_header(f"{key}.files.{name}.path", Path(file["path"]))
                for name, file in dataset["files"].items()
            }
        )
    return tuple(dataset["shape"]), dataset["train_images"]


def check_image_shape(place: str, shape: tuple[int, ...]) -> None:
    """Refuse the shape of an array that cannot be images.

    Raises:
        StudyError: in one line that begins with `place`.
    """
    if len(shape) not in (3, 4):
        raise StudyError(
            f"{place}: images of shape {list(shape)}; allowed are [images, height, width] "
            f"and [images, height, width, channels]"
        )
    if 0 in shape:
        raise StudyError(f"{place}: empty, shape {list(shape)}; allowed is 1 image or more")
    if len(shape) == 4 and shape[1] <= MOST_CHANNELS < min(shape[2:]):
        raise StudyError(
            f"{place}: images of shape {list(shape)} have their channels first; allowed is "
            "[images, height, width, channels]: use numpy.moveaxis(images, 1, -1)"
        )


@dataclass(frozen=True)
class _Source:
    """An array of a user's own, as its header describes it."""

    place: str
    dtype: str
    shape: tuple[int, ...]


def _own_shape(sources: Mapping[str, _Source]) -> tuple[Shape, int]:
    """The shape of the images and their number, once the four headers fit together."""
    for part in ("train", "test"):
        images, labels = sources[f"x_{part}"], sources[f"y_{part}"]
        if images.dtype != "uint8":
            raise StudyError(
                f"{images.place}: images of dtype {images.dtype}; allowed is uint8: {AS_BYTES}"
            )
        check_image_shape(images.place, images.shape)
        if len(labels.shape) == 1 and labels.shape != images.shape[:1]:
            raise StudyError(
                f"{labels.place}: {labels.shape[0]} labels for {images.shape[0]} images; allowed "
                "is one label for each image"
            )
    shape = sources["x_train"].shape
    return (*shape[1:3], shape[3] if len(shape) == 4 else 1), shape[0]


def _check_is_file(key: str, path: Path) -> None:
    try:
        is_file = path.is_file()
    except OSError as error:  # a name that is too long, say
        raise StudyError(f"{key}: {str(path)[:60]!r}...: {error.strerror}") from None
    if not is_file:
        raise StudyError(f"{key}: there is no file {path}")


def _npz_headers(key: str, path: Path) -> dict[str, _Source]:
    _check_is_file(key, path)
    try:
        headers = read_headers(path)
    except OSError as error:
        raise StudyError(f"{key}: {path}: {error.strerror or error}") from None
    except StudyError as error:
        raise StudyError(f"{key}: {error}") from None
    missing = [name for name in ARRAYS if name not in headers]
    if missing:
        raise StudyError(
            f"{key}: {path} has no array {', '.join(missing)}; the arrays in it are "
            f"{', '.join(headers) or 'none'}"
        )
    return {
        name: _Source(f"{key}: {path}: {name}", headers[name].dtype, headers[name].shape)
        for name in ARRAYS
    }


def _idx_header(key: str, path: Path) -> _Source:
    _check_is_file(key, path)
    try:
        with path.open("rb") as plain:
            is_gzip = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            zeros, kind, dimensions = struct.unpack(">HBB", file.read(4))
            if zeros != 0 or kind not in IDX_TYPES:
                raise ValueError
            shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
    except (OSError, EOFError, ValueError, struct.error, zlib.error):
        raise StudyError(f"{key}: {path} is not an IDX file") from None
    stored = path.stat().st_size
    promised, most = math.prod(shape) * IDX_TYPES[kind][1], stored - 4 - 4 * dimensions
    if promised > (DEFLATE_MOST * stored if is_gzip else most):
        raise StudyError(
            f"{key}: {path}: the header promises {' x '.join(map(str, shape))} values, "
            f"{promised:,} bytes, but the {'gzip ' if is_gzip else ''}file has {stored:,} bytes; "
            "copy or make it again"
        )
    return _Source(f"{key}: {path}", IDX_TYPES[kind][0], shape)
