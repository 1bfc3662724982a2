"""What is doubtful about data that networks can be trained on."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.data.headers import PARTS, parts_of
from study.errors import StudyError
from study.words import count_of

MOST_NAMED = 10
"""Classes that a message names one by one."""


def doubts(
    arrays: Mapping[str, NDArray[Any]], places: Mapping[str, str], classes: int
) -> list[str]:
    """What is probably a mistake in a sound data set, in one line each.

    Raises:
        StudyError: it cannot be meant: the training images have one class only.
    """
    counts = {
        part: np.bincount(arrays[f"y_{part}"], minlength=classes) for part in parts_of(arrays)
    }
    if (counts["train"] > 0).sum() == 1:
        (only,) = np.flatnonzero(counts["train"])
        raise StudyError(
            f"{places['y_train']}: all {len(arrays['y_train'])} labels are {only}; allowed are two "
            "classes or more"
        )
    return [
        *_absent(counts, classes),
        *_pixels(arrays),
        *_copies(arrays),
    ]


def _absent(counts: Mapping[str, NDArray[Any]], classes: int) -> list[str]:
    """Classes without images."""
    absent = {part: set(np.flatnonzero(count == 0).tolist()) for part, count in counts.items()}
    nowhere = set.intersection(*absent.values())
    found = []
    if nowhere:
        found.append(
            f"classes: {classes}, but the labels have {classes - len(nowhere)} of them; no image "
            f"is of class {_named(nowhere)}"
        )
    for part in counts:
        if absent[part] - nowhere:
            found.append(f"no {PARTS[part]} image is of class {_named(absent[part] - nowhere)}")
    return found


def _named(classes: set[int]) -> str:
    first = sorted(classes)[:MOST_NAMED]
    more = len(classes) - len(first)
    return ", ".join(map(str, first)) + (f" and {more} more" if more else "")


def _pixels(arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    """Pixel values that look wrongly scaled, and images without content."""
    found = []
    highest = {part: int(arrays[f"x_{part}"].max()) for part in parts_of(arrays)}
    if set(highest.values()) == {1}:
        found.append(
            "all pixels are 0 or 1: if they were floats from 0 to 1, multiply by 255 before "
            "storing them as bytes; if they are black and white, set `pixel_divisor: 1`"
        )
    for part in parts_of(arrays)[1:]:
        if (highest["train"] <= 1) != (highest[part] <= 1):
            found.append(
                f"the highest pixel of the training images is {highest['train']}, of the "
                f"{PARTS[part]} images {highest[part]}: one part seems to be scaled in another way"
            )
    for part in parts_of(arrays):
        flat = arrays[f"x_{part}"].reshape(len(arrays[f"x_{part}"]), -1)
        constant = int((flat.min(axis=1) == flat.max(axis=1)).sum())
        if constant:
            found.append(
                f"{constant:,} of {count_of(len(flat), f'{PARTS[part]} image')} "
                f"{'is' if constant == 1 else 'are'} of one value in all pixels"
            )
    return found


def _copies(arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    """Test and validation images that were trained on, and images that have several labels."""
    labels: dict[bytes, set[int]] = {}
    for image, label in _images(arrays, "train"):
        labels.setdefault(image, set()).add(label)
    several = sum(len(found) > 1 for found in labels.values())
    found = []
    for part in parts_of(arrays)[1:]:
        images = [image for image, _ in _images(arrays, part)]
        copied = sum(image in labels for image in images)
        if not copied:
            continue
        found.append(
            f"{copied:,} of {count_of(len(images), f'{PARTS[part]} image')} "
            f"{'is a copy' if copied == 1 else 'are copies'} of training images, so accuracies "
            "tell less about new images"
        )
    if several:
        found.append(
            f"{count_of(several, 'training image')} "
            f"{'is' if several == 1 else 'are'} there more than once, with different labels"
        )
    return found


def _images(arrays: Mapping[str, NDArray[Any]], part: str) -> Sequence[tuple[bytes, int]]:
    """A digest of each image, with its label."""
    images, labels = np.ascontiguousarray(arrays[f"x_{part}"]), arrays[f"y_{part}"]
    return [
        (hashlib.blake2b(image.data, digest_size=16).digest(), int(label))
        for image, label in zip(images, labels, strict=True)
    ]
