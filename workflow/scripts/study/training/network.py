"""The network of a run, declared or in Python, as a Keras model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from study.errors import StudyError
from study.files import write_json
from study.networks.costs import count_parameters
from study.networks.python import python_network
from study.runs.definition import Definition
from study.training.model import build_model
from study.training.python_network import build_python_network, described_layers


@dataclass(frozen=True)
class Network:
    """A model with its initial weights, and what metrics.json says of it.

    `output` is what a network in Python puts out, `logits` or `softmax`; None for declared layers.
    """

    model: keras.Model
    output: str | None
    description: dict[str, Any]


def network_or_report(
    definition: Definition, source: str, manifest: Mapping[str, Any], failure: Path
) -> Network:
    """As `run_network`; why there is none is left in the file `failure` too."""
    try:
        return run_network(definition, source, manifest)
    except StudyError as error:
        write_json(failure, {"error": str(error), "epoch": 0})
        raise


def run_network(definition: Definition, source: str, manifest: Mapping[str, Any]) -> Network:
    """The network of the run; one in Python is built by the function at `source`.

    Raises:
        StudyError: that function cannot be had or does not return a network for the data.
    """
    layers, seed = definition.layers, definition.seed
    shape, classes = tuple(manifest["input_shape"]), manifest["classes"]
    if layers is not None:
        model = build_model(layers, shape, classes, definition.settings, seed)
        parameters = count_parameters(layers, shape, classes)
        return Network(model, None, {"parameters": parameters, "layers": layers})
    assert definition.python is not None
    network = python_network(source, definition.python["output"])
    if network.definition != definition.python:
        raise StudyError(f"{source}: has changed since this training was planned; run again")
    model, output = build_python_network(network, shape, classes, seed)
    return Network(
        model,
        output,
        {
            "parameters": model.count_params(),
            "layers": described_layers(model),
            "python": {"source": source, "digest": network.digest, "output": output},
        },
    )
