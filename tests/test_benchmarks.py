"""The benchmark counts and compares rightly; what it times is no business of the tests."""

import sys

import numpy as np
import pytest

from conftest import ROOT
from study.config import load_study
from study.networks import canonical_layers, multiply_adds

sys.path.insert(0, str(ROOT / "benchmarks"))

from flops import layer_multiply_adds, taps_on_pixels, training_flops

SHAPE, CLASSES = (28, 28, 1), 10


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("side", [7, 12, 28])
def test_taps_on_pixels_are_those_of_a_convolution_over_ones(
    side: int, kernel: int, stride: int, padding: str
) -> None:
    import tensorflow as tf

    ones = tf.ones((1, side, 1, 1))
    met = tf.nn.conv2d(ones, tf.ones((kernel, 1, 1, 1)), (stride, 1), padding.upper())
    assert taps_on_pixels(side, kernel, stride, padding) == int(np.sum(met))


def test_counts_agree_with_those_that_order_the_trainings(default_config) -> None:
    for variant in load_study(default_config).variants:
        counts = layer_multiply_adds(variant.layers, SHAPE, CLASSES, on_pixels=False)
        assert sum(counts) == multiply_adds(variant.layers, SHAPE, CLASSES)


def test_a_small_network_by_hand() -> None:
    layers = canonical_layers(
        [
            {"conv": {"filters": 2, "kernel": 3, "stride": 1, "padding": "same"}},
            "flatten",
            {"dense": 5},
        ]
    )
    conv, dense, output = 4 * 4 * 2 * 9, 32 * 5, 5 * 3
    assert training_flops(layers, (4, 4, 1), 3) == 2 * (2 * conv + 3 * (dense + output))
    on_pixels = (2 + 3 + 3 + 2) ** 2 * 2
    assert training_flops(layers, (4, 4, 1), 3, on_pixels=True) == 2 * (
        2 * on_pixels + 3 * (dense + output)
    )


def test_the_study_costs_55_tflop_an_epoch(default_config) -> None:
    variants = load_study(default_config).variants
    one_image = sum(training_flops(variant.layers, SHAPE, CLASSES) for variant in variants)
    assert 60_000 * one_image == pytest.approx(55e12, rel=0.01)
