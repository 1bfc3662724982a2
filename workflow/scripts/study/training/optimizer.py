"""The step of the optimizer."""

from collections.abc import Callable

import keras
import tensorflow as tf

from study.runs.definition import Settings

Update = Callable[..., None]


def optimizer_update(
    settings: Settings, weights: list[tf.Variable]
) -> tuple[Update, list[tf.Variable]]:
    """A function that updates `weights` by their gradients, and the variables of its state. It
    takes the step's learning rate too, where that is not the one of the settings.
    """
    optimizer = make_optimizer(settings)
    if settings.optimizer != "adam":
        optimizer.build(weights)

        def apply(gradients: list[tf.Tensor], rate: tf.Tensor | None = None) -> None:
            if rate is not None:
                optimizer.learning_rate.assign(rate)
            optimizer.apply(gradients, weights)

        return apply, [variable.value for variable in optimizer.variables]
    # Keras's Adam by one fused kernel for each variable.
    step = tf.Variable(0, dtype=tf.int64)
    means = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
    squares = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def update(gradients: list[tf.Tensor], rate: tf.Tensor | None = None) -> None:
        given = settings.learning_rate if rate is None else rate
        count = tf.cast(step.assign_add(1), tf.float32)
        for weight, gradient, mean, square in zip(weights, gradients, means, squares, strict=True):
            if settings.weight_decay:
                weight.assign_sub(weight * settings.weight_decay * given)
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=mean.handle,
                v=square.handle,
                grad=gradient,
                lr=given,
                beta1=optimizer.beta_1,
                beta2=optimizer.beta_2,
                epsilon=optimizer.epsilon,
                beta1_power=tf.pow(optimizer.beta_1, count),
                beta2_power=tf.pow(optimizer.beta_2, count),
            )

    return update, [step, *means, *squares]


def make_optimizer(settings: Settings) -> keras.Optimizer:
    """The optimizer that the settings name, at their learning rate."""
    kind = type(keras.optimizers.get(settings.optimizer))
    more = {"momentum": settings.momentum} if settings.momentum else {}
    # Keras's AdamW must have a number, the others None, to do without.
    decay = settings.weight_decay or (0.0 if settings.optimizer == "adamw" else None)
    return kind(settings.learning_rate, weight_decay=decay, **more)
