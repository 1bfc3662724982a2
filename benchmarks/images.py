"""Made-up images: what a training step costs does not depend on what they show."""

import numpy as np
from numpy.typing import NDArray


def random_images(
    count: int, shape: tuple[int, ...], classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images [count, *shape] of random bytes, and labels [count]."""
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (count, *shape), dtype=np.uint8)
    return images, generator.integers(0, classes, count, dtype=np.uint8)
