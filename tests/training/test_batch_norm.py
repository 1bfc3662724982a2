"""Moving averages of batch normalization are Keras's, also of batches so small that it shows."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from study.training.batch_norm import batch_norm

CHANNELS = 4


@pytest.mark.parametrize("is_gpu", [False, True])
@pytest.mark.parametrize("shape", [(10, CHANNELS), (5, 2, 1, CHANNELS), (1, 2, 5, CHANNELS)])
def test_moving_averages_take_the_biased_variance_as_those_of_keras(
    monkeypatch, shape: tuple[int, ...], is_gpu: bool
) -> None:
    """Of ten values a channel, whose unbiased variance is a ninth larger. A GPU goes another way,
    which the processor can go as well.
    """
    if is_gpu:
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    x = np.random.default_rng(0).normal(3, 2, size=shape).astype(np.float32)
    ours, plain = keras.layers.BatchNormalization(), keras.layers.BatchNormalization()
    for layer in (ours, plain):
        layer.build(shape)
    y, expected = batch_norm(ours, tf.constant(x), training=True), plain(x, training=True)

    values = x.reshape(-1, CHANNELS).astype(np.float64)
    np.testing.assert_allclose(ours.moving_mean, 0.01 * values.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(ours.moving_variance, 0.99 + 0.01 * values.var(axis=0), rtol=1e-5)
    np.testing.assert_allclose(ours.moving_variance, plain.moving_variance, rtol=1e-5)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
