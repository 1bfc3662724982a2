"""Whether arrays are a data set that networks can be trained on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.data.headers import AS_BYTES, PARTS, check_image_shape, parts_of
from study.errors import StudyError


def check_dataset(
    arrays: dict[str, NDArray[Any]], places: Mapping[str, str], classes: int
) -> dict[str, NDArray[np.uint8]]:
    """Return the arrays as uint8, once they are known to be a dataset of `classes` classes.

    `places` says where each array came from, for the messages.

    Raises:
        StudyError: an array's dtype, shape or values are not allowed, or two do not fit together.
    """
    if not 2 <= classes <= 256:
        raise StudyError(f"classes: {classes}; allowed are 2 to 256")
    parts = parts_of(arrays)
    arrays = arrays | {f"y_{part}": _flat(arrays[f"y_{part}"]) for part in parts}
    for part in parts:
        x, y = f"x_{part}", f"y_{part}"
        _check_images(arrays[x], places[x])
        _check_labels(arrays[y], places[y], classes)
        if len(arrays[x]) != len(arrays[y]):
            raise StudyError(
                f"{places[y]}: {len(arrays[y])} labels for the {len(arrays[x])} images in "
                f"{places[x]}; allowed is one label for each image"
            )
    train = arrays["x_train"].shape[1:]
    for part in parts[1:]:
        found = arrays[f"x_{part}"].shape[1:]
        if found != train:
            raise StudyError(
                f"{places[f'x_{part}']}: {PARTS[part]} images of shape {_times(found)}; allowed is "
                f"the shape of the training images, {_times(train)}"
            )
    names = [f"{kind}_{part}" for part in parts for kind in "xy"]
    return {name: np.ascontiguousarray(arrays[name], dtype=np.uint8) for name in names}


def _flat(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels [images, 1] as [images]; others as they are."""
    return labels[:, 0] if labels.shape[1:] == (1,) else labels


def _check_images(images: NDArray[Any], place: str) -> None:
    if images.dtype != np.uint8:
        raise StudyError(
            f"{place}: images of dtype {images.dtype.name}; allowed is uint8: {AS_BYTES}"
        )
    check_image_shape(place, images.shape)


def _check_labels(labels: NDArray[Any], place: str, classes: int) -> None:
    if labels.dtype.kind not in "iu":
        raise StudyError(
            f"{place}: labels of dtype {labels.dtype.name}; allowed is an integer type"
        )
    if labels.ndim != 1:
        raise StudyError(
            f"{place}: labels of shape {list(labels.shape)}; allowed is [images] or [images, 1], "
            "the number of the class for each image"
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
