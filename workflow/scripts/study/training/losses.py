"""The loss of each image."""

import keras
import tensorflow as tf

from study.runs.definition import Settings


def image_losses(settings: Settings, output: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """The losses [n] of the `output` before the softmax [n, classes] for `labels` [n]."""
    classes, smoothing = output.shape[-1], settings.label_smoothing
    if settings.loss == "categorical_crossentropy":
        if not smoothing:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, output)
        wanted = tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
        return tf.nn.softmax_cross_entropy_with_logits(wanted, output)
    function = getattr(keras.losses, settings.loss)
    more = {"label_smoothing": smoothing} if smoothing else {}
    return function(tf.one_hot(labels, classes), tf.nn.softmax(output), **more)
