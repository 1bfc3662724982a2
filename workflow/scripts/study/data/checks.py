"""Whether arrays are a data set that networks can be trained on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.data.headers import ARRAYS, AS_BYTES, check_image_shape
from study.errors import StudyError


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
