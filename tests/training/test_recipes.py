"""Schedules, weight decay, momentum, smoothing and averages are those of Keras."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from study.config.study import load_study
from study.networks.layers import canonical_layers
from study.runs.definition import Settings
from study.training.augment import random_geometry, transformed
from study.training.loop import is_over
from study.training.model import build_model
from study.training.schedule import learning_rate
from study.training.trainer import Trainer

SHAPE, CLASSES, IMAGES, BATCH, EPOCHS = (8, 8, 1), 3, 36, 18, 10
STEPS = IMAGES // BATCH
RATE = 0.05
LAYERS = [["flatten", {"dense": 6}, "batch_norm"]]
SCHEDULES = keras.optimizers.schedules
DECLARED: dict[str, tuple[Any, Any]] = {
    "constant": ("constant", lambda step: RATE),
    "cosine": ("cosine", SCHEDULES.CosineDecay(RATE, EPOCHS * STEPS)),
    "cosine with warmup": (
        {"cosine": {"warmup": 1.5, "end": 0.1}},
        SCHEDULES.CosineDecay(0.0, EPOCHS * STEPS - 3, 0.1, warmup_target=RATE, warmup_steps=3),
    ),
    "exponential": ({"exponential": {"rate": 0.8}}, SCHEDULES.ExponentialDecay(RATE, STEPS, 0.8)),
    "staircase": (
        {"exponential": {"rate": 0.8, "staircase": True}},
        SCHEDULES.ExponentialDecay(RATE, STEPS, 0.8, staircase=True),
    ),
    "step": (
        {"step": {"epochs": [3, 7], "factor": 0.5}},
        SCHEDULES.PiecewiseConstantDecay([5, 13], [RATE, RATE / 2, RATE / 4]),
    ),
    "step with warmup": (
        {"step": {"epochs": [3], "warmup": 2}},
        lambda step: RATE * (step / 4 if step < 4 else 1 if step < 6 else 0.1),
    ),
    "constant with warmup": (
        {"constant": {"warmup": 2}},
        lambda step: RATE * min(1, step / 4),
    ),
}


def settings_of(default_config: dict[str, Any], **training: Any) -> Settings:
    base = {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": RATE, "activation": "tanh"}
    config = default_config | {"training": base | training}
    config["variants"] = [{"id": "a", "layers": LAYERS}]
    return load_study(config).variants[0].settings


@pytest.fixture(scope="module")
def images() -> tuple[NDArray[np.uint8], NDArray[Any]]:
    generator = np.random.default_rng(3)
    return generator.integers(0, 256, (IMAGES, *SHAPE), dtype=np.uint8), np.arange(IMAGES) % CLASSES


@pytest.mark.parametrize("name", DECLARED)
def test_the_rate_of_every_step_is_that_of_keras(default_config, name: str) -> None:
    declared, expected = DECLARED[name]
    settings = settings_of(default_config, schedule=declared)
    rate = learning_rate(settings, STEPS) or (lambda step: settings.learning_rate)
    assert (learning_rate(settings, STEPS) is None) == (name == "constant")
    for step in range(EPOCHS * STEPS):
        assert float(rate(step)) == pytest.approx(float(expected(step)), rel=1e-6, abs=1e-9), step


def test_a_warmup_leaves_a_step_of_the_schedule(default_config) -> None:
    """0.9 of one epoch of one step rounds to all of it."""
    settings = settings_of(default_config, epochs=1, schedule={"cosine": {"warmup": 0.9}})
    rate = learning_rate(settings, 1)
    assert rate is not None
    assert float(rate(0)) == pytest.approx(RATE)


RECIPES: dict[str, tuple[dict[str, Any], Any]] = {
    "adam": ({}, keras.optimizers.Adam(RATE)),
    "adam with decay": (
        {"weight_decay": 0.1},
        keras.optimizers.Adam(RATE, weight_decay=0.1),
    ),
    "adamw": ({"optimizer": "adamw"}, keras.optimizers.AdamW(RATE)),
    "adamw without decay": (
        {"optimizer": "adamw", "weight_decay": 0},
        keras.optimizers.AdamW(RATE, weight_decay=0.0),
    ),
    "momentum": (
        {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.01},
        keras.optimizers.SGD(RATE, momentum=0.9, weight_decay=0.01),
    ),
    "rmsprop": (
        {"optimizer": "rmsprop", "momentum": 0.5, "learning_rate": 0.005},
        keras.optimizers.RMSprop(0.005, momentum=0.5),
    ),
    "smoothing": ({"label_smoothing": 0.2}, keras.optimizers.Adam(RATE)),
    "smoothed focal loss": (
        {"label_smoothing": 0.2, "loss": "categorical_focal_crossentropy"},
        keras.optimizers.Adam(RATE),
    ),
    "average": ({"ema": 0.8}, keras.optimizers.Adam(RATE, use_ema=True, ema_momentum=0.8)),
    "all": (
        {
            "optimizer": "sgd",
            "momentum": 0.8,
            "weight_decay": 0.02,
            "label_smoothing": 0.1,
            "ema": 0.7,
            "schedule": {"cosine": {"warmup": 1}},
            "augment": {"shift": 0.1, "rotate": 15, "zoom": 0.2, "flip": True},
        },
        keras.optimizers.SGD(
            SCHEDULES.CosineDecay(0.0, 18, warmup_target=RATE, warmup_steps=2),
            momentum=0.8,
            weight_decay=0.02,
            use_ema=True,
            ema_momentum=0.7,
        ),
    ),
    "schedule and adam": (
        {"schedule": {"exponential": {"rate": 0.5}}, "weight_decay": 0.1},
        keras.optimizers.Adam(SCHEDULES.ExponentialDecay(RATE, STEPS, 0.5), weight_decay=0.1),
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_twenty_steps_are_those_of_keras(default_config, images, name: str) -> None:
    """From the same weights and images; then the evaluation, by the averages if any."""
    training, optimizer = RECIPES[name]
    settings = settings_of(default_config, **training)
    layers = canonical_layers(LAYERS)
    ours, plain = (build_model(layers, SHAPE, CLASSES, settings, 1) for _ in range(2))
    kind = {"categorical_crossentropy": keras.losses.CategoricalCrossentropy}.get(
        settings.loss, keras.losses.CategoricalFocalCrossentropy
    )
    loss_of = kind(label_smoothing=settings.label_smoothing)
    labels = keras.utils.to_categorical(images[1], CLASSES)

    trainer = Trainer(ours, images[0], images[1], settings, 1)
    for epoch in range(1, EPOCHS + 1):
        for _ in trainer.train_epoch(epoch):
            pass
        trainer.end_epoch()
        seen = tf.constant(images[0], tf.float32)
        if settings.augment:
            sides = (SHAPE[0], SHAPE[1])
            seen = transformed(seen, random_geometry(settings.augment, sides, IMAGES, 1, epoch))
        order = np.random.default_rng([1, epoch]).permutation(IMAGES)
        for batch in np.split(order, STEPS):
            with tf.GradientTape() as tape:
                loss = loss_of(labels[batch], plain(tf.gather(seen, batch) / 255, training=True))
            weights = plain.trainable_variables
            gradients = tape.gradient(loss, [weight.value for weight in weights])
            optimizer.apply(gradients, weights)
        if epoch == 1:
            expected = float(optimizer.learning_rate) if "schedule" not in training else None
            assert expected is None or trainer.learning_rate(1) == pytest.approx(expected)
    scaled = images[0].astype(np.float32) / 255
    check_weights(ours, plain)
    if settings.ema:
        optimizer.finalize_variable_values(plain.trainable_variables)
    score, probabilities = trainer.evaluate(*images)
    wanted = plain(scaled, training=False).numpy()
    np.testing.assert_allclose(probabilities, wanted, atol=2e-3)
    assert score.loss == pytest.approx(float(loss_of(labels, wanted)), rel=1e-2)
    trainer.averages.finish()
    check_weights(ours, plain)
    np.testing.assert_array_equal(trainer.evaluate(*images)[1], probabilities)


def check_weights(ours: keras.Model, plain: keras.Model) -> None:
    for found, wanted in zip(ours.trainable_variables, plain.trainable_variables, strict=True):
        error = np.linalg.norm(found.numpy() - wanted.numpy())
        assert error <= 2e-3 * np.linalg.norm(wanted.numpy()) + 2e-4, wanted.path


def test_training_stops_after_so_many_epochs_without_a_better_one(default_config) -> None:
    stopping = {"validation": "holdout", "early_stopping": {"patience": 2}}
    settings = settings_of(default_config, **stopping)
    rows = [{"val_metric": accuracy} for accuracy in (0.5, 0.6, 0.6, 0.7, 0.7, 0.6, 0.9)]
    over = [is_over(rows[:count], settings) for count in range(len(rows) + 1)]
    assert over == [False] * 6 + [True, False]  # an equal epoch is no better one
    assert is_over([{"val_metric": 0.1 * epoch} for epoch in range(EPOCHS)], settings)
    without = replace(settings, early_stopping=None)
    assert not is_over(rows[:6], without)
