"""The networks as Keras models of standard layers."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from study.errors import StudyError
from study.networks.layers import Layer, Named, Shape, layer_seed, named_layers
from study.networks.shapes import implies_output, projection
from study.runs.definition import Settings


def build_model(
    layers: Sequence[Layer], input_shape: Shape, classes: int, settings: Settings, seed: int
) -> keras.Model:
    """The network with its initial weights. Those of a layer follow from `seed`, the layer's name
    and its shape alone, whatever the other layers are.

    Maps images [n, *input_shape], scaled as in `scaling_of`, to probabilities [n, classes].
    Layers are named as in `named_layers` and `projection`; the implied softmax layer is named
    `output`. A network whose layers all come one after another is a Sequential model.
    """
    images = keras.Input(input_shape, name="images")
    output = []
    if implies_output(layers):
        # The output layer keeps Keras's own kind of initializer, as in the notebook.
        initializer = _seeded_initializer("glorot_uniform", seed, "output")
        kind = {"activation": "softmax", "kernel_initializer": initializer, "name": "output"}
        output = [keras.layers.Dense(classes, **kind)]
    named = named_layers(layers)
    if not any(layer["type"] == "residual" for layer in layers):
        model = keras.Sequential([images])
        for name, layer, _ in named:
            model.add(_keras_layer(layer, name, settings, seed))
        for last in output:
            model.add(last)
        return model
    x = _after(named, images, settings, seed)
    for last in output:
        x = last(x)
    return keras.Model(images, x)


def _after(
    layers: Sequence[Named], x: keras.KerasTensor, settings: Settings, seed: int
) -> keras.KerasTensor:
    """Keras's tensor after the layers, those of residual layers included."""
    for name, layer, inner in layers:
        if layer["type"] != "residual":
            x = _keras_layer(layer, name, settings, seed)(x)
            continue
        added = _after(inner, x, settings, seed)
        for part_name, part in projection(name, layer, x.shape[1:], added.shape[1:]):
            x = _keras_layer(part, part_name, settings, seed)(x)
        x = keras.layers.Add(name=name)([x, added])
    return x


def _seeded_initializer(kind: str, seed: int, name: str) -> keras.Initializer:
    """Keras's initializer `kind` with the seed of the layer `name`, where it takes a seed."""
    initializer = keras.initializers.get(kind)
    config = initializer.get_config()
    if "seed" in config:
        config["seed"] = _keras_seed(seed, name)
    return type(initializer).from_config(config)


def _keras_seed(seed: int, name: str) -> int:
    """The layer's seed in the 31 bits that Keras's TensorFlow backend uses."""
    return layer_seed(seed, name) % 2**31


def _keras_layer(layer: Layer, name: str, settings: Settings, seed: int) -> keras.Layer:
    common: dict[str, Any] = {"name": name}
    if "activation" in layer:
        activation = layer["activation"] or settings.activation
        common["activation"] = None if activation == "none" else activation
    if layer["type"] in ("conv", "dense"):
        assert settings.initializer  # None for a network in Python only
        common["kernel_initializer"] = _seeded_initializer(settings.initializer, seed, name)
        common["use_bias"] = layer["bias"]
    match layer["type"]:
        case "conv":
            return keras.layers.Conv2D(
                layer["filters"],
                layer["kernel"],
                strides=layer["stride"],
                padding=layer["padding"],
                **common,
            )
        case "max_pool":
            return keras.layers.MaxPooling2D(layer["size"], name=name)
        case "avg_pool":
            return keras.layers.AveragePooling2D(layer["size"], name=name)
        case "global_avg_pool":
            return keras.layers.GlobalAveragePooling2D(name=name)
        case "dropout":
            # Training draws its masks without this seed; model.keras holds it.
            return keras.layers.Dropout(layer["rate"], seed=_keras_seed(seed, name), name=name)
        case "batch_norm":
            return keras.layers.BatchNormalization(name=name)
        case "flatten":
            return keras.layers.Flatten(name=name)
        case "dense":
            return keras.layers.Dense(layer["units"], **common)
        case "activation":
            return keras.layers.Activation(**common)
        case "softmax":
            return keras.layers.Softmax(name=name)
    raise ValueError(f"no such layer: {layer['type']}")


def weight_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """The variables of the network by `{layer}/{variable}`, such as `conv_1/kernel`; of layers
    inside another one by their whole path.

    The state of random layers is left out: it is no weight.
    """
    found: dict[str, keras.Variable] = {}
    for layer in model.layers:
        for variable in layer.weights:
            if any(variable is other for other in found.values()):  # of a layer used twice
                continue
            inside = f"/{variable.path}".rpartition(f"/{layer.name}/")[2].lstrip("/")
            name = f"{layer.name}/{inside}"
            while name in found:
                name += "_"
            found[name] = variable
    return found


def named_weights(model: keras.Model) -> dict[str, NDArray[np.float32]]:
    """The values of `weight_variables`."""
    return {name: variable.numpy() for name, variable in weight_variables(model).items()}


def set_weights(model: keras.Model, weights: Mapping[str, NDArray[Any]], source: str) -> None:
    """Give the model the weights by `{layer}/{variable}`, as `named_weights` names them.

    Raises:
        StudyError: `source` lacks a weight or has one of another shape.
    """
    for name, variable in weight_variables(model).items():
        if name not in weights or weights[name].shape != tuple(variable.shape):
            raise StudyError(f"{source}: no {name} of the shape {tuple(variable.shape)}")
        variable.assign(weights[name])
