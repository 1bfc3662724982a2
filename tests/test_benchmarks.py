"""The benchmark counts and compares rightly; what it times is no business of the tests."""

import sys

import numpy as np
import pytest

from conftest import ROOT
from study.config.study import load_study
from study.networks.costs import multiply_adds
from study.networks.fourier import taps_on_pixels
from study.networks.layers import canonical_layers

sys.path.insert(0, str(ROOT / "benchmarks"))

from flops import done_flops, layer_multiply_adds, training_flops
from pipeline import Demo, DryRuns, Usage
from report import Outcome, against_notebook, against_torch, spread, study_estimate, targets
from speed import Speed

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


def test_a_convolution_by_fourier_transforms_by_hand() -> None:
    """7x7 on 6x6 pixels: 121 products for each pair of channels, forward and for both gradients;
    the transforms of 36 pixels and 49 taps once forward and once back.
    """
    conv = {"stride": 1, "padding": "same", "filters": 64}
    layers = canonical_layers(
        [{"conv": {"kernel": 1, **conv}}, {"conv": {"kernel": 7, **conv}}, "flatten"]
    )
    first, output = 36 * 64 * 64, 36 * 64 * 10
    transforms = 121 * (36 * (64 + 64) + 49 * 64 * 64 // 120)
    by_fourier = 2 * transforms + 3 * 121 * 64 * 64
    assert done_flops(layers, (6, 6, 64), 10, batch=120) == 2 * (
        2 * first + by_fourier + 3 * output
    )


def test_the_study_costs_55_tflop_an_epoch(default_config) -> None:
    variants = load_study(default_config).variants
    one_image = sum(training_flops(variant.layers, SHAPE, CLASSES) for variant in variants)
    assert 60_000 * one_image == pytest.approx(55e12, rel=0.01)


@pytest.fixture
def speed() -> Speed:
    """Three rounds of two networks, in seconds for 60,000 images."""
    return Speed(
        samples={
            "notebook": {"small": [4, 5, 6], "large": [40, 50, 60]},
            "alone": {"small": [1, 1, 1], "large": [20, 10, 10]},
            "beside": {"small": [2, 2, 4], "large": [18, 18, 18]},
            "torch": {"small": [2, 2, 2], "large": [10, 10, 10]},
            "product": {"small": [100, 100, 100], "large": [100, 100, 100]},
            "products": {"small": [100, 100, 100], "large": [100, 100, 100]},
        },
        evaluation={
            "beside": {"small": 0.5, "large": 1.5},
            "notebook": {"small": 1, "large": 3},
        },
        parts={
            part: {"small": seconds, "large": seconds}
            for part, seconds in {
                "checkpoint": 0.1,
                "first_step": 1,
                "first_evaluation": 0.5,
            }.items()
        },
        load=0.25,
    )


@pytest.fixture
def demo() -> Demo:
    """Two runs of two epochs: 16 s of training jobs, of which 8 s epochs."""
    jobs = {"train": [7.0, 9.0], "evaluate": [3.0, 3.0], "summarize": [2.0]}
    return Demo(runs=2, epochs=2, cores=2, wall=13, jobs=jobs, training=8)


def test_ratios_are_of_sums_and_within_a_round_for_one_network(speed: Speed) -> None:
    # (5 + 50) s on the whole machine against two at once of (2 + 18) s each
    assert against_notebook(speed, cores=2) == 55 / 10
    assert against_torch(speed) == {"small": 2, "large": 1}
    assert spread(speed, cores=2) == "`x notebook` 4.40 to 6.00, `x PyTorch` 1.00 to 1.41"


def test_the_study_is_added_up_from_its_parts(speed: Speed, demo: Demo) -> None:
    assert study_estimate(speed, demo) == pytest.approx(
        {
            "training": 12 * 20,
            "validation": 12 * 2,
            # around the epochs, traces, ten more checkpoints, 60,000 images evaluated, data read
            "rest of the train jobs": 2 * 4 + 2 * 1.5 + 10 * 0.2 + 6 * 2 + 2 * 0.25,
            "plots, exports, summary": 8 + 2 * 0.25,
            "Snakemake and waiting cores": 2 * 13 - 24,
        }
    )


def test_what_misses_its_target_is_said(speed: Speed, demo: Demo) -> None:
    flops = {"small": 10**6, "large": 10**7}
    quick, slow = Usage(10, 500), Usage(150, 3000)
    outcome = Outcome(
        *(2, speed, {"every tap": flops}, demo),
        graph=([3.0, 3.5, 9.0], [1.0, 1.0, 1.0]),
        dry_runs=[DryRuns(1000, quick, quick), DryRuns(10_000, Usage(100, 1000), slow)],
    )
    rows = targets(outcome)
    found = {(name, target): (measured, met) for name, target, measured, met in rows}
    assert len(found) == len(rows)
    assert found["training against the notebook's way", ">= 5"] == ("5.50", True)
    # 12 x (55 + 4) s against half of 300 core seconds
    assert found["whole study against the notebook's way", ">= 5"] == ("4.72", False)
    # 11 million operations for each of 60,000 images, at 100 GFLOP/s, in 20 s
    assert found["share of the matrix product, every tap", ">= 0.8"] == ("0.33", False)
    assert found["against PyTorch, slowest (large)", ">= 1"] == ("1.00", True)
    assert found["against PyTorch, geometric mean", ">= 1.3"] == ("1.41", True)
    assert found["not training", "< 5 %"] == ("12.0 %", False)
    assert found["nothing to do, more than an empty Snakefile", "< 2 s"] == ("2.5 s", False)
    assert found["dry run of 1,000, nothing done", "< 15 s"] == ("10.0 s", True)
    assert found["dry run of 10,000, everything done", "< 120 s"] == ("150.0 s", False)
    assert found["dry run of 10,000, everything done", "< 2 GiB"] == ("2.9 GiB", False)
    growth = "dry run of 10,000 against 10 times that of 1,000"
    assert found[f"{growth}, nothing done", "< 1.25 times"] == ("1.0 times", True)
    assert found[f"{growth}, everything done", "< 1.25 times"] == ("1.5 times", False)
