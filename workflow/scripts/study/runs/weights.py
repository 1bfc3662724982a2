"""The weights of a run, before and after training."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.archives import read_arrays
from study.errors import StudyError


def read_weights(path: str | Path) -> dict[str, NDArray[Any]]:
    """The arrays of a weights.npz by `{initial|final|chosen}/{layer}/{variable}`: the weights
    before training, after the last epoch, and after the chosen epoch where there is one.

    Raises:
        StudyError: the file is damaged.
        OSError: the file cannot be read.
    """
    try:
        return read_arrays(path)
    except StudyError as error:
        raise StudyError(f"{error}; delete it and run again") from None


KINDS = ("conv", "dense", "output")
"""The layers declared in a configuration that have a kernel to look at."""


def kernel_layers(keys: Iterable[str]) -> list[str]:
    """The layers that have a kernel, in the network's order, from the keys of a weights.npz.

    Picked by layer name and variable, never by position: batch normalization has no kernel.
    conv_10 follows conv_9. The projections around residual layers are left out. Of a network in
    Python, whose layers have other names, the order is that of the file.
    """
    names = [match[1] for key in keys if (match := re.fullmatch(r"final/(.+)/kernel", key))]
    found = [
        (name, re.fullmatch(r"(conv|dense|output|projection)(?:_(\d+))?", name)) for name in names
    ]
    places = {
        name: (KINDS.index(match[1]), int(match[2] or 0))
        for name, match in found
        if match and match[1] in KINDS
    }
    return sorted(places, key=places.__getitem__) if all(match for _, match in found) else names


def read_kernels(path: str | Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every layer's kernel before and after training, in the network's order. A network in Python
    may have none.

    Raises:
        StudyError: the file is damaged, or a layer's initial kernel is missing.
    """
    weights = read_weights(path)
    if not any(key.startswith("final/") for key in weights):
        raise StudyError(f"{path}: no weights after training; delete it and run again")
    try:
        return {
            layer: (weights[f"initial/{layer}/kernel"], weights[f"final/{layer}/kernel"])
            for layer in kernel_layers(weights)
        }
    except KeyError as error:
        raise StudyError(f"{path}: no {error.args[0]}; delete it and run again") from error
