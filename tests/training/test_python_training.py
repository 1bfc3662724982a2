"""Networks in Python: built, refused, and trained as Keras trains them."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from conftest import ROOT
from python_networks import all_kinds, written
from study.config.study import load_study
from study.data.split import Data
from study.errors import StudyError
from study.networks.python import PythonNetwork, python_network
from study.runs.definition import Definition, Settings
from study.training.loop import Training, train
from study.training.model import named_weights, set_weights
from study.training.network import run_network
from study.training.python_network import build_python_network
from study.training.stop import Interrupted, StopRequest
from study.training.trainer import Trainer
from test_resume import StopAfter

SHAPE, CLASSES, BATCH, STEPS, SEED = (8, 8, 1), 3, 20, 4, 2
Recipe = dict[str, Any]


@pytest.fixture(autouse=True)
def one_step_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("study.training.trainer.CALL_SECONDS", 0)


@pytest.fixture(scope="module")
def images() -> Data:
    generator = np.random.default_rng(3)
    return generator.integers(0, 256, (70, *SHAPE), dtype=np.uint8), (
        np.arange(70) % CLASSES
    ).astype(np.uint8)


def settings_of(default_config: dict[str, Any], network: PythonNetwork, **recipe: Any) -> Settings:
    config = default_config | {"training": {"epochs": 5, "batch_size": BATCH} | recipe}
    config["variants"] = [{"id": "a", "python": network.source}]
    return load_study(config).variants[0].settings


def begun(network: PythonNetwork, images: Data, settings: Settings) -> Trainer:
    model, output = build_python_network(network, SHAPE, CLASSES, SEED)
    return Trainer(model, *images, settings, SEED, output)


def trained_by_keras(
    network: PythonNetwork, images: Data, settings: Settings, optimizer: keras.Optimizer
) -> dict[str, NDArray[np.float32]]:
    model, output = build_python_network(network, SHAPE, CLASSES, SEED)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=output == "logits")
    model.compile(optimizer, loss)

    @tf.function
    def step(x: tf.Tensor, y: tf.Tensor) -> None:
        model.train_step((x, y))

    pixels, labels = images
    for epoch in range(1, settings.epochs + 1):
        order = np.random.default_rng([SEED, epoch]).permutation(len(labels))
        for first in range(0, len(order), BATCH):
            taken = order[first : first + BATCH]
            step(tf.constant(pixels[taken] / np.float32(255)), tf.constant(labels[taken]))
    if settings.ema:
        optimizer.finalize_variable_values(model.trainable_variables)
    return named_weights(model)


RECIPES: dict[str, tuple[str, Recipe, keras.Optimizer]] = {
    "adam": ("softmax", {}, keras.optimizers.Adam(0.01)),
    "logits, sgd": (
        "logits",
        {"optimizer": "sgd", "momentum": 0.9},
        keras.optimizers.SGD(0.01, momentum=0.9),
    ),
    "average": (
        "softmax",
        {"ema": 0.8},
        keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.8),
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_twenty_steps_are_those_of_keras(
    default_config: dict[str, Any], images: Data, tmp_path: Path, name: str
) -> None:
    """Penalties, constraints, moving statistics and the random numbers of Keras's own layers."""
    output, recipe, optimizer = RECIPES[name]
    network = all_kinds(tmp_path, output)
    settings = settings_of(default_config, network, learning_rate=0.01, **recipe)
    trainer = begun(network, images, settings)
    initial = named_weights(trainer.model)
    for epoch in range(1, 6):
        assert [step for step, _ in trainer.train_epoch(epoch)] == [1, 2, 3, 4]
    trainer.averages.finish()
    expected = trained_by_keras(network, images, settings, optimizer)
    found = named_weights(trainer.model)
    assert {"first/conv/kernel", "second/conv/kernel", "second/norm/moving_mean"} < found.keys()
    assert len(found) == len(trainer.model.weights)
    for key, values in found.items():
        assert np.abs(values - initial[key]).max() > 1e-3, key
        np.testing.assert_allclose(values, expected[key], rtol=2e-4, atol=2e-5, err_msg=key)


@pytest.mark.parametrize("stops", [[1], [STEPS], [2, 1, 5]])
def test_a_stop_in_mid_epoch_changes_no_bit(
    default_config: dict[str, Any], images: Data, tmp_path: Path, stops: list[int]
) -> None:
    network = all_kinds(tmp_path)
    recipe: Recipe = {"ema": 0.9, "augment": {"shift": 0.1}, "schedule": "cosine", "epochs": 3}
    settings = settings_of(default_config, network, **recipe)

    def training(name: str) -> Training:
        trainer = begun(network, images, settings)
        return Training("a run", trainer, tmp_path / f"{name}.npz", "key")

    whole = training("whole")
    train(whole, images, images, StopRequest())
    for steps in stops:
        with pytest.raises(Interrupted):
            train(training("parts"), images, images, StopAfter(steps))
    parts = training("parts")
    train(parts, images, images, StopRequest())

    times = {"seconds": 0, "train_seconds": 0, "load": 0}
    for row, expected in zip(parts.progress.rows, whole.progress.rows, strict=True):
        assert row | times == expected | times
    for value, other in zip(parts.trainer.variables, whole.trainer.variables, strict=True):
        np.testing.assert_array_equal(value.numpy(), other.numpy())


def test_the_initial_weights_follow_from_the_seed(tmp_path: Path) -> None:
    network = all_kinds(tmp_path)

    def kernel(seed: int) -> NDArray[np.float32]:
        model, _ = build_python_network(network, SHAPE, CLASSES, seed)
        return named_weights(model)["first/conv/kernel"]

    np.testing.assert_array_equal(kernel(1), kernel(1))
    assert not np.array_equal(kernel(1), kernel(2))


def test_logits_and_probabilities_are_evaluated_alike(
    default_config: dict[str, Any], images: Data, tmp_path: Path
) -> None:
    found = []
    for output in ("softmax", "logits"):
        network = all_kinds(tmp_path, output)
        trainer = begun(network, images, settings_of(default_config, network))
        score, probabilities = trainer.evaluate(*images)
        expected = trainer.model.predict(images[0] / np.float32(255), verbose=0)
        expected = expected if output == "softmax" else keras.ops.softmax(expected)
        np.testing.assert_allclose(probabilities, expected, atol=1e-6)
        found.append((score, probabilities))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_probabilities_that_keras_cannot_look_behind(
    default_config: dict[str, Any], images: Data, tmp_path: Path
) -> None:
    mean = """
        import keras
        def build(input_shape, classes):
            x = keras.Input(input_shape)
            y = keras.layers.Flatten()(x)
            halves = [keras.layers.Dense(classes, activation="softmax")(y) for _ in range(2)]
            return keras.Model(x, keras.layers.Average()(halves))
    """.replace("\n        ", "\n")
    network = written(tmp_path, mean, "softmax")
    trainer = begun(network, images, settings_of(default_config, network))
    score, probabilities = trainer.evaluate(*images)
    expected = trainer.model.predict(images[0] / np.float32(255), verbose=0)
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    loss = keras.losses.sparse_categorical_crossentropy(images[1], expected)
    assert score.loss == pytest.approx(float(np.mean(loss)), rel=1e-5)


def test_the_example_and_its_saved_model(tmp_path: Path) -> None:
    network = python_network(f"{ROOT / 'config/networks/separable.py'}:build", None)
    model, output = build_python_network(network, (28, 28, 1), 10, 1)
    depthwise, pointwise = 9 * (1 + 16 + 32), 16 + 16 * 32 + 32 * 64
    norms, dense = 4 * (16 + 32 + 64), 65 * 10
    assert (model.count_params(), output) == (depthwise + pointwise + norms + dense, "softmax")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    some = np.random.default_rng(1).random((3, 28, 28, 1), dtype=np.float32)
    np.testing.assert_array_equal(model(some), loaded(some))
    weights = {name: values + 1 for name, values in named_weights(model).items()}
    set_weights(model, weights, "a file")
    assert all(np.array_equal(named_weights(model)[name], weights[name]) for name in weights)


BUILT = "keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), {}])"
SOFTMAX = 'keras.layers.Dense(classes, activation="softmax")'
MISTAKES = {
    "raises": ("raise ValueError('no\\nsuch thing')", "mine.py, line 4: ValueError: no$"),
    "cannot be saved": (
        "images = keras.Input(input_shape); of = type('Odd', (keras.layers.Flatten,), "
        "{'get_config': lambda self: {}['size']}); "
        "return keras.Sequential([images, of(), keras.layers.Dense(classes, 'softmax')])",
        "mine.py, line 4: KeyError: 'size'$",
    ),
    "raises elsewhere": ("return keras.layers.Dense('x')", "mine.py, line 4: ValueError: "),
    "exits": ("exit(0)", "mine.py, line 4: SystemExit: 0$"),
    "no model": ("return 3", "mine.py:build: returns a int, not a Keras model$"),
    "not built": (
        "return keras.Sequential([keras.layers.Dense(3)])",
        "mine.py:build: returns a model that is not built; begin it with keras.Input",
    ),
    "another shape": (
        f"input_shape = (9, 8, 1); return {BUILT.format(SOFTMAX)}",
        r"mine.py:build: its model takes \(9, 8, 1\); it must be \(8, 8, 1\)$",
    ),
    "other classes": (
        f"classes = 4; return {BUILT.format(SOFTMAX)}",
        r"mine.py:build: its model puts out \(4,\); it must be \(3,\)$",
    ),
    "no weights": (
        "images = keras.Input(input_shape); "
        "return keras.Model(images, keras.layers.Flatten()(images)[:, :classes])",
        "mine.py:build: its model has no weights to train$",
    ),
    "no softmax": (
        f"return {BUILT.format('keras.layers.Dense(classes, name=chr(97))')}",
        "mine.py:build: its model ends with a, which is no softmax; write output: logits beside "
        "python if the softmax is to come after it, or output: softmax if these are probab",
    ),
    "softmax after all": (
        f"return {BUILT.format(SOFTMAX)}",
        r"mine.py:build: its model ends with softmax \(dense.*\), but the .* says output: logits",
    ),
    "softmax as a function": (
        "images = keras.Input(input_shape); x = keras.layers.Flatten()(images); "
        "return keras.Model(images, keras.ops.softmax(keras.layers.Dense(classes)(x)))",
        r"mine.py:build: its model ends with softmax \(softmax.*\), but the .* says output: logits",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_function_that_builds_no_network_is_named_in_one_line(tmp_path: Path, name: str) -> None:
    body, message = MISTAKES[name]
    code = f"import keras\n\ndef build(input_shape, classes):\n    {body}\n"
    network = written(tmp_path, code, "logits" if "softmax " in name else None)
    with pytest.raises(StudyError, match=message) as caught:
        build_python_network(network, SHAPE, CLASSES, SEED)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nothing_like_it\ndef build(a, b): ...", "line 1: ModuleNotFoundError: No module"),
        ("build = 3", "mine.py:build: is a int, not a function"),
        ("def build(a): ...", r"mine.py:build: must take .* and the number of classes \(too many"),
    ],
)
def test_a_file_without_such_a_function_is_named(tmp_path: Path, code: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        build_python_network(written(tmp_path, code), SHAPE, CLASSES, SEED)


def test_a_file_may_import_those_beside_it(tmp_path: Path) -> None:
    (tmp_path / "blocks_beside.py").write_text("import keras\nlast = keras.layers.Dense\n")
    model = BUILT.format("last(classes, activation='softmax')")
    code = f"from blocks_beside import *\ndef build(input_shape, classes):\n    return {model}"
    assert build_python_network(written(tmp_path, code), SHAPE, CLASSES, SEED)[1] == "softmax"


def test_code_that_has_changed_since_it_was_planned_is_not_trained(
    default_config: dict[str, Any], tmp_path: Path
) -> None:
    network = all_kinds(tmp_path)
    settings = settings_of(default_config, network)
    definition = Definition(1, settings, python=network.definition)
    manifest = {"input_shape": SHAPE, "classes": CLASSES}
    described = run_network(definition, network.source, manifest).description
    assert described["python"] == {
        "source": network.source,
        "digest": network.digest,
        "output": "softmax",
    }
    assert described["layers"][1] == {
        **{"name": "first", "type": "Sequential", "shape": [[6, 6, 4]]},
        "parameters": 9 * 4 + 4 * 4,
    }
    all_kinds(tmp_path, "logits")
    with pytest.raises(StudyError, match=r"mine\.py:build: has changed since this training was"):
        run_network(definition, network.source, manifest)
