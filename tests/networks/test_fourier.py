"""Convolutions by Fourier transforms: which ones, and their arithmetic, counted another way."""

import itertools
import math

import pytest

from study.config.study import load_study
from study.networks.costs import count_parameters, count_values, largest_layer, multiply_adds
from study.networks.fourier import (
    WORTHWHILE,
    convolutions_by_fourier,
    count_fourier_values,
    fourier_multiply_adds,
    fourier_period,
    fourier_products,
    is_cheaper_by_fourier,
    taken_multiply_adds,
    taps_on_pixels,
)
from study.networks.layers import Layer, canonical_layers

BATCH = 120


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


def conv(filters: int = 64, kernel: int = 7, stride: int = 1, padding: str = "same") -> Layer:
    return {
        **{"type": "conv", "filters": filters, "kernel": kernel},
        **{"stride": stride, "padding": padding},
    }


@pytest.mark.parametrize("sides", [(6, 6), (5, 4), (1, 1), (1, 2), (3, 7)])
@pytest.mark.parametrize("size", [1, 3, 4, 7])
def test_a_frequency_and_its_mirror_take_three_products(sides: tuple[int, int], size: int) -> None:
    """One that is its own mirror is real, and takes one."""
    periods = [fourier_period(side, size) for side in sides]
    seen, products = set(), 0
    for frequency in itertools.product(*map(range, periods)):
        mirror = tuple(-f % period for f, period in zip(frequency, periods, strict=True))
        if frequency not in seen:
            products += 1 if mirror == frequency else 3
        seen |= {frequency, mirror}
    assert fourier_products(sides, size) == products


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("side", "kernel"), [(1, 1), (6, 3), (6, 4), (7, 7), (5, 7), (28, 5)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_tap_counts_where_it_meets_a_pixel(
    side: int, kernel: int, stride: int, padding: str
) -> None:
    """Against a line of ones between zeros, as TensorFlow pads it: one more zero behind if odd."""
    if padding == "valid" and kernel > side:
        return
    outputs = math.ceil(side / stride if padding == "same" else (side - kernel + 1) / stride)
    zeros = max(0, (outputs - 1) * stride + kernel - side) if padding == "same" else 0
    line = [0] * (zeros // 2) + [1] * side + [0] * (zeros - zeros // 2)
    starts = range(0, len(line) - kernel + 1, stride)
    assert taps_on_pixels(side, kernel, stride, padding) == sum(
        sum(line[start : start + kernel]) for start in starts
    )


def test_only_convolutions_with_padding_and_stride_1_go_by_fourier_transforms() -> None:
    shape = (6, 6, 64)
    assert is_cheaper_by_fourier(conv(), shape, BATCH)
    for other in (conv(stride=2), conv(padding="valid"), {"type": "dense", "units": 9}):
        assert not is_cheaper_by_fourier(other, shape, BATCH)


@pytest.mark.parametrize("side", range(2, 15))
@pytest.mark.parametrize("size", [3, 5, 7])
def test_fourier_transforms_are_taken_where_they_save_15_percent(side: int, size: int) -> None:
    shape = (side, side + 1, 32)
    taps = taps_on_pixels(side, size, 1, "same") * taps_on_pixels(side + 1, size, 1, "same")
    share = sum(fourier_multiply_adds(shape, 48, size, BATCH)) / (taps * 32 * 48)
    assert is_cheaper_by_fourier(conv(48, size), shape, BATCH) == (share < 0.85 == WORTHWHILE)


def test_the_arithmetic_of_oblong_maps_by_hand() -> None:
    """Height, width, channels and filters all differ, so that none can stand for another."""
    layers = canonical_layers(
        [
            {"conv": {"filters": 5, "kernel": 3, "stride": 2, "padding": "valid"}},
            *({"max_pool": 2}, "batch_norm", {"dropout": 0.5}, "flatten", {"dense": 6}),
        ]
    )
    shape = (11, 19, 2)  # 5 x 9 x 5 after the convolution, 2 x 4 x 5 after the pooling
    assert multiply_adds(layers, shape, 10) == 5 * 9 * 5 * 3 * 3 * 2 + 40 * 6 + 6 * 10
    assert count_values(layers, shape) == 5 * 9 * 5 + 4 * 40 + 6
    assert count_parameters(layers, shape, 10) == (9 * 2 + 1) * 5 + 4 * 5 + 41 * 6 + 7 * 10
    assert largest_layer(layers, shape) == ("dense_1", 41 * 6)
    assert taken_multiply_adds(layers, shape, 10, BATCH) == multiply_adds(layers, shape, 10)
    assert count_fourier_values(layers, shape, BATCH) == 0


def test_what_fourier_transforms_save_on_an_oblong_map() -> None:
    """Of two convolutions the second is by transforms: those of 5 x 6 pixels, of 32 channels."""
    layers = [conv(32, 2, 2), conv(48, 7), {"type": "flatten"}]
    shape, before = (10, 12, 3), (5, 6, 32)
    found = [*convolutions_by_fourier(layers, shape, BATCH)]
    assert found == [(before, 48, 7)]
    products = fourier_products((5, 6), 7)
    assert count_fourier_values(layers, shape, BATCH) == products * 32
    transforms = products * (30 * (32 + 48) + 49 * 32 * 48 // BATCH)
    assert fourier_multiply_adds(before, 48, 7, BATCH) == (transforms, products * 32 * 48)
    first, flat = 5 * 6 * 32 * 2 * 2 * 3, 5 * 6 * 48 * 10
    assert taken_multiply_adds(layers, shape, 10, BATCH) == (
        first + transforms + products * 32 * 48 + flat
    )
