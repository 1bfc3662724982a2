"""Check a dataset's source files and store them as one .npz with a manifest.

Input: four IDX files (plain or gzipped), or an .npz, or nothing for the bundled digits.
Output: data/prepared/{dataset}.npz with x_train, y_train, x_test, y_test (uint8), and
data/prepared/{dataset}.json, the manifest that training depends on.
"""

import gzip
import logging
import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from study.data import ARRAYS, content_digest, is_html, read_npz, stratified_holdout
from study.errors import StudyError
from study.files import atomic, write_json
from study.logs import script_log

if TYPE_CHECKING:
    snakemake: Any

log = logging.getLogger(__name__)

IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
DIGITS_TEST_FRACTION = 0.2
DIGITS_SPLIT_SEED = 0  # any number does, so long as nobody changes it


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
    dtype = np.dtype(IDX_TYPES[content[2]])
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    promised, found = math.prod(shape) * dtype.itemsize, len(content) - start
    if found != promised:
        what = "truncated" if found < promised else f"{found - promised} trailing bytes"
        raise StudyError(
            f"{path}: {what}: {found} bytes of values after the header, which says {promised} "
            f"({' x '.join(map(str, shape))} of {dtype.name})"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def bundled_digits() -> dict[str, NDArray[Any]]:
    """Return scikit-learn's handwritten digits in MNIST's form.

    The 1,797 images of 8x8 with values 0 to 16 are rescaled to 0 to 255, every pixel is repeated
    three times in both directions, and a margin of two black pixels makes 28x28. A fixed
    stratified fifth of them is the test set: x_train [1437, 28, 28], x_test [360, 28, 28].
    """
    from sklearn.datasets import load_digits  # 1 s to import, needed for this dataset alone

    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    enlarged = pixels.repeat(3, axis=1).repeat(3, axis=2)
    images = np.pad(enlarged, ((0, 0), (2, 2), (2, 2)))
    labels = digits.target.astype(np.uint8)
    train, test = stratified_holdout(labels, DIGITS_TEST_FRACTION, DIGITS_SPLIT_SEED)
    return {
        "x_train": images[train],
        "y_train": labels[train],
        "x_test": images[test],
        "y_test": labels[test],
    }


BUNDLED = {"digits": bundled_digits}


def check_dataset(
    arrays: Mapping[str, NDArray[Any]], places: Mapping[str, str], classes: int
) -> dict[str, NDArray[np.uint8]]:
    """Return the four arrays as uint8, once they are known to be a dataset of `classes` classes.

    `places` says where each array came from, for the messages.

    Raises:
        StudyError: an array's dtype, shape or values are not allowed, or two do not fit together.
    """
    if not 2 <= classes <= 256:
        raise StudyError(f"classes: {classes}; allowed are 2 to 256")
    for part in ("train", "test"):
        x, y = f"x_{part}", f"y_{part}"
        _check_images(arrays[x], places[x])
        _check_labels(arrays[y], places[y], classes)
        if len(arrays[x]) != len(arrays[y]):
            raise StudyError(
                f"{places[y]}: {len(arrays[y])} labels for the {len(arrays[x])} images in "
                f"{places[x]}; allowed is one label for each image"
            )
    train, test = arrays["x_train"].shape[1:], arrays["x_test"].shape[1:]
    if train != test:
        raise StudyError(
            f"{places['x_test']}: test images of shape {_times(test)}; allowed is the shape of "
            f"the training images, {_times(train)}"
        )
    return {name: np.ascontiguousarray(arrays[name], dtype=np.uint8) for name in ARRAYS}


def manifest_of(
    dataset: str, classes: int, arrays: Mapping[str, NDArray[np.uint8]]
) -> dict[str, Any]:
    """Describe prepared arrays: image shape [h, w, c], images per class, SHA-256 of the content."""
    shape = list(arrays["x_train"].shape[1:])
    counts = {}
    for part in ("train", "test"):
        labels = arrays[f"y_{part}"]
        per_class = np.bincount(labels, minlength=classes).tolist()
        counts[part] = {"images": len(labels), "per_class": per_class}
    return {
        "dataset": dataset,
        "input_shape": shape if len(shape) == 3 else [*shape, 1],
        "classes": classes,
        **counts,
        "sha256": content_digest(arrays),
    }


def prepare(
    dataset: str,
    classes: int,
    source: Mapping[str, str],
    data: str | Path,
    manifest: str | Path,
) -> None:
    """Check a dataset and write it to `data` (.npz) and its description to `manifest` (JSON).

    `source` holds the paths of four IDX files under the arrays' names, or the path of an `.npz`
    under `npz`, or under `bundled` the name of a dataset that needs no file.

    Raises:
        StudyError: the source is not a sound dataset of `classes` classes.
        OSError: a file cannot be read or written.
    """
    if "bundled" in source:
        if source["bundled"] not in BUNDLED:
            raise StudyError(f"bundled: {source['bundled']}; allowed is {', '.join(BUNDLED)}")
        read = BUNDLED[source["bundled"]]()
        places = {name: f"{source['bundled']}: {name}" for name in ARRAYS}
    elif "npz" in source:
        read = read_npz(source["npz"])
        places = {name: f"{source['npz']}: {name}" for name in ARRAYS}
    else:
        read = {name: read_idx(source[name]) for name in ARRAYS}
        places = {name: source[name] for name in ARRAYS}
    arrays = check_dataset(read, places, classes)
    description = manifest_of(dataset, classes, arrays)
    for part in ("train", "test"):
        counts = description[part]["per_class"]
        log.info("%s: %d %s images, by class %s", dataset, sum(counts), part, counts)
        if 0 in counts:
            log.warning("%s: no %s image of class %d", dataset, part, counts.index(0))
    with atomic(data) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)
    write_json(manifest, description)


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


def _check_images(images: NDArray[Any], place: str) -> None:
    if images.dtype != np.uint8:
        raise StudyError(
            f"{place}: images of dtype {images.dtype.name}; allowed is uint8: scale the pixels "
            f"to 0..255 and store them as uint8"
        )
    if images.ndim not in (3, 4):
        raise StudyError(
            f"{place}: images of shape {list(images.shape)}; allowed are [images, height, width] "
            f"and [images, height, width, channels]"
        )
    if images.size == 0:
        raise StudyError(f"{place}: empty, shape {list(images.shape)}; allowed is 1 image or more")


def _check_labels(labels: NDArray[Any], place: str, classes: int) -> None:
    if labels.dtype.kind not in "iu":
        raise StudyError(
            f"{place}: labels of dtype {labels.dtype.name}; allowed is an integer type"
        )
    if labels.ndim != 1:
        raise StudyError(
            f"{place}: labels of shape {list(labels.shape)}; allowed is [images], the number of "
            f"the class for each image"
        )
    if labels.size == 0:
        raise StudyError(f"{place}: empty; allowed is 1 label or more")
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise StudyError(
            f"{place}: label {labels[first]} at position {first}; allowed are 0 to {classes - 1} "
            f"(classes: {classes})"
        )


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        bundled = snakemake.params.bundled
        prepare(
            dataset=snakemake.wildcards.dataset,
            classes=snakemake.params.classes,
            source={"bundled": bundled} if bundled else dict(snakemake.input.items()),
            data=snakemake.output.data,
            manifest=snakemake.output.manifest,
        )
