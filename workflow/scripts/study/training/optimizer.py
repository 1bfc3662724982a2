"""The step of the optimizer."""

from collections.abc import Callable

import keras
import tensorflow as tf

from study.runs.definition import Settings


def optimizer_update(
    settings: Settings, weights: list[tf.Variable]
) -> tuple[Callable[[list[tf.Tensor]], None], list[tf.Variable]]:
    """A function that updates `weights` by their gradients, and the variables of its state."""
    optimizer = make_optimizer(settings)
    if settings.optimizer != "adam":
        optimizer.build(weights)
        return (
            lambda gradients: optimizer.apply(gradients, weights),
            [variable.value for variable in optimizer.variables],
        )
    # Keras's Adam by one fused kernel for each variable.
    step = tf.Variable(0, dtype=tf.int64)
    means = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
    squares = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def update(gradients: list[tf.Tensor]) -> None:
        count = tf.cast(step.assign_add(1), tf.float32)
        for weight, gradient, mean, square in zip(weights, gradients, means, squares, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=mean.handle,
                v=square.handle,
                grad=gradient,
                lr=settings.learning_rate,
                beta1=optimizer.beta_1,
                beta2=optimizer.beta_2,
                epsilon=optimizer.epsilon,
                beta1_power=tf.pow(optimizer.beta_1, count),
                beta2_power=tf.pow(optimizer.beta_2, count),
            )

    return update, [step, *means, *squares]


def make_optimizer(settings: Settings) -> keras.Optimizer:
    """The optimizer that the settings name, at their learning rate."""
    optimizer = keras.optimizers.get(settings.optimizer)
    optimizer.learning_rate = settings.learning_rate
    return optimizer
