"""Every layer that can be declared is trained as plain Keras trains it."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from numpy.typing import NDArray

from study.config.schema import SCHEMA
from study.config.study import load_study
from study.networks.costs import count_parameters
from study.networks.layers import Layer, canonical_layers, layer_names
from study.networks.shapes import placed_layers
from study.runs.definition import Settings
from study.training.forward import DropoutKey, logits
from study.training.model import build_model
from study.training.trainer import Trainer

SHAPE, CLASSES = (12, 12, 1), 3


def conv(filters: int, kernel: int = 3, padding: str = "same", **more: Any) -> dict[str, Any]:
    given = {"filters": filters, "kernel": kernel, "padding": padding}
    return {"conv": given | {"stride": 1} | more}


PLAIN: dict[str, Any] = {"bias": False, "activation": "none"}
NETWORKS: dict[str, list[Any]] = {
    "average pooling": [conv(4), {"avg_pool": 3}, "flatten"],
    "average pooling that leaves a row": [conv(4), {"avg_pool": 5}, "flatten"],
    "global average pooling": [conv(4), {"max_pool": 2}, conv(6, 5), "global_avg_pool"],
    "after a convolution by Fourier transforms": [
        *(conv(32), {"max_pool": 2}, conv(32, 5, **PLAIN), "batch_norm", "activation"),
        *(conv(32, 5, **PLAIN), "batch_norm", {"activation": "gelu"}, "global_avg_pool"),
    ],
    "no bias, no activation": [
        *(conv(4, **PLAIN), "batch_norm", "activation", conv(4, 4, "valid", bias=False)),
        *({"max_pool": 2}, "flatten", {"dense": {"units": 8, **PLAIN}}, "batch_norm"),
    ],
    "activations of their own": [
        *(conv(4, activation="elu"), conv(4, activation="none"), {"max_pool": 2}),
        *("flatten", {"dense": {"units": 8, "activation": "silu"}}),
    ],
    "skip connections": [
        *(conv(4, **PLAIN), {"max_pool": 2}, "batch_norm", "activation"),
        {"residual": [[conv(4, **PLAIN), "batch_norm", "activation"], conv(4, 1, **PLAIN)]},
        {"residual": [conv(6, stride=2, **PLAIN), "batch_norm", {"dropout": 0.0}]},
        *("activation", {"residual": [conv(6), {"residual": [conv(8, padding="same")]}]}),
        *("flatten", {"residual": [{"dense": 72}]}, {"dense": 8}),
    ],
    "skip connections around Fourier transforms": [
        *({"max_pool": 2}, conv(32, 5), {"residual": [conv(32, 5, **PLAIN), "batch_norm"]}),
        *({"residual": [{"max_pool": 2}, conv(32, 5)]}, "activation", "global_avg_pool"),
    ],
    "a skip connection beside a pooling": [
        *(conv(4, activation="relu"), {"residual": [{"max_pool": 3}, conv(4)]}, "flatten"),
    ],
    "a declared softmax": [
        *(conv(4), {"avg_pool": 2}, "flatten"),
        *({"dense": {"units": CLASSES, **PLAIN}}, "batch_norm", "softmax"),
    ],
}


@pytest.fixture(scope="module")
def settings(default_config: dict[str, Any]) -> Settings:
    settings = load_study(default_config).variants[0].settings
    return replace(settings, activation="tanh", batch_size=30, optimizer="sgd", learning_rate=0.05)


@pytest.fixture(scope="module")
def images() -> tuple[NDArray[np.uint8], NDArray[Any]]:
    generator = np.random.default_rng(3)
    return generator.integers(0, 256, (60, *SHAPE), dtype=np.uint8), np.arange(60) % CLASSES


def plain_gradients(model: keras.Model, x: tf.Tensor, y: np.ndarray) -> tuple[Any, list[tf.Tensor]]:
    with tf.GradientTape() as tape:
        losses = keras.losses.sparse_categorical_crossentropy(y, model(x, training=True))
        loss = tf.reduce_mean(losses)
    return loss, tape.gradient(loss, [weight.value for weight in model.trainable_variables])


@pytest.mark.parametrize("network", NETWORKS)
def test_gradients_and_twenty_steps_are_those_of_keras(settings, images, network: str) -> None:
    layers = canonical_layers(NETWORKS[network])
    ours, plain = (build_model(layers, SHAPE, CLASSES, settings, 1) for _ in range(2))
    assert ours.count_params() == count_parameters(layers, SHAPE, CLASSES)
    scaled = images[0].astype(np.float32) / 255
    labels = images[1]
    check_gradients(ours, plain, scaled[:30], labels[:30])
    ours, plain = (build_model(layers, SHAPE, CLASSES, settings, 1) for _ in range(2))

    trainer = Trainer(ours, images[0], images[1], settings, 1)
    optimizer = keras.optimizers.SGD(0.05)
    for epoch in range(1, 11):
        for _ in trainer.train_epoch(epoch):
            pass
        order = np.random.default_rng([1, epoch]).permutation(60)
        for batch in (order[:30], order[30:]):
            _, gradients = plain_gradients(plain, tf.constant(scaled[batch]), labels[batch])
            optimizer.apply(gradients, plain.trainable_variables)
    for found, wanted in zip(ours.weights, plain.weights, strict=True):
        error = np.linalg.norm(found.numpy() - wanted.numpy())
        assert error <= 2e-3 * np.linalg.norm(wanted.numpy()) + 2e-4, wanted.path
    _, probabilities = trainer.evaluate(*images)
    np.testing.assert_allclose(probabilities, plain.predict(scaled, verbose=0), atol=3e-3)


def check_gradients(
    ours: keras.Model, plain: keras.Model, images: np.ndarray, labels: np.ndarray
) -> None:
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        key = DropoutKey(1, tf.constant(1, tf.int64), tf.constant(0, tf.int64))
        output = logits(ours, x, len(images), key)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, output))
    found = tape.gradient(loss, [weight.value for weight in ours.trainable_variables])
    expected_loss, expected = plain_gradients(plain, x, labels)
    assert float(loss) == pytest.approx(float(expected_loss), rel=1e-4)
    for weight, gradient, wanted in zip(ours.trainable_variables, found, expected, strict=True):
        error = np.linalg.norm(gradient - wanted)
        assert error <= 2e-3 * np.linalg.norm(wanted) + 1e-5, weight.path


@pytest.mark.parametrize("network", NETWORKS)
def test_shapes_are_those_of_keras(settings, network: str) -> None:
    layers: list[Layer] = canonical_layers(NETWORKS[network])
    model = build_model(layers, SHAPE, CLASSES, settings, seed=1)
    placed = placed_layers(layers, SHAPE)
    for each in placed:
        assert tuple(model.get_layer(each.name).output.shape[1:]) == each.after, each.name
    names = {layer.name for layer in model.layers} - {"images", "output"}
    assert names == {each.name for each in placed}
    assert names - {name for name in names if name.startswith("proj")} == set(layer_names(layers))


ACTIVATIONS = yaml.safe_load(SCHEMA.read_text("utf-8"))["$defs"]["activation"]["enum"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_can_follow_a_batch_normalization(settings, images, name: str) -> None:
    """TensorFlow fuses what it can of the three layers."""
    declared = [conv(2, **PLAIN), "batch_norm", {"activation": name}, "flatten"]
    model = build_model(canonical_layers(declared), SHAPE, CLASSES, settings, seed=1)
    activation = model.get_layer("activation_1").activation
    assert activation.__name__ == {"none": "linear"}.get(name, name)
    _, probabilities = Trainer(model, images[0], images[1], settings, 1).evaluate(*images)
    expected = model(images[0].astype(np.float32) / 255).numpy()
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
