"""What a network costs: its parameters, the values of its feature maps, its multiply-adds."""

import math
from collections.abc import Sequence

from study.networks.layers import Layer, Shape, feature_shapes, layer_names


def count_values(layers: Sequence[Layer], input_shape: Shape) -> int:
    """Number of values in all feature maps of one image."""
    return sum(map(math.prod, feature_shapes(layers, input_shape)))


def count_parameters(layers: Sequence[Layer], input_shape: Shape, classes: int) -> int:
    """All parameters, as Keras counts them: a batch normalization has 4 per channel, of which
    2 are moving statistics. The softmax layer over `classes` is included.
    """
    shapes = [tuple(input_shape), *feature_shapes(layers, input_shape)]
    return sum(_parameters(layers, shapes)) + (shapes[-1][-1] + 1) * classes


def largest_layer(layers: Sequence[Layer], input_shape: Shape) -> tuple[str, int]:
    """The name of the layer with the most parameters, and their number."""
    shapes = [tuple(input_shape), *feature_shapes(layers, input_shape)]
    counts = zip(layer_names(layers), _parameters(layers, shapes), strict=True)
    return max(counts, key=lambda count: count[1])


def _parameters(layers: Sequence[Layer], shapes: Sequence[Shape]) -> list[int]:
    """The parameters of each layer; `shapes` has that of the images first."""
    counts = []
    for layer, shape in zip(layers, shapes, strict=False):
        match layer["type"]:
            case "conv":
                counts.append((layer["kernel"] ** 2 * shape[-1] + 1) * layer["filters"])
            case "dense":
                counts.append((shape[-1] + 1) * layer["units"])
            case "batch_norm":
                counts.append(4 * shape[-1])
            case _:
                counts.append(0)
    return counts


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
