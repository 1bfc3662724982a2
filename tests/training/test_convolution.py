"""Convolutions by other ways than TensorFlow's: the same function, and fewer multiplications."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from study.networks.fourier import fourier_products
from study.training.convolution import (
    BATCH_FIRST,
    PIXELS_FIRST,
    axes_wanted,
    convolve,
    fourier_matrices,
    rearrange,
)

BATCH = 120
ONTO_ONE_PIXEL = [
    ((1, 1), 5, 1, "same"),
    ((1, 1), 4, 1, "same"),
    ((1, 1), 1, 1, "valid"),
    ((2, 2), 5, 2, "same"),
    ((2, 2), 4, 2, "same"),
    ((1, 2), 3, 2, "same"),
    ((3, 3), 2, 3, "same"),
    ((6, 6), 5, 2, "valid"),
    ((5, 4), 4, 3, "valid"),
]
BY_FOURIER = [
    ((6, 6), 7, 1, "same"),
    ((5, 5), 7, 1, "same"),
    ((6, 6), 5, 1, "same"),
    ((7, 7), 3, 1, "same"),
    ((6, 4), 6, 1, "same"),  # one more tap behind than before
    ((4, 3), 7, 1, "same"),  # taps that never meet a pixel
]
BY_TENSORFLOW = [
    ((28, 28), 3, 1, "same"),
    ((6, 6), 3, 2, "same"),
    ((6, 6), 3, 1, "valid"),
]


@pytest.mark.parametrize(
    ("sides", "size", "strides", "padding"), [*ONTO_ONE_PIXEL, *BY_FOURIER, *BY_TENSORFLOW]
)
def test_a_convolution_and_its_gradients_are_those_of_tensorflow(
    sides: tuple[int, int], size: int, strides: int, padding: str
) -> None:
    images, channels, filters = 3, 64, 60
    layer = keras.layers.Conv2D(filters, size, strides, padding)
    keras.Sequential([keras.Input((*sides, channels)), layer])
    generator = np.random.default_rng(0)
    x = tf.constant(generator.normal(size=(images, *sides, channels)), tf.float32)
    kernel = layer.kernel.value
    weights = tf.constant(generator.normal(size=layer.output.shape[1:]), tf.float32)
    axes = axes_wanted(layer, BATCH)
    assert axes == (PIXELS_FIRST if (sides, size, strides, padding) in BY_FOURIER else BATCH_FIRST)
    results = []
    for function in (
        lambda: rearrange(
            convolve(layer, rearrange(x, BATCH_FIRST, axes), BATCH), axes, BATCH_FIRST
        ),
        lambda: tf.nn.conv2d(x, kernel, strides, padding.upper()),
    ):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function()
            loss = tf.reduce_sum(tf.sin(y) * weights)
        results.append([y, *tape.gradient(loss, [x, kernel])])
    for found, expected in zip(*results, strict=True):
        scale = float(tf.math.reduce_std(expected))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize(
    ("sides", "size"), [((6, 6), 7), ((5, 5), 7), ((6, 6), 5), ((7, 7), 3), ((14, 14), 3)]
)
def test_fourier_transforms_round_no_worse_than_a_convolution(
    sides: tuple[int, int], size: int
) -> None:
    """Both in float32, against float64, as root mean squares."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=(20, *sides, 64))
    kernel = generator.normal(size=(size, size, 64, 64))
    exact = tf.nn.conv2d(x, kernel, 1, "SAME")
    plain = tf.nn.conv2d(x.astype(np.float32), kernel.astype(np.float32), 1, "SAME")
    of_map, of_kernel, back = (m.astype(np.float32) for m in fourier_matrices(sides, size))
    flat = x.astype(np.float32).transpose(1, 2, 0, 3).reshape(math.prod(sides), -1)
    taps = kernel.astype(np.float32).reshape(size**2, -1)
    y = (of_map @ flat).reshape(-1, 20, 64) @ (of_kernel @ taps).reshape(-1, 64, 64)
    found = (back @ y.reshape(len(y), -1)).reshape(*sides, 20, 64).transpose(2, 0, 1, 3)

    def error(values: np.ndarray | tf.Tensor) -> float:
        return float(np.sqrt(np.mean((values - exact.numpy()) ** 2)))

    assert error(found) < 1.5 * error(plain.numpy())


@pytest.mark.parametrize(("sides", "size"), [((6, 6), 7), ((5, 4), 3), ((1, 1), 3), ((1, 2), 5)])
def test_products_are_counted_as_the_matrices_have_them(sides: tuple[int, int], size: int) -> None:
    of_map, of_kernel, back = fourier_matrices(sides, size)
    products = fourier_products(sides, size)
    assert of_map.shape == (products, math.prod(sides))
    assert of_kernel.shape == (products, size**2)
    assert back.shape == (math.prod(sides), products)


def test_a_gpu_keeps_the_convolutions_of_its_library(monkeypatch) -> None:
    layer = keras.layers.Conv2D(64, 7, padding="same")
    keras.Sequential([keras.Input((6, 6, 64)), layer])
    assert axes_wanted(layer, BATCH) == PIXELS_FIRST
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert axes_wanted(layer, BATCH) == BATCH_FIRST
