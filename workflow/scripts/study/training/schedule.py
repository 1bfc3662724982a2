"""The learning rate of each step, by Keras's own schedules."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from study.runs.definition import Settings

Rate = Callable[[Any], tf.Tensor]
"""The learning rate of a step, counted from 0 over the whole training."""


def learning_rate(settings: Settings, steps_per_epoch: int) -> Rate | None:
    """The learning rate as a function of the step; None where it is constant.

    The rate rises from 0 over the steps of the warmup, as Keras's CosineDecay has it; then the
    schedule begins.
    """
    schedule, rate = settings.schedule, settings.learning_rate
    all_steps = settings.epochs * steps_per_epoch
    warmup = min(round(schedule["warmup"] * steps_per_epoch), all_steps - 1)
    after: Rate
    match schedule["kind"]:
        case "constant" if not warmup:
            return None
        case "constant":
            after = lambda step: tf.constant(rate)  # noqa: E731
        case "cosine":
            after = keras.optimizers.schedules.CosineDecay(
                rate, all_steps - warmup, schedule["end"]
            )
        case "exponential":
            after = keras.optimizers.schedules.ExponentialDecay(
                rate, steps_per_epoch, schedule["rate"], schedule["staircase"]
            )
        case "step":
            # Keras's boundary is the last step before the change.
            last = [epoch * steps_per_epoch - warmup - 1 for epoch in schedule["epochs"]]
            values = [rate * schedule["factor"] ** drop for drop in range(len(last) + 1)]
            after = keras.optimizers.schedules.PiecewiseConstantDecay(last, values)

    def of_step(step: Any) -> tf.Tensor:
        step = tf.cast(step, tf.float32)
        if not warmup:
            return after(step)
        return tf.where(step < warmup, rate * (step / warmup), after(step - warmup))

    return of_step
