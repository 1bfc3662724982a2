"""scikit-learn's handwritten digits in MNIST's form."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.data.split import stratified_holdout

DIGITS_TEST_FRACTION = 0.2

DIGITS_SPLIT_SEED = 0  # any number does, so long as nobody changes it


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
