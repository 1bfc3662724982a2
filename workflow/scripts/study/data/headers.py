"""The form of a source file, from its first bytes: the size of its images, and how many."""

import gzip
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, cast

from study.errors import StudyError
from study.networks.layers import Shape


def is_html(head: bytes) -> bool:
    """Tell whether a file that starts with `head` is a web page, as log-in walls send them."""
    return (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))
    )


def source_shape(key: str, dataset: dict[str, Any]) -> tuple[Shape, int]:
    """Shape (height, width, channels) of the images and number of training images.

    A download says so in its entry; of a user's own files only the headers are read, so that a
    network that does not fit is refused before any job starts.

    Raises:
        StudyError: a file of the user's is missing or unreadable; the message names `key`.
    """
    if "npz" in dataset:
        return _array_shape(f"{key}.npz", Path(dataset["npz"]))
    if "path" in dataset.get("files", {}).get("x_train", {}):
        for name, file in dataset["files"].items():
            if not Path(file["path"]).is_file():
                raise StudyError(f"{key}.files.{name}.path: there is no file {file['path']}")
        return _idx_shape(f"{key}.files.x_train.path", Path(dataset["files"]["x_train"]["path"]))
    return tuple(dataset["shape"]), dataset["train_images"]


def _array_shape(key: str, path: Path) -> tuple[Shape, int]:
    from numpy.lib import format as npy  # only here: the Snakefile is parsed for every job

    if not path.is_file():
        raise StudyError(f"{key}: there is no file {path}")
    try:
        with zipfile.ZipFile(path) as archive, archive.open("x_train.npy") as member:
            version = npy.read_magic(cast(IO[bytes], member))
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, _ = read(member)
    except KeyError:
        raise StudyError(f"{key}: {path} has no array x_train") from None
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(f"{key}: {path} is not a NumPy .npz archive ({error})") from None
    return _image_shape(key, path, shape)


def _idx_shape(key: str, path: Path) -> tuple[Shape, int]:
    try:
        with path.open("rb") as plain:
            is_gzip = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            zeros, kind, dimensions = struct.unpack(">HBB", file.read(4))
            if zeros != 0 or kind != 0x08:
                raise ValueError
            shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
    except (OSError, EOFError, ValueError, struct.error, zlib.error):
        raise StudyError(f"{key}: {path} is not an IDX file of unsigned bytes") from None
    return _image_shape(key, path, shape)


def _image_shape(key: str, path: Path, shape: tuple[int, ...]) -> tuple[Shape, int]:
    if len(shape) not in (3, 4) or 0 in shape:
        raise StudyError(
            f"{key}: the images in {path} have the shape {list(shape)}; "
            "allowed are [images, height, width] and [images, height, width, channels]"
        )
    return (*shape[1:3], shape[3] if len(shape) == 4 else 1), shape[0]
