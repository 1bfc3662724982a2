"""Pixels scaled by the mean and standard deviation of each channel."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from study.config.study import load_study
from study.training import scaling
from study.training.model import build_model
from study.training.scaling import channel_moments, scaling_of
from study.training.trainer import Trainer

LAYERS = [{"conv": {"filters": 4, "kernel": 3}}, "flatten"]


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """25 images in colour whose channels differ, the last of one value."""
    random = np.random.default_rng(3)
    low, high = np.array([0, 100, 7]), np.array([256, 130, 8])
    return random.integers(low, high, (25, 6, 5, 3)).astype(np.uint8)


def settings_of(config: dict[str, Any], **training: Any) -> Any:
    variants = [{"id": "a", "layers": LAYERS}]
    return load_study(config | {"training": training, "variants": variants}).variants[0]


def test_the_moments_are_those_of_all_pixels_of_a_channel(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaling, "AT_ONCE", 10)  # with a smaller last part
    mean, deviation = channel_moments(images)
    pixels = images.astype(np.float64)
    np.testing.assert_allclose(mean, pixels.mean(axis=(0, 1, 2)), rtol=1e-14)
    np.testing.assert_allclose(deviation, pixels.std(axis=(0, 1, 2)), rtol=1e-13)
    assert (mean[2], deviation[2]) == (7, 0)
    assert channel_moments(images[::-1]) == (mean, deviation)


def test_a_channel_of_one_value_becomes_zero(config, images: np.ndarray) -> None:
    found = scaling_of(settings_of(config, standardize=True).settings, images)
    scaled = found.apply(images).numpy()
    assert scaled.dtype == np.float32
    assert (scaled[..., 2] == 0).all()
    np.testing.assert_allclose(scaled[..., :2].mean(axis=(0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(scaled[..., :2].std(axis=(0, 1, 2)), 1, atol=1e-6)


def test_without_it_pixels_are_divided_alone(config, images: np.ndarray) -> None:
    """To the last bit."""
    found = scaling_of(settings_of(config, pixel_divisor=127.5).settings, images)
    assert (found.mean, found.divisor) == (None, 127.5)
    np.testing.assert_array_equal(found.apply(images), images / np.float32(127.5))


def test_standardized_images_train_what_keras_would(config, images: np.ndarray) -> None:
    """A step, then an evaluation of other images, which are scaled by the same figures."""
    variant = settings_of(config, standardize=True, optimizer="sgd", batch_size=25)
    labels, others = np.arange(25) % 10, images[:7] // 2
    channels = images.astype(np.float64)
    mean, deviation = channels.mean(axis=(0, 1, 2)), channels.std(axis=(0, 1, 2))
    deviation[2] = 1

    def scaled(some: np.ndarray) -> np.ndarray:
        return ((some - mean) / deviation).astype(np.float32)

    plain, ours = (
        build_model(variant.layers, (6, 5, 3), 10, variant.settings, seed=1) for _ in range(2)
    )
    plain.compile("sgd", "categorical_crossentropy")
    plain.optimizer.learning_rate = variant.settings.learning_rate
    plain.train_on_batch(scaled(images), keras.utils.to_categorical(labels, 10))
    trainer = Trainer(ours, images, labels, variant.settings, seed=1)
    list(trainer.train_epoch(1))
    trainer.end_epoch()
    _, probabilities = trainer.evaluate(others, labels[:7])
    np.testing.assert_allclose(
        probabilities, plain.predict(scaled(others), verbose=0), rtol=1e-4, atol=1e-6
    )


def test_the_divisor_does_not_define_a_run_that_standardizes(config) -> None:
    standardized, same = (
        settings_of(config, standardize=True, pixel_divisor=divisor).settings for divisor in (1, 2)
    )
    assert standardized == same
    assert standardized != settings_of(config).settings
    assert replace(standardized, standardize=False) == settings_of(config).settings
