"""Prepared data: reading it back, its digest, and the holdout split."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def content_digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 (hex) of the four arrays: dtype, shape and values, in a fixed order.

    It does not depend on the file that holds them, so another version of zlib, which compresses
    the same values to other bytes, does not make other data of them.
    """
    digest = hashlib.sha256()
    for name in ARRAYS:
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def is_html(head: bytes) -> bool:
    """Tell whether a file that starts with `head` is a web page, as log-in walls send them."""
    return (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))
    )


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


def load_prepared(
    npz: str | Path, manifest: str | Path
) -> tuple[dict[str, NDArray[np.uint8]], dict[str, Any]]:
    """Return the prepared arrays and their manifest, once the one is known to match the other.

    Images are uint8 [n, h, w] or [n, h, w, c] with values 0 to 255, labels uint8 [n].

    Raises:
        StudyError: either file is damaged, or the arrays are not those the manifest describes.
        OSError: a file cannot be read.
    """
    again = f"delete {npz} and {manifest} so that the data are prepared again"
    try:
        description = json.loads(Path(manifest).read_text(encoding="utf-8"))
        expected = description["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise StudyError(f"{manifest}: not the manifest of prepared data; {again}") from error
    try:
        arrays = read_npz(npz)
    except StudyError as error:
        raise StudyError(f"{error}; {again}") from error
    found = content_digest(arrays)
    if found != expected:
        raise StudyError(
            f"{npz}: its content has the SHA-256 {found[:12]}..., but {manifest} says "
            f"{str(expected)[:12]}...; {again}"
        )
    return arrays, description


def stratified_holdout(
    labels: NDArray[Any], fraction: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split the positions of `labels` [n] in two, each class in the same proportion.

    Returns the training positions and the held-out ones (`fraction` of all, rounded up), both
    ascending, the same for the same labels, fraction and seed.

    Raises:
        StudyError: the classes are too small for the fraction.
    """
    from sklearn.model_selection import train_test_split  # 1 s to import, needed by few jobs

    positions = np.arange(len(labels))
    try:
        train, holdout = train_test_split(
            positions, test_size=fraction, random_state=seed, stratify=labels
        )
    except ValueError as error:
        raise StudyError(
            f"holdout_fraction: {fraction} of {len(labels)} images cannot be held out with every "
            f"class in proportion; allowed is a fraction that leaves each class on both sides "
            f"({error})"
        ) from error
    return np.sort(train), np.sort(holdout)


def _member(archive: Any, name: str, path: str | Path) -> NDArray[Any]:
    try:
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
