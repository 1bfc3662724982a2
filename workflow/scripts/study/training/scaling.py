"""From pixels to what a network sees."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from study.runs.definition import Settings

AT_ONCE = 1000  # images


@dataclass(frozen=True)
class Scaling:
    """Pixels minus `mean`, if there is one, divided by `divisor`: each a number for every channel,
    or one for all.
    """

    divisor: float | list[float]
    mean: list[float] | None = None

    def apply(self, images: tf.Tensor) -> tf.Tensor:
        """The network's input, float32, for images [n, h, w, c] of pixels from 0 to 255."""
        pixels = tf.cast(images, tf.float32)
        return (pixels if self.mean is None else pixels - self.mean) / self.divisor


def scaling_of(settings: Settings, images: NDArray[np.uint8]) -> Scaling:
    """How pixels are scaled in a training on `images` [n, h, w, c].

    With `standardize` by their mean and standard deviation in each channel; a channel of one value
    is divided by 1, as scikit-learn's StandardScaler does.
    """
    if settings.standardize:
        mean, deviation = channel_moments(images)
        return Scaling([value or 1.0 for value in deviation], mean)
    return Scaling(settings.pixel_divisor)


def channel_moments(images: NDArray[np.uint8]) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of all pixels [n, h, w, c] in each channel.

    They are counted in whole numbers, so each is the exact value rounded once or twice.
    """
    channels = images.shape[-1]
    counts = np.zeros((channels, 256), np.int64)
    for first in range(0, len(images), AT_ONCE):
        part = images[first : first + AT_ONCE].reshape(-1, channels)
        for channel in range(channels):
            counts[channel] += np.bincount(part[:, channel], minlength=256)
    means, deviations = [], []
    for count in counts.tolist():
        pixels = sum(count)
        summed = sum(value * times for value, times in enumerate(count))
        squares = sum(value**2 * times for value, times in enumerate(count))
        means.append(summed / pixels)
        deviations.append(((pixels * squares - summed**2) / pixels**2) ** 0.5)
    return means, deviations
