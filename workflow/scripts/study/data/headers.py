"""The form of a source file, from its first bytes: the size of its images, and how many."""

import gzip
import math
import struct
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from study.errors import StudyError
from study.networks.layers import Shape
from study.npy import DEFLATE_MOST, read_headers

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
"""The arrays of a data set."""

VALIDATION_ARRAYS = ("x_val", "y_val")
"""Those that a data set may have beside them, both or neither."""

PARTS = {"train": "training", "val": "validation", "test": "test"}
"""The parts of a data set, with their names in words."""

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


class Form(NamedTuple):
    """What a network must fit: the form of a data set."""

    shape: Shape
    """Height, width and channels of the images."""
    train_images: int
    has_validation: bool


def source_form(key: str, dataset: dict[str, Any]) -> Form:
    """The form of a data set.

    A download says it in its entry; of a user's own files only the headers are read, so that a
    file that is no such data, or a network that does not fit, is refused before any job starts.

    Raises:
        StudyError: a file of the user's is missing or unreadable; the message names `key`.
    """
    files, arrays = dataset.get("files", {}), dataset.get("arrays", {})
    if "npz" in dataset:
        return _own_form(_npz_headers(f"{key}.npz", Path(dataset["npz"]), arrays))
    if "path" in files.get("x_train", {}):
        return _own_form(
            {
                name: _idx_header(f"{key}.files.{name}.path", Path(file["path"]))
                for name, file in files.items()
            }
        )
    return Form(tuple(dataset["shape"]), dataset["train_images"], "x_val" in {**files, **arrays})


def parts_of(names: Iterable[str]) -> list[str]:
    """The parts of a data set with arrays of these names: `train`, `val` where it has one, `test`.

    >>> parts_of(["x_train", "y_train", "x_test", "y_test"])
    ['train', 'test']
    """
    return [part for part in PARTS if f"x_{part}" in names]


def wanted_arrays(place: str, stored: Collection[str], names: Mapping[str, str]) -> dict[str, str]:
    """What each array of a data set is called in an archive that has arrays called `stored`.

    `names` says it where the archive's names are others. Validation images are taken if they are
    there.

    Raises:
        StudyError: an array is missing; one line that begins with `place`.
    """
    wanted = dict(names) or {name: name for name in ARRAYS}
    if not names and set(VALIDATION_ARRAYS) & set(stored):
        wanted |= {name: name for name in VALIDATION_ARRAYS}
    missing = [name for name in wanted.values() if name not in stored]
    if missing:
        raise StudyError(
            f"{place}: no array {', '.join(missing)}; the arrays in it are "
            f"{', '.join(stored) or 'none'}"
        )
    return wanted


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


def _own_form(sources: Mapping[str, _Source]) -> Form:
    """The form of a user's own data, once all headers fit together."""
    for part in parts_of(sources):
        images, labels = sources[f"x_{part}"], sources[f"y_{part}"]
        if images.dtype != "uint8":
            raise StudyError(
                f"{images.place}: images of dtype {images.dtype}; allowed is uint8: {AS_BYTES}"
            )
        check_image_shape(images.place, images.shape)
        one_each = len(labels.shape) == 1 or labels.shape[1:] == (1,)
        if one_each and labels.shape[:1] != images.shape[:1]:
            raise StudyError(
                f"{labels.place}: {labels.shape[0]} labels for {images.shape[0]} images; allowed "
                "is one label for each image"
            )
    shape = sources["x_train"].shape
    channels = shape[3] if len(shape) == 4 else 1
    return Form((*shape[1:3], channels), shape[0], "x_val" in sources)


def _check_is_file(key: str, path: Path) -> None:
    try:
        is_file = path.is_file()
    except OSError as error:  # a name that is too long, say
        raise StudyError(f"{key}: {str(path)[:60]!r}...: {error.strerror}") from None
    if not is_file:
        raise StudyError(f"{key}: there is no file {path}")


def _npz_headers(key: str, path: Path, names: Mapping[str, str]) -> dict[str, _Source]:
    _check_is_file(key, path)
    try:
        headers = read_headers(path)
    except OSError as error:
        raise StudyError(f"{key}: {path}: {error.strerror or error}") from None
    except StudyError as error:
        raise StudyError(f"{key}: {error}") from None
    return {
        name: _Source(f"{key}: {path}: {stored}", headers[stored].dtype, headers[stored].shape)
        for name, stored in wanted_arrays(f"{key}: {path}", headers, names).items()
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
