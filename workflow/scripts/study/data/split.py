"""The images to train on, to validate on and to test on."""

import logging
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.data.headers import parts_of
from study.errors import StudyError

log = logging.getLogger(__name__)


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

    classes, counts = np.unique(labels, return_counts=True)
    held = math.ceil(len(labels) * fraction)
    if counts.min() < 2:
        raise StudyError(
            f"holdout_fraction: class {classes[counts.argmin()]} has 1 image of {len(labels)}, "
            "which cannot be both trained on and held out; allowed are 2 or more of each class"
        )
    if not len(classes) <= held <= len(labels) - len(classes):
        raise StudyError(
            f"holdout_fraction: {fraction} of {len(labels)} images holds out {held}; allowed is a "
            f"fraction that leaves each of {len(classes)} classes on both sides"
        )
    train, holdout = train_test_split(
        np.arange(len(labels)), test_size=fraction, random_state=seed, stratify=labels
    )
    return np.sort(train), np.sort(holdout)


Data = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""Images [n, h, w, c] and labels [n]."""


def split(
    arrays: dict[str, NDArray[np.uint8]],
    validation: str,
    holdout_fraction: float | None,
    seed: int,
) -> tuple[Data, Data, Data]:
    """The images to train on, to validate on after each epoch, and to test on at the end.

    `validation` says which serve for it: the `test` images, those `given` with the data, or with
    `holdout` a `holdout_fraction` of the training images.

    Raises:
        StudyError: no validation images are given, or the fraction is none to hold out.
    """
    parts: dict[str, Data] = {
        part: (
            arrays[f"x_{part}"].reshape(*arrays[f"x_{part}"].shape[:3], -1),
            arrays[f"y_{part}"],
        )
        for part in parts_of(arrays)
    }
    fitted, test = parts["train"], parts["test"]
    if validation == "test":
        return fitted, test, test
    if validation == "given":
        if "val" not in parts:
            raise StudyError("validation: given, but no validation images come with the data")
        return fitted, parts["val"], test
    assert holdout_fraction is not None
    labels = arrays["y_train"]
    kept, held = stratified_holdout(labels, holdout_fraction, seed)
    absent = sorted(set(labels.tolist()) - set(labels[held].tolist()))
    if absent:
        log.warning(
            "warning: holdout_fraction: %s leaves no held-out image of class %s",
            *(holdout_fraction, ", ".join(map(str, absent))),
        )
    return (fitted[0][kept], fitted[1][kept]), (fitted[0][held], fitted[1][held]), test


def sample(data: Data, most: int) -> Data:
    """At most so many of the images, evenly spaced, with their labels."""
    images, labels = data
    positions = np.linspace(0, len(labels) - 1, min(most, len(labels))).round().astype(int)
    return images[positions], labels[positions]
