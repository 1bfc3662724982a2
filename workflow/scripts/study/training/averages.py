"""Averages of the weights over the steps, with `ema`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf


class Averages:
    """Moving averages of `weights`, as Keras's `use_ema` keeps them; none with a `momentum` of 0.

    Moving statistics are left as they are, as in Keras.
    """

    def __init__(self, weights: Sequence[tf.Variable], momentum: float) -> None:
        self._momentum = momentum
        self._weights = weights if momentum else []
        self.variables = [tf.Variable(weight) for weight in self._weights]

    def update(self, step: tf.Tensor) -> None:
        """Take in the weights after `step`, counted from 0; the first are the first averages."""
        momentum = tf.where(step == 0, 0.0, self._momentum)
        for average, weight in zip(self.variables, self._weights, strict=True):
            average.assign(momentum * average + (1 - momentum) * weight)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The network has the averages in place of its weights."""
        kept = [weight.numpy() for weight in self._weights]
        self._give(self.variables)
        try:
            yield
        finally:
            self._give(kept)

    def finish(self) -> None:
        """Give the network the averages for good."""
        self._give(self.variables)
        self._weights, self.variables = [], []

    def _give(self, values: Sequence[object]) -> None:
        for weight, value in zip(self._weights, values, strict=True):
            weight.assign(value)
