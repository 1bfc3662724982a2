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


def kernel_layers(keys: Iterable[str]) -> list[str]:
    """The layers that have a kernel, in the network's order, from the keys of a weights.npz.

    Picked by layer name and variable, never by position: batch normalization has no kernel.
    conv_10 follows conv_9.
    """
    found = (re.fullmatch(r"final/((\w+?)(?:_(\d+))?)/kernel", key) for key in keys)
    layers = [
        (KINDS.index(match[2]), int(match[3] or 0), match[1])
        for match in found
        if match and match[2] in KINDS
    ]
    return [name for _, _, name in sorted(layers)]


def read_kernels(path: str | Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every layer's kernel before and after training, in the network's order.

    Raises:
        StudyError: the file is damaged, or a layer's initial kernel is missing.
    """
    weights = read_weights(path)
    try:
        kernels = {
            layer: (weights[f"initial/{layer}/kernel"], weights[f"final/{layer}/kernel"])
            for layer in kernel_layers(weights)
        }
    except KeyError as error:
        raise StudyError(f"{path}: no {error.args[0]}; delete it and run again") from error
    if not kernels:
        raise StudyError(f"{path}: no kernel of a {', '.join(KINDS)} layer")
    return kernels
