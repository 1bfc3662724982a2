"""The step of the optimizer is Keras's, for gradients of every size."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from study.config.recipe import KERAS_WEIGHT_DECAY
from study.config.study import load_study
from study.training.optimizer import optimizer_update


@pytest.mark.parametrize("size", [1, 1e-7])
@pytest.mark.parametrize("name", ["adam", "sgd", "rmsprop", "adamw", "nadam"])
def test_updates_are_those_of_keras(default_config, name: str, size: float) -> None:
    """Gradients of 1e-7 are as small as Adam's epsilon, which then decides about half the step."""
    settings = load_study(default_config).variants[0].settings
    decay = KERAS_WEIGHT_DECAY.get(name, 0.0)
    settings = replace(settings, optimizer=name, learning_rate=0.01, weight_decay=decay)
    generator = np.random.default_rng(0)
    start = generator.normal(size=(5, 3)).astype(np.float32)
    weight, expected = tf.Variable(start), keras.Variable(start)
    update, state = optimizer_update(settings, [weight])
    optimizer = keras.optimizers.get({"class_name": name, "config": {"learning_rate": 0.01}})
    for _ in range(5):
        gradient = tf.constant(size * generator.normal(size=(5, 3)), tf.float32)
        update([gradient])
        optimizer.apply([gradient], [expected])
    np.testing.assert_allclose(weight.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    assert all(isinstance(variable, tf.Variable) for variable in state)
