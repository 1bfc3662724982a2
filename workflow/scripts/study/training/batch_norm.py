"""Batch normalization by fused kernels, which rounds no worse than Keras's."""

from typing import Any

import keras
import tensorflow as tf


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
    moving = (layer.moving_mean.value, layer.moving_variance.value)
    moments = batch_moments(x) if training else moving
    y = _normalize(x, layer.gamma.value, layer.beta.value, moments, layer.epsilon, training)
    if training:
        for average, value in zip(moving, moments, strict=True):
            average.assign_sub((average - value) * (1 - layer.momentum))
    return tf.reshape(y, [-1, y.shape[-1]]) if is_flat else y


def batch_moments(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and biased variance [c], in float32, of `x` [a, b, d, c] over all axes but the last.

    The fused kernel adds the values of a channel up one by one, and loses four of seven digits
    over 94,080 of them. So it is given the `a` values at each place of b x d as a channel, and the
    places' means and variances are combined (T. Chan, G. Golub and R. LeVeque, "Algorithms for
    computing the sample variance", 1983).
    """
    channels = x.shape[-1]
    count = tf.shape(x)[0]
    places = tf.size(x) // (count * channels)
    factor = tf.ones([places * channels])
    _, means, variances, *_ = tf.raw_ops.FusedBatchNormV3(
        x=tf.reshape(x, [count, 1, 1, places * channels]),
        scale=factor,
        offset=factor,
        mean=[],
        variance=[],
        is_training=True,
    )
    means, variances = (tf.reshape(part, [places, channels]) for part in (means, variances))
    # The kernel gives the unbiased variance, Keras averages the biased one.
    biased = tf.cast((count - 1) / count, tf.float32)
    within = tf.reduce_mean(variances, 0) * biased
    mean = tf.reduce_mean(means, 0)
    return mean, within + tf.reduce_mean(tf.square(means - mean), 0)


def _normalize(
    x: tf.Tensor,
    gamma: tf.Tensor,
    beta: tf.Tensor,
    moments: tuple[tf.Tensor, tf.Tensor],
    epsilon: float,
    of_batch: bool,
) -> tf.Tensor:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta. Where the moments are those `of_batch`,
    the gradient goes through them too.
    """
    mean, variance = map(tf.stop_gradient, moments)

    @tf.custom_gradient
    def normalized(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> Any:
        y, *_ = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=gamma,
            offset=beta,
            mean=mean,
            variance=variance,
            epsilon=epsilon,
            is_training=False,
        )

        def gradient(dy: tf.Tensor) -> Any:
            dx, dgamma, dbeta, *_ = tf.raw_ops.FusedBatchNormGradV3(
                y_backprop=dy,
                x=x,
                scale=gamma,
                reserve_space_1=mean,
                reserve_space_2=variance,
                reserve_space_3=[],
                epsilon=epsilon,
                is_training=of_batch,
            )
            return dx, dgamma, dbeta

        return y, gradient

    return normalized(x, tf.convert_to_tensor(gamma), tf.convert_to_tensor(beta))
