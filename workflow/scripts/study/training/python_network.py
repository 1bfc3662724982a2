"""Networks that a function of the user's own builds, and how Keras runs them."""

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import tensorflow as tf

from study.errors import StudyError
from study.networks.layers import Shape, layer_seed
from study.networks.python import PythonNetwork, file_and_function
from study.training.forward import DropoutKey

MODULE = "network_in_python"
"""The name of the user's file as a module: one that no other module has."""


def build_python_network(
    network: PythonNetwork, input_shape: Shape, classes: int, seed: int
) -> tuple[keras.Model, str]:
    """The model that the user's function returns, and what it puts out: `logits` or `softmax`.

    Keras's own random numbers, those of initial weights among them, follow from `seed`.

    Raises:
        StudyError: the file or the function raises, or what it returns is not a network for the
            data; one line, with the user's own line where an error comes from there.
    """
    file, name = file_and_function(network.source)
    function = getattr(_calling(file, _imported, file), name, None)
    if not callable(function):
        raise StudyError(f"{network.source}: is a {type(function).__name__}, not a function")
    try:
        inspect.signature(function).bind(input_shape, classes)
    except TypeError as error:
        raise StudyError(
            f"{network.source}: must take the shape of the images and the number of classes "
            f"({error})"
        ) from None
    keras.utils.set_random_seed(layer_seed(seed, "python") % 2**31)
    model = _calling(file, function, input_shape, classes)
    problem = _problem(model, input_shape, classes)
    if problem:
        raise StudyError(f"{network.source}: {problem}")
    _calling(file, model.get_config)  # which model.keras is made from, after the training
    return model, _output(network, model)


def _imported(file: Path) -> ModuleType:
    """The file run as a module, which may import those beside it."""
    sys.path.insert(0, str(file.parent.absolute()))
    spec = importlib.util.spec_from_file_location(MODULE, file.absolute())
    assert spec is not None and spec.loader is not None  # of a name that ends with .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    return module


def _calling(file: Path, function: Callable[..., Any], *arguments: object) -> Any:
    """What the function returns; its error becomes one line with the last line of `file` in it."""
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame.lineno for frame in frames if frame.filename == str(file.absolute())]
        place = f", line {own[-1]}" if own else ""
        words = next(filter(None, map(str.strip, str(error).splitlines())), "")
        raise StudyError(f"{file}{place}: {type(error).__name__}: {words}") from error


def _problem(model: Any, input_shape: Shape, classes: int) -> str | None:
    """Why the model is no network for the data."""
    if not isinstance(model, keras.Model):
        return f"returns a {type(model).__name__}, not a Keras model"
    if not model.built:
        return "returns a model that is not built; begin it with keras.Input(input_shape)"
    if not isinstance(getattr(model, "outputs", None), list):
        return "returns a subclassed model; allowed are functional and Sequential models"
    for part, found, wanted in (
        ("takes", model.inputs, input_shape),
        ("puts out", model.outputs, (classes,)),
    ):
        shapes = [tuple(tensor.shape[1:]) for tensor in found]
        if shapes != [wanted]:
            return f"its model {part} {', '.join(map(str, shapes))}; it must be {wanted}"
    if not model.trainable_variables:
        return "its model has no weights to train"
    return None


def _output(network: PythonNetwork, model: keras.Model) -> str:
    """What the model puts out, as declared or as its last layer shows."""
    last = _last_operation(model)
    if _is_softmax(last):
        if network.output == "logits":
            raise StudyError(
                f"{network.source}: its model ends with softmax ({last.name}), but the "
                "configuration says output: logits; take one of the two out"
            )
        return "softmax"
    if network.output is None:
        raise StudyError(
            f"{network.source}: its model ends with {last.name}, which is no softmax; write "
            "output: logits beside python if the softmax is to come after it, or output: softmax "
            "if these are probabilities"
        )
    return network.output


def _last_operation(model: keras.Model) -> Any:
    last = model.outputs[0]._keras_history.operation
    return _last_operation(last) if isinstance(last, keras.Model) else last


def _is_softmax(operation: Any) -> bool:
    """Whether it is the layer Softmax, the function keras.ops.softmax, or a layer with it."""
    activation = getattr(operation, "activation", None)
    return type(operation).__name__ == "Softmax" or activation is keras.activations.softmax


def keras_logits(
    model: keras.Model, output: str, x: tf.Tensor, key: DropoutKey | None = None
) -> tf.Tensor:
    """As `forward.logits`, by Keras's own calls, for a model that puts out `output`.

    The `key` only says that the model is in training: the random numbers are those of Keras's
    layers, which keep their state.
    """
    found = model(x, training=key is not None)
    if output == "logits":
        return tf.cast(found, tf.float32)
    # Keras keeps what it took the softmax of, and its losses look there too.
    before = getattr(found, "_keras_logits", None)
    if before is not None:
        return tf.cast(before, tf.float32)
    limit = keras.config.epsilon()
    return tf.math.log(tf.clip_by_value(tf.cast(found, tf.float32), limit, 1 - limit))


def described_layers(model: keras.Model) -> list[dict[str, Any]]:
    """Name, type, shape after it and parameters of each of the model's layers."""
    return [
        {
            "name": layer.name,
            "type": type(layer).__name__,
            "shape": [list(tensor.shape[1:]) for tensor in keras.tree.flatten(layer.output)],
            "parameters": layer.count_params(),
        }
        for layer in model.layers
    ]
