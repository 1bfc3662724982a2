"""The training step computes what plain Keras computes, and the same bits every time."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from conftest import ROOT
from study.config.study import load_study
from study.config.variants import Variant
from study.training.convolution import BATCH_FIRST, PIXELS_FIRST
from study.training.forward import DropoutKey, dropout_mask, logits
from study.training.model import build_model, named_weights
from study.training.optimizer import make_optimizer
from study.training.trainer import Trainer

SHAPE, CLASSES = (28, 28, 1), 10
NETWORKS = [
    f"conv{depth}-{kind}" for depth in (3, 5, 7) for kind in ("k3", "k5", "no-dropout", "no-bn")
]


@pytest.fixture(scope="module")
def variants(default_config) -> dict[str, Variant]:
    return {variant.id: variant for variant in load_study(default_config).variants}


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """150 handwritten digits as images [150, 28, 28, 1] and labels [150]."""
    from sklearn.datasets import load_digits

    data = load_digits()
    images = np.kron(data.images[:150], np.ones((1, 3, 3))) * 255 / 16
    return np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.uint8), data.target[:150]


def make_trainer(
    variant: Variant, digits: tuple[np.ndarray, np.ndarray], seed: int = 1, **changed: Any
) -> Trainer:
    settings = replace(variant.settings, **{"batch_size": 32} | changed)
    model = build_model(variant.layers, SHAPE, CLASSES, settings, seed)
    return Trainer(model, *digits, settings, seed)


def train(trainer: Trainer, epoch: int = 1) -> Iterator[float]:
    for _ in trainer.train_epoch(epoch):
        pass
    yield trainer.end_epoch().loss


@pytest.mark.parametrize("network", NETWORKS)
def test_inference_is_that_of_keras(variants, digits, network: str) -> None:
    trainer = make_trainer(variants[network], digits)
    next(train(trainer))  # so that the moving statistics are not those of the start
    images, labels = digits
    score, probabilities = trainer.evaluate(images, labels)
    expected = trainer.model(images.astype(np.float32) / 255, training=False).numpy()
    np.testing.assert_allclose(probabilities, expected, atol=2e-5)
    assert score.accuracy == np.mean(expected.argmax(axis=1) == labels)
    losses = keras.losses.sparse_categorical_crossentropy(labels, expected)
    assert score.loss == pytest.approx(float(np.mean(losses)), rel=1e-4)


def test_images_of_several_calls_are_evaluated_as_those_of_one(
    variants, digits, monkeypatch
) -> None:
    trainer = make_trainer(variants["conv3-k5"], digits)
    score, probabilities = trainer.evaluate(*digits)
    monkeypatch.setattr("study.training.trainer.EVALUATION_CALL", 70)  # 70, 70 and 10 images
    parts, of_parts = trainer.evaluate(*digits)
    np.testing.assert_allclose(of_parts, probabilities, atol=1e-6)
    assert (parts.accuracy, parts.loss) == (score.accuracy, pytest.approx(score.loss, rel=1e-6))


def test_the_accuracy_is_that_of_the_probabilities(variants, digits) -> None:
    """Where outputs differ by too little for their probabilities to differ, the first class counts,
    as in the predictions that are stored.
    """
    trainer = make_trainer(variants["conv7-k5"], digits)
    output = trainer.model.get_layer("output")
    output.kernel.assign(tf.zeros_like(output.kernel))
    output.bias.assign(np.arange(CLASSES) * 1e-9)
    score, probabilities = trainer.evaluate(*digits)
    assert score.accuracy == np.mean(probabilities.argmax(axis=1) == digits[1])
    assert score.accuracy == np.mean(digits[1] == 0)


# A smooth activation shows that the gradients are equal. At the kink of the ReLU, rounding alone
# decides about single values, and seven layers carry that on; hence its wider bound.
@pytest.mark.parametrize(("activation", "bound"), [("tanh", 0.03), ("relu", 0.2)])
@pytest.mark.parametrize("network", ["conv3-k3", "conv3-no-bn", "conv7-k5", "conv7-no-dropout"])
def test_a_step_is_that_of_keras(
    variants, digits, network: str, activation: str, bound: float
) -> None:
    """Loss, gradients and moving statistics, with dropout off, from the same weights."""
    variant = variants[network]
    settings = replace(variant.settings, activation=activation)
    layers = [layer for layer in variant.layers if layer["type"] != "dropout"]
    images, labels = digits[0].astype(np.float32) / 255, digits[1]

    ours = build_model(layers, SHAPE, CLASSES, settings, seed=3)
    with tf.GradientTape() as tape:
        key = DropoutKey(3, tf.constant(1, tf.int64), tf.constant(0, tf.int64))
        output = logits(ours, tf.constant(images), len(images), key)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, output))
    gradients = tape.gradient(loss, [weight.value for weight in ours.trainable_variables])

    plain = build_model(layers, SHAPE, CLASSES, settings, seed=3)
    with tf.GradientTape() as tape:
        probabilities = plain(tf.constant(images), training=True)
        expected_loss = tf.reduce_mean(
            keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        )
    expected = tape.gradient(expected_loss, [weight.value for weight in plain.trainable_variables])

    assert float(loss) == pytest.approx(float(expected_loss), rel=1e-3)
    for weight, found, wanted in zip(ours.trainable_variables, gradients, expected, strict=True):
        error = np.linalg.norm(found - wanted)
        assert error <= bound * np.linalg.norm(wanted) + 1e-5, weight.path
    for name, value in named_weights(plain).items():
        if "moving" in name:
            np.testing.assert_allclose(named_weights(ours)[name], value, rtol=1e-3, atol=1e-4)


def test_a_gpu_keeps_the_batch_normalization_of_its_library(variants, digits, monkeypatch) -> None:
    """Its kernel's gradient takes other moments than the processor's, so the kernels stay a pair.
    Here the processor runs it, and trains the same but for rounding.
    """
    alone = make_trainer(variants["conv3-k5"], digits)
    next(train(alone))
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    monkeypatch.delattr("study.training.batch_norm.batch_moments")
    as_on_gpu = make_trainer(variants["conv3-k5"], digits)
    next(train(as_on_gpu))
    for name, values in named_weights(as_on_gpu.model).items():
        expected = named_weights(alone.model)[name]
        assert np.linalg.norm(values - expected) <= 0.02 * np.linalg.norm(expected) + 1e-3, name


@pytest.mark.parametrize("network", NETWORKS)
def test_each_network_learns(variants, digits, network: str) -> None:
    trainer = make_trainer(variants[network], digits, batch_size=10)
    # The networks with 5x5 kernels learn slowly and cost little.
    epochs = 18 if network.endswith("k5") else 6
    losses = [next(train(trainer, epoch)) for epoch in range(1, epochs + 1)]
    assert np.mean(losses[-3:]) < losses[0]


def test_an_epoch_takes_every_image_once_and_in_an_order_of_its_own(
    variants, digits, monkeypatch
) -> None:
    trainer = make_trainer(variants["conv7-k5"], digits)
    batches: list[np.ndarray] = []
    monkeypatch.setattr(
        trainer,
        "_train_step",
        lambda batch, epoch, step: tf.py_function(lambda x: batches.append(x.numpy()), [batch], []),
    )
    orders = []
    for epoch in (1, 2, 1):
        batches.clear()
        *_, (steps, _) = trainer.train_epoch(epoch)
        assert steps == trainer.steps_per_epoch == 5
        assert [len(batch) for batch in batches] == [32, 32, 32, 32, 22]
        orders.append(np.concatenate(batches))
    for epoch, order in zip((1, 2, 1), orders, strict=True):
        assert sorted(order) == list(range(150))
        assert (order == np.random.default_rng([1, epoch]).permutation(150)).all()
    assert (orders[0] != orders[1]).any()


def test_how_many_steps_a_call_holds_changes_no_bit(variants, digits, monkeypatch) -> None:
    found = []
    for seconds, calls in ((0, [1, 2, 3, 4, 5]), (1e6, [1, 4, 5])):
        monkeypatch.setattr("study.training.trainer.CALL_SECONDS", seconds)
        trainer = make_trainer(variants["conv3-k5"], digits)
        steps, losses = zip(*trainer.train_epoch(1), strict=True)
        assert list(steps) == calls
        score = trainer.end_epoch()
        assert losses[-1] / 150 == score.loss
        found.append((score, [variable.numpy() for variable in trainer.variables]))
    (score, state), (other_score, other_state) = found
    assert score == other_score
    for values, others in zip(state, other_state, strict=True):
        np.testing.assert_array_equal(values, others)


def test_batches_are_the_images_at_the_gathered_positions(variants, digits) -> None:
    trainer = make_trainer(variants["conv7-k5"], digits)
    positions = [5, 3, 149]
    scaled = trainer.scaling.apply(tf.gather(trainer._images, positions)).numpy()
    np.testing.assert_array_equal(scaled, digits[0][positions].astype(np.float32) / 255)


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.1])
def test_dropout_drops_its_rate_and_keeps_the_mean(rate: float) -> None:
    mask = mask_of(rate=rate, shape=(200, 14, 14, 30))
    kept = 1 / (1 - rate)
    assert set(np.unique(mask)) == {0.0, np.float32(kept)}
    standard_error = (rate * (1 - rate) / mask.size) ** 0.5
    assert (mask == 0).mean() == pytest.approx(rate, abs=5 * standard_error)


def test_dropout_masks_differ_in_all_that_decides_them_and_only_there() -> None:
    base = mask_of()
    np.testing.assert_array_equal(base, mask_of())
    others: list[dict[str, Any]] = [
        {"seed": 2},
        {"seed": 2**32 + 1},
        {"epoch": 2},
        {"step": 1},
        {"step": 1024},
        {"name": "dropout_2"},
    ]
    masks = [base, *(mask_of(**other) for other in others)]
    for one, other in itertools.combinations(masks, 2):  # the second step, the second epoch, ...
        assert (one == other).mean() == pytest.approx(0.25**2 + 0.75**2, abs=0.02)


@pytest.mark.parametrize("rate", [0.25, 0.1])
def test_dropout_drops_the_same_whatever_the_order_of_axes(rate: float) -> None:
    batch_first = mask_of(rate=rate, shape=(6, 7, 5, 30))
    pixels_first = mask_of(rate=rate, shape=(7, 5, 6, 30), axes=PIXELS_FIRST)
    np.testing.assert_array_equal(pixels_first.transpose(2, 0, 1, 3), batch_first)


def mask_of(
    seed: int = 1,
    epoch: int = 1,
    step: int = 0,
    name: str = "dropout_1",
    rate: float = 0.25,
    shape: tuple[int, ...] = (100, 7, 7, 64),
    axes: str = BATCH_FIRST,
) -> np.ndarray:
    key = DropoutKey(seed, tf.constant(epoch, tf.int64), tf.constant(step, tf.int64))
    layer = keras.layers.Dropout(rate, name=name)
    return dropout_mask(tf.zeros(shape), axes, layer, key).numpy()


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_same_run_gives_the_same_bits(variants, digits, precision: str) -> None:
    results = []
    for _ in range(2):
        trainer = make_trainer(variants["conv3-k3"], digits, precision=precision)
        results.append((list(train(trainer)), named_weights(trainer.model)))
    assert results[0][0] == results[1][0]
    for name, value in results[0][1].items():
        np.testing.assert_array_equal(value, results[1][1][name])


def test_initial_weights_follow_from_the_seed_alone(variants) -> None:
    variant = variants["conv3-k3"]

    def kernels(seed: int) -> list[np.ndarray]:
        model = build_model(variant.layers, SHAPE, CLASSES, variant.settings, seed)
        return [value for name, value in named_weights(model).items() if name.endswith("kernel")]

    for first, again, other in zip(kernels(1), kernels(1), kernels(2), strict=True):
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()


@pytest.mark.parametrize(
    "changed",
    [
        {"loss": "mean_squared_error"},
        {"loss": "categorical_focal_crossentropy"},
        {"activation": "gelu"},
        {"optimizer": "sgd"},
        {"pixel_divisor": 127.5},
    ],
)
def test_other_settings_train_what_keras_would(variants, digits, changed: dict[str, Any]) -> None:
    """One step on all images without dropout, against `train_on_batch`."""
    settings = replace(variants["conv3-k3"].settings, **{"batch_size": 150} | changed)
    layers = [layer for layer in variants["conv3-k3"].layers if layer["type"] != "dropout"]
    plain = build_model(layers, SHAPE, CLASSES, settings, seed=1)
    plain.compile(make_optimizer(settings), settings.loss)
    images, labels = digits
    scaled = images.astype(np.float32) / np.float32(settings.pixel_divisor)
    expected = plain.train_on_batch(scaled, keras.utils.to_categorical(labels, CLASSES))
    trainer = Trainer(
        build_model(layers, SHAPE, CLASSES, settings, seed=1), images, labels, settings, seed=1
    )
    assert next(train(trainer)) == pytest.approx(float(expected), rel=1e-3)


@pytest.mark.parametrize("network", ["conv3-k3", "conv7-no-dropout"])
def test_mixed_precision_steps_have_the_gradients_of_float32_to_its_own_digits(
    variants, digits, network: str
) -> None:
    """bfloat16 has 8 bits of significand, and the rounding of a layer goes through the others."""
    variant = variants[network]
    layers = [layer for layer in variant.layers if layer["type"] != "dropout"]
    settings = replace(variant.settings, activation="tanh")
    model = build_model(layers, SHAPE, CLASSES, settings, seed=3)
    images, labels = tf.constant(digits[0] / 255, tf.float32), digits[1]
    weights = [weight.value for weight in model.trainable_variables]
    key = DropoutKey(3, tf.constant(1, tf.int64), tf.constant(0, tf.int64))
    gradients = []
    for precision in (tf.float32, tf.bfloat16):
        with tf.GradientTape() as tape:
            output = logits(model, images, len(images), key, precision)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, output))
        gradients.append(tape.gradient(loss, weights))
    assert {gradient.dtype for gradient in gradients[1]} == {tf.float32}
    exact, found = (np.concatenate([np.ravel(part) for part in all_]) for all_ in gradients)
    assert 0 < np.linalg.norm(found - exact) < 0.1 * np.linalg.norm(exact)


def test_mixed_precision_is_in_the_steps_alone(variants, digits) -> None:
    """Weights stay float32, and evaluation is that of the model file."""
    trainer = make_trainer(variants["conv3-k3"], digits, precision="mixed_bfloat16")
    next(train(trainer))
    assert {variable.dtype for variable in trainer.variables} == {tf.float32, tf.int64}
    images, labels = digits
    _, probabilities = trainer.evaluate(images, labels)
    expected = trainer.model(images.astype(np.float32) / 255, training=False).numpy()
    np.testing.assert_allclose(probabilities, expected, atol=2e-5)
    exact = make_trainer(variants["conv3-k3"], digits)
    next(train(exact))
    assert any(
        (a.numpy() != b.numpy()).any()
        for a, b in zip(trainer.variables, exact.variables, strict=True)
    )


@pytest.mark.parametrize(("precision", "bound"), [("float32", 1e-3), ("mixed_bfloat16", 0.1)])
def test_steps_compiled_by_xla_are_the_same_but_for_rounding(
    variants, digits, monkeypatch, precision: str, bound: float
) -> None:
    """On the processor, where XLA is slow; dropout's masks, several steps in a call and a smaller
    last batch included.
    """
    monkeypatch.setattr("study.training.trainer.CALL_SECONDS", 1e6)
    losses, states = [], []
    for xla in (False, True):
        trainer = make_trainer(variants["conv3-k5"], digits, precision=precision, xla=xla)
        losses.append([loss for _, loss in trainer.train_epoch(1)])
        states.append([variable.numpy() for variable in trainer.variables])
    assert len(losses[0]) == 3
    assert losses[0] == pytest.approx(losses[1], rel=bound)
    assert any((a != b).any() for a, b in zip(*states, strict=True))  # XLA really was at work


def threads_of_a_process(threads: int) -> int:
    """The threads of a process with TensorFlow set up for so many, once it has computed."""
    program = f"""
import os
for name in ("TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS"): os.environ.pop(name, None)
from study.training.tensorflow_setup import configure_tensorflow
configure_tensorflow(threads={threads}, log=os.devnull)
import tensorflow as tf, keras
from tensorflow.python.util import _pywrap_util_port as port
assert port.IsMklEnabled()
assert keras.config.floatx() == "float32"
tf.matmul(tf.ones([512, 512]), tf.ones([512, 512]))
print(len(os.listdir("/proc/self/task")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / "workflow" / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
def test_a_run_has_the_asked_threads_and_onednn() -> None:
    assert threads_of_a_process(3) == threads_of_a_process(1) + 2
