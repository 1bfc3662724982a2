"""Rounding: ours is no worse than Keras's, against float64."""

import numpy as np
import pytest
import tensorflow as tf
import yaml

from conftest import ROOT
from rounding import errors_of, read_images
from study.config.study import load_study
from study.training.batch_norm import batch_moments


@pytest.mark.parametrize(
    ("shape", "mean"),
    [
        ((120, 28, 28, 8), 0.0),
        ((120, 14, 14, 8), 100.0),
        ((7, 7, 120, 8), 1.0),
        ((120, 1, 1, 8), 1.0),
    ],
)
def test_a_batchs_moments_keep_the_digits_of_float32(shape: tuple[int, ...], mean: float) -> None:
    """Over up to 94,080 values of a channel, also where the mean is large against the spread."""
    x = np.random.default_rng(0).normal(mean, size=shape).astype(np.float32)
    found = batch_moments(tf.constant(x))
    exact = x.reshape(-1, 8).astype(np.float64)
    np.testing.assert_allclose(found[0], exact.mean(axis=0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found[1], exact.var(axis=0), rtol=2e-6)


@pytest.mark.parametrize("network", ["conv3-k5", "conv5-no-dropout"])
def test_gradients_round_at_most_twice_as_far_as_those_of_keras(default_config, network) -> None:
    """Against float64, each variable's, as benchmarks/rounding.py has it; no kink of a ReLU makes
    chance decide.
    """
    training = default_config["training"] | {"activation": "tanh"}
    study = load_study(default_config | {"training": training})
    (variant,) = (variant for variant in study.variants if variant.id == network)
    data = read_images(None, 255.0)
    (ours, our_moments), (plain, plain_moments) = errors_of(study, variant, data, 0, 3)
    for name, error in ours.items():
        assert error < 2 * plain[name], name
    assert max(our_moments.values()) < max(plain_moments.values())


def test_zeros_lost_in_fourier_transforms_matter_in_the_first_step_alone(default_config) -> None:
    """Fourier transforms turn the exact zeros of blank corners into values of 1e-8, which pass a
    ReLU whose bias is zero. After one step no bias is.
    """
    overlay = yaml.safe_load((ROOT / "config" / "controlled.yaml").read_text("utf-8"))
    study = load_study(default_config | overlay)
    network = "depth5-kernel3-no-dropout-no-batch_norm"
    (variant,) = (variant for variant in study.variants if variant.id == network)
    (ours, _), _ = errors_of(study, variant, read_images(None, 255.0), before=1, batches=5)
    assert max(ours.values()) < 5e-3
