"""Random geometry: what is declared, the same whenever it is drawn, and never beyond training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import affine_transform

from study.config.study import load_study
from study.training.augment import random_geometry, transformed
from study.training.model import build_model
from study.training.trainer import Trainer

NONE: dict[str, Any] = {"shift": 0.0, "rotate": 0.0, "zoom": 0.0, "flip": False}
ALL: dict[str, Any] = {"shift": 0.1, "rotate": 20.0, "zoom": 0.2, "flip": True}
SIDES = (12, 16)


def geometry(count: int = 500, seed: int = 1, epoch: int = 1, **augment: Any) -> np.ndarray:
    return random_geometry(NONE | augment, SIDES, count, seed, epoch)


def test_an_images_geometry_follows_from_seed_epoch_and_position_alone() -> None:
    first = geometry(**ALL)
    np.testing.assert_array_equal(geometry(50, **ALL), first[:50])
    for other in (geometry(seed=2, **ALL), geometry(epoch=2, **ALL)):
        assert (other != first)[:, :6].any(axis=1).all()
    assert len(np.unique(first, axis=0)) == len(first)


def test_each_setting_changes_what_it_says_and_as_far_as_it_says() -> None:
    """With the centre of 12x16 pixels at x = 7.5, y = 5.5."""
    identity = np.array([1, 0, 0, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(geometry() - identity, 0)
    moved = geometry(shift=0.25) - identity
    assert set(np.flatnonzero(np.abs(moved).max(axis=0))) == {2, 5}
    assert np.abs(moved[:, 2]).max() == pytest.approx(4, rel=0.02)
    assert np.abs(moved[:, 5]).max() == pytest.approx(3, rel=0.02)
    zoomed = geometry(zoom=0.5)
    for column in (0, 4):
        assert zoomed[:, column].min() == pytest.approx(0.5, abs=0.02)
        assert zoomed[:, column].max() == pytest.approx(1.5, abs=0.02)
    assert np.corrcoef(zoomed[:, 0], zoomed[:, 4])[0, 1] == pytest.approx(0, abs=0.2)
    turned = geometry(rotate=30)
    angles = np.rad2deg(np.arctan2(turned[:, 3], turned[:, 0]))
    assert (angles.min(), angles.max()) == pytest.approx((-30, 30), abs=1)
    flipped = geometry(flip=True)
    assert np.mean(flipped[:, 0] == -1) == pytest.approx(0.5, abs=0.1)
    np.testing.assert_array_equal(flipped[:, 2], np.where(flipped[:, 0] == -1, 15, 0))
    centre = np.array([7.5, 5.5, 1])
    for still in (zoomed, turned, flipped):
        np.testing.assert_allclose(still[:, :6].reshape(-1, 2, 3) @ centre, [centre[:2]] * 500)


def test_images_are_those_of_scipy() -> None:
    """Bilinear between pixels, the nearest pixel outside; each channel alike."""
    images = np.random.default_rng(1).integers(0, 256, (20, *SIDES, 2)).astype(np.uint8)
    drawn = geometry(20, **ALL)
    found = transformed(tf.constant(images), tf.constant(drawn)).numpy()
    for image, rows, result in zip(images, drawn[:, :6].reshape(-1, 2, 3), found, strict=True):
        matrix, offset = rows[::-1, 1::-1], rows[::-1, 2]
        for channel in range(2):
            pixels = image[..., channel].astype(float)
            expected = affine_transform(pixels, matrix, offset, order=1, mode="nearest")
            np.testing.assert_allclose(result[..., channel], expected, atol=0.05)


def test_nothing_but_training_sees_it(default_config) -> None:
    """An evaluation, of training images too, is that of the images as they are."""
    (variant,) = (v for v in load_study(default_config).variants if v.id == "conv3-k5")
    settings = replace(variant.settings, batch_size=10, augment=ALL)
    images = np.random.default_rng(2).integers(0, 256, (30, 28, 28, 1), dtype=np.uint8)
    labels = np.arange(30) % 10
    losses = []
    for augment in (ALL, None):
        model = build_model(variant.layers, (28, 28, 1), 10, settings, seed=1)
        trainer = Trainer(model, images, labels, replace(settings, augment=augment), 1)
        _, probabilities = trainer.evaluate(images, labels)
        expected = model(images.astype(np.float32) / 255, training=False)
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
        losses.append([loss for _, loss in trainer.train_epoch(1)][-1])
        _, probabilities = trainer.evaluate(images, labels)
        expected = model(images.astype(np.float32) / 255, training=False)
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert losses[0] != losses[1]
