"""What a network costs: its parameters, the values of its feature maps, its multiply-adds."""

import math
from collections.abc import Sequence

from study.networks.layers import Layer, Shape, feature_shapes


def count_values(layers: Sequence[Layer], input_shape: Shape) -> int:
    """Number of values in all feature maps of one image."""
    return sum(map(math.prod, feature_shapes(layers, input_shape)))


def count_parameters(layers: Sequence[Layer], input_shape: Shape, classes: int) -> int:
    """All parameters, as Keras counts them: a batch normalization has 4 per channel, of which
    2 are moving statistics. The softmax layer over `classes` is included.
    """
    shape = tuple(input_shape)
    total = 0
    for layer, after in zip(layers, feature_shapes(layers, input_shape), strict=True):
        match layer["type"]:
            case "conv":
                total += (layer["kernel"] ** 2 * shape[-1] + 1) * layer["filters"]
            case "dense":
                total += (shape[-1] + 1) * layer["units"]
            case "batch_norm":
                total += 4 * shape[-1]
        shape = after
    return total + (shape[-1] + 1) * classes


def multiply_adds(layers: Sequence[Layer], input_shape: Shape, classes: int) -> int:
    """Multiply-adds of one image's way through convolutions and dense layers, taps on padding
    counted like others. Training costs about three times as much.
    """
    shape = tuple(input_shape)
    total = 0
    for layer, after in zip(layers, feature_shapes(layers, input_shape), strict=True):
        match layer["type"]:
            case "conv":
                total += after[0] * after[1] * after[2] * layer["kernel"] ** 2 * shape[2]
            case "dense":
                total += shape[0] * after[0]
        shape = after
    return total + shape[0] * classes
