"""Batch normalization by fused kernels, which rounds no worse than Keras's."""

from typing import Any

import keras
import tensorflow as tf

Moments = tuple[tf.Tensor, tf.Tensor]
"""Mean and variance [c] of each channel."""


def moving_statistics(layer: keras.Layer) -> list[keras.Variable]:
    """The layer's state that training changes beside its weights: batch normalization's means and
    variances.
    """
    is_batch_norm = isinstance(layer, keras.layers.BatchNormalization)
    return [layer.moving_mean, layer.moving_variance] if is_batch_norm else []


def batch_norm(layer: keras.layers.BatchNormalization, x: tf.Tensor, training: bool) -> tf.Tensor:
    """Batch normalization of maps or units over their last axis, by fused kernels, with the moving
    averages as Keras keeps them.
    """
    is_flat = x.shape.rank == 2
    if is_flat:
        x = tf.reshape(x, [-1, 1, 1, x.shape[-1]])
    scaling = (tf.convert_to_tensor(layer.gamma.value), tf.convert_to_tensor(layer.beta.value))
    moving = (layer.moving_mean.value, layer.moving_variance.value)
    if not training:
        y, *_ = _fused_batch_norm(x, scaling, layer.epsilon, moving)
    else:
        y, moments = _normalized_by_batch(x, scaling, layer.epsilon)
        for average, value in zip(moving, moments, strict=True):
            average.assign_sub((average - value) * (1 - layer.momentum))
    return tf.reshape(y, [-1, y.shape[-1]]) if is_flat else y


def _fused_batch_norm(
    x: tf.Tensor,
    scaling: tuple[tf.Tensor, tf.Tensor],
    epsilon: float,
    moments: Moments | None = None,
) -> list[tf.Tensor]:
    """TensorFlow's kernel: gamma (x - mean) / sqrt(variance + epsilon) + beta with gamma and beta
    from `scaling`. Without `moments` it takes those of `x`, and returns them after the result, the
    variance unbiased.
    """
    mean, variance = moments or ([], [])
    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=scaling[0],
        offset=scaling[1],
        mean=mean,
        variance=variance,
        epsilon=epsilon,
        is_training=moments is None,
    )


def batch_moments(x: tf.Tensor) -> Moments:
    """Mean and biased variance [c], in float32, of `x` [a, b, d, c] over all axes but the last.

    The fused kernel adds the values of a channel up one by one, and loses four of seven digits
    over 94,080 of them. So it is given the `a` values at each place of b x d as a channel, and the
    places' means and variances are combined (T. Chan, G. Golub and R. LeVeque, "Algorithms for
    computing the sample variance", 1983).
    """
    channels = x.shape[-1]
    count = tf.shape(x)[0]
    places = tf.size(x) // (count * channels)
    ones = tf.ones([places * channels])
    places_first = tf.reshape(x, [count, 1, 1, places * channels])
    _, means, variances, *_ = _fused_batch_norm(places_first, (ones, ones), epsilon=1e-3)
    means, variances = (tf.reshape(part, [places, channels]) for part in (means, variances))
    within = tf.reduce_mean(_biased(variances, count), 0)
    mean = tf.reduce_mean(means, 0)
    return mean, within + tf.reduce_mean(tf.square(means - mean), 0)


def _biased(variance: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """The biased variance of `count` values, which Keras averages, from the unbiased one."""
    return variance * tf.cast((count - 1) / count, tf.float32)


def _normalized_by_batch(
    x: tf.Tensor, scaling: tuple[tf.Tensor, tf.Tensor], epsilon: float
) -> tuple[tf.Tensor, Moments]:
    """`x` [a, b, d, c] normalized by its own moments, and these moments.

    A GPU keeps cuDNN's kernel: it adds up in a tree, and its gradient takes other moments.
    """
    if tf.config.list_physical_devices("GPU"):
        y, mean, variance, *_ = _fused_batch_norm(x, scaling, epsilon)
        return y, (mean, _biased(variance, tf.size(x) // x.shape[-1]))
    mean, variance = moments = tuple(map(tf.stop_gradient, batch_moments(x)))

    @tf.custom_gradient
    def normalized(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> Any:
        def gradient(dy: tf.Tensor) -> list[tf.Tensor]:
            """Of x, gamma and beta; that of x goes through the moments too."""
            return tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=dy,
                x=x,
                scale=gamma,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=[],
                epsilon=epsilon,
                is_training=True,
            )[:3]

        y, *_ = _fused_batch_norm(x, (gamma, beta), epsilon, moments)
        return y, gradient

    return normalized(x, *scaling), moments
