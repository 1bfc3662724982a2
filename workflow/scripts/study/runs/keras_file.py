"""Keras's own file format for a trained network, written without TensorFlow.

A zip archive of the network as JSON and its variables as HDF5, the parts of what Keras 3 saves for
a Sequential (keras/src/saving/saving_lib.py) that loading it reads. Importing TensorFlow for it
would take longer than all the rest.
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


VARIABLES = {
    "Conv2D": ("conv2d", ("kernel", "bias")),
    "Dense": ("dense", ("kernel", "bias")),
    "BatchNormalization": (
        "batch_normalization",
        ("gamma", "beta", "moving_mean", "moving_variance"),
    ),
}
"""The name of the HDF5 group and the variables in Keras's order, by class of layer."""


NO_DATE = "1980-01-01@00:00:00"  # the zip format's first; a real one would be new bytes each time


def read_architecture(path: str | Path) -> Architecture:
    """The network in an architecture.json.

    Raises:
        StudyError: the file is damaged.
    """
    content = read_json(path)
    try:
        names = [layer["config"]["name"] for layer in content["config"]["layers"]]
    except (KeyError, TypeError):
        names = []
    if "output" not in names:
        raise StudyError(f"{path}: no network as Keras describes one; delete it and run again")
    return content


def write_keras_file(
    path: str | Path,
    architecture: Architecture,
    weights: Mapping[str, NDArray[Any]],
    keras_version: str,
) -> None:
    """Write a network as `keras.saving.load_model` reads it; the same network is the same bytes.

    `weights` holds the variables by `{layer}/{variable}`.

    Raises:
        KeyError: a variable is missing in `weights`.
    """
    metadata = {"keras_version": keras_version, "date_saved": NO_DATE}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (
            ("metadata.json", json.dumps(metadata)),
            ("config.json", json.dumps(architecture)),
            ("model.weights.h5", _weights_h5(architecture, weights)),
        ):
            archive.writestr(zipfile.ZipInfo(name), content)  # which has no time of day


def _weights_h5(architecture: Architecture, weights: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    seen: Counter[str] = Counter()
    with h5py.File(buffer, "w") as file:
        for layer in architecture["config"]["layers"]:
            if layer["class_name"] not in VARIABLES:
                continue
            name = layer["config"]["name"]
            group, variables = VARIABLES[layer["class_name"]]
            number = f"_{seen[group]}" if seen[group] else ""
            seen[group] += 1
            place = file.create_group(f"layers/{group}{number}/vars")
            place.attrs["name"] = name
            for position, variable in enumerate(variables):
                place[str(position)] = weights[f"{name}/{variable}"]
    return buffer.getvalue()
