"""Convolutions by other ways than TensorFlow's: the same function, and fewer multiplications."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from study.config.study import load_study
from study.networks.costs import multiply_adds
from study.networks.fourier import (
    convolutions_by_fourier,
    fourier_multiply_adds,
    fourier_period,
    fourier_products,
    taken_multiply_adds,
)
from study.networks.layers import canonical_layers
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


@pytest.mark.parametrize(("side", "size"), [*itertools.product(range(1, 9), range(1, 10))])
def test_the_period_is_the_least_that_keeps_taps_from_reaching_around(side: int, size: int) -> None:
    offsets = range(-((size - 1) // 2), size // 2 + 1)

    def reaches_around(period: int) -> bool:
        return any(
            (source - place - offset) % period == 0 and source - place != offset
            for place in range(side)
            for source in range(side)
            for offset in offsets
            if abs(offset) < side
        )

    period = fourier_period(side, size)
    assert not reaches_around(period)
    assert period == 1 or reaches_around(period - 1)


@pytest.mark.parametrize(("sides", "size"), [((6, 6), 7), ((5, 4), 3), ((1, 1), 3), ((1, 2), 5)])
def test_products_are_counted_as_the_matrices_have_them(sides: tuple[int, int], size: int) -> None:
    of_map, of_kernel, back = fourier_matrices(sides, size)
    products = fourier_products(sides, size)
    assert of_map.shape == (products, math.prod(sides))
    assert of_kernel.shape == (products, size**2)
    assert back.shape == (math.prod(sides), products)


def test_a_convolution_of_7x7_on_6x6_by_hand() -> None:
    """Period 9: one real frequency and 40 complex ones of three products each."""
    transforms, products = fourier_multiply_adds((6, 6, 64), 64, 7, batch=100)
    assert products == 121 * 64 * 64
    assert transforms == 121 * (36 * 128 + 49 * 64 * 64 // 100)
    layers = canonical_layers([{"conv": {"filters": 64, "kernel": 7, "padding": "same"}}])
    (layer,) = (layer | {"stride": 1} for layer in layers)
    whole = [layer, {"type": "flatten"}]
    saved = 36 * 49 * 64 * 64 - transforms - products
    assert (
        taken_multiply_adds(whole, (6, 6, 64), 10, batch=100)
        == multiply_adds(whole, (6, 6, 64), 10) - saved
    )


def test_the_studys_convolutions_by_fourier_transforms(default_config) -> None:
    """All on maps of 5 to 7 pixels a side; the networks with 5x5 kernels have none of them."""
    study = load_study(default_config)
    found = {
        variant.id: [
            (shape[0], size)
            for shape, _, size in convolutions_by_fourier(variant.layers, (28, 28, 1), BATCH)
        ]
        for variant in study.variants
    }
    assert found == {
        "conv3-k3": [(7, 3)],
        "conv3-k5": [],
        "conv3-no-dropout": [(6, 3), (6, 7)],
        "conv3-no-bn": [(5, 7)] * 2,
        "conv5-k3": [(7, 3)] * 3,
        "conv5-k5": [],
        "conv5-no-dropout": [(6, 3)] + [(6, 7)] * 3,
        "conv5-no-bn": [(5, 7)] * 4,
        "conv7-k3": [(7, 3)] * 5,
        "conv7-k5": [],
        "conv7-no-dropout": [(6, 5)] + [(6, 7)] * 5,
        "conv7-no-bn": [(5, 7)] * 6,
    }


def test_a_small_batch_does_not_pay_for_the_transforms_of_the_kernels(default_config) -> None:
    layers = load_study(default_config).run("conv7-no-dropout", "1").layers
    found = [
        len(list(convolutions_by_fourier(layers, (28, 28, 1), batch))) for batch in (1, 8, 32, 120)
    ]
    assert found == [0, 0, 6, 6]


def test_a_gpu_keeps_the_convolutions_of_its_library(monkeypatch) -> None:
    layer = keras.layers.Conv2D(64, 7, padding="same")
    keras.Sequential([keras.Input((6, 6, 64)), layer])
    assert axes_wanted(layer, BATCH) == PIXELS_FIRST
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert axes_wanted(layer, BATCH) == BATCH_FIRST
