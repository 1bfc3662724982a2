"""Prepared data: one .npz, and the manifest that describes it."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.data.checks import check_dataset
from study.data.digits import BUNDLED
from study.data.doubts import doubts
from study.data.headers import ARRAYS, PARTS, VALIDATION_ARRAYS, parts_of
from study.data.idx import read_idx
from study.data.npz import read_npz
from study.data.records import read_records
from study.errors import StudyError
from study.files import atomic, write_json

log = logging.getLogger(__name__)


def content_digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 (hex) of the arrays: dtype, shape and values, in a fixed order.

    It does not depend on the file that holds them, so another version of zlib, which compresses
    the same values to other bytes, does not make other data of them.
    """
    digest = hashlib.sha256()
    for name in (*ARRAYS, *(name for name in VALIDATION_ARRAYS if name in arrays)):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


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


def manifest_of(
    dataset: str, classes: int, arrays: Mapping[str, NDArray[np.uint8]], warnings: Sequence[str]
) -> dict[str, Any]:
    """Describe prepared arrays: image shape [h, w, c], images per class, SHA-256 of the content,
    and what is doubtful about them (`warnings`).
    """
    shape = list(arrays["x_train"].shape[1:])
    counts = {}
    for part in parts_of(arrays):
        labels = arrays[f"y_{part}"]
        per_class = np.bincount(labels, minlength=classes).tolist()
        counts[part] = {"images": len(labels), "per_class": per_class}
    return {
        "dataset": dataset,
        "input_shape": shape if len(shape) == 3 else [*shape, 1],
        "classes": classes,
        **counts,
        "sha256": content_digest(arrays),
        "warnings": list(warnings),
    }


def prepare(
    dataset: str,
    classes: int,
    source: Mapping[str, str],
    data: str | Path,
    manifest: str | Path,
    declared: Mapping[str, Any] | None = None,
) -> None:
    """Check a dataset and write it to `data` (.npz) and its description to `manifest` (JSON).

    `source` holds the paths of IDX files under the arrays' names, or the path of an archive under
    `npz` or `all`, or under `bundled` the name of a dataset that needs no file. `declared` is what
    the configuration says of the data: `arrays` and `records` as it explains them, and their
    `shape` and `train_images`.

    Raises:
        StudyError: the source is not a sound dataset of `classes` classes, or not as declared.
        OSError: a file cannot be read or written.
    """
    declared = declared or {}
    read, places = _read(source, declared)
    arrays = check_dataset(read, places, classes)
    description = manifest_of(dataset, classes, arrays, doubts(arrays, places, classes))
    _check_declared(dataset, declared, description)
    for part in parts_of(arrays):
        counts = description[part]["per_class"]
        log.info("%s: %d %s images, by class %s", dataset, sum(counts), PARTS[part], counts)
    for warning in description["warnings"]:
        log.warning("warning: %s: %s", dataset, warning)
    with atomic(data) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)
    write_json(manifest, description)


def _read(
    source: Mapping[str, str], declared: Mapping[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The arrays as they are stored, and where each came from."""
    if "bundled" in source:
        if source["bundled"] not in BUNDLED:
            raise StudyError(f"bundled: {source['bundled']}; allowed is {', '.join(BUNDLED)}")
        read = BUNDLED[source["bundled"]]()
        return read, {name: f"{source['bundled']}: {name}" for name in read}
    archive = source.get("npz") or source.get("all")
    if archive and "records" in declared:
        read = read_records(archive, declared["records"], tuple(declared["shape"]))
        return read, {name: f"{archive}: {name}" for name in read}
    if archive:
        names = declared.get("arrays", {})
        read = read_npz(archive, names)
        return read, {name: f"{archive}: {names.get(name, name)}" for name in read}
    return {name: read_idx(path) for name, path in source.items()}, dict(source)


def _check_declared(
    dataset: str, declared: Mapping[str, Any], description: Mapping[str, Any]
) -> None:
    """Refuse data that networks were not planned for."""
    found = {"shape": description["input_shape"], "train_images": description["train"]["images"]}
    for key, value in found.items():
        if declared.get(key, value) != value:
            raise StudyError(
                f"datasets.{dataset}.{key}: {declared[key]}, but the data have {value}"
            )
