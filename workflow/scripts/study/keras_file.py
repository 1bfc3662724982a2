"""Keras's own file format for a trained network, written without TensorFlow.

A zip archive of the network as JSON and its variables as HDF5, as Keras 3 saves a Sequential
(keras/src/saving/saving_lib.py). Importing TensorFlow for it would take longer than all the rest.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
from numpy.typing import NDArray

from study.errors import StudyError
from study.files import read_json

Architecture = dict[str, Any]
"""A network as in Keras's `Model.to_json`."""

GROUPS = {"Conv2D": "conv2d", "Dense": "dense", "BatchNormalization": "batch_normalization"}
"""Names of HDF5 groups, by the class of the layers that have weights."""


def read_architecture(path: str | Path) -> Architecture:
    """The network in an architecture.json.

    Raises:
        StudyError: the file is damaged.
    """
    content = read_json(path)
    try:
        layers = content["config"]["layers"]
        named = [(layer["class_name"], layer["config"]["name"]) for layer in layers]
    except (KeyError, TypeError):
        named = []
    if not named:
        raise StudyError(f"{path}: no network as Keras describes one; delete it and run again")
    return content


def write_keras_file(
    path: str | Path,
    architecture: Architecture,
    weights: Mapping[str, NDArray[Any]],
    keras_version: str,
) -> None:
    """Write a network as `keras.saving.load_model` reads it; the same network is the same bytes.

    `weights` holds the variables by `{layer}/{variable}`, those of a layer in Keras's order.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (
            ("metadata.json", json.dumps({"keras_version": keras_version})),
            ("config.json", json.dumps(architecture)),
            ("model.weights.h5", _weights_h5(architecture, weights)),
        ):
            archive.writestr(zipfile.ZipInfo(name), content)  # which has no time of day


def _weights_h5(architecture: Architecture, weights: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    seen: Counter[str] = Counter()
    with h5py.File(buffer, "w") as file:
        for layer in architecture["config"]["layers"]:
            group = GROUPS.get(layer["class_name"])
            if group is None:
                continue
            number = f"_{seen[group]}" if seen[group] else ""
            seen[group] += 1
            variables = file.create_group(f"layers/{group}{number}/vars")
            prefix = f"{layer['config']['name']}/"
            own = [values for name, values in weights.items() if name.startswith(prefix)]
            for position, values in enumerate(own):
                variables[str(position)] = values
    return buffer.getvalue()
