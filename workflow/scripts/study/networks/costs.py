"""What a network costs: its parameters, the values of its feature maps, its multiply-adds."""

import math
from collections.abc import Sequence

from study.networks.layers import Layer, Shape
from study.networks.shapes import Placed, implies_output, placed_layers


def count_values(layers: Sequence[Layer], input_shape: Shape) -> int:
    """Number of values in all feature maps of one image."""
    return sum(math.prod(placed.after) for placed in placed_layers(layers, input_shape))


def count_parameters(layers: Sequence[Layer], input_shape: Shape, classes: int) -> int:
    """All parameters, as Keras counts them: a batch normalization has 4 per channel, of which
    2 are moving statistics. The softmax layer over `classes` is included.
    """
    placed = placed_layers(layers, input_shape)
    output = (placed[-1].after[-1] + 1) * classes if implies_output(layers) else 0
    return sum(map(parameters_of, placed)) + output


def largest_layer(layers: Sequence[Layer], input_shape: Shape) -> tuple[str, int]:
    """The name of the layer with the most parameters, and their number."""
    counts = ((each.name, parameters_of(each)) for each in placed_layers(layers, input_shape))
    return max(counts, key=lambda count: count[1])


def parameters_of(placed: Placed) -> int:
    """The parameters of one layer, as Keras counts them."""
    layer, channels = placed.layer, placed.before[-1]
    match layer["type"]:
        case "conv":
            return (layer["kernel"] ** 2 * channels + layer["bias"]) * layer["filters"]
        case "dense":
            return (channels + layer["bias"]) * layer["units"]
        case "batch_norm":
            return 4 * channels
    return 0


def multiply_adds(layers: Sequence[Layer], input_shape: Shape, classes: int) -> int:
    """Multiply-adds of one image's way through convolutions and dense layers, taps on padding
    counted like others. Training costs about three times as much.
    """
    placed = placed_layers(layers, input_shape)
    output = placed[-1].after[-1] * classes if implies_output(layers) else 0
    return sum(map(multiply_adds_of, placed)) + output


def multiply_adds_of(placed: Placed) -> int:
    """The multiply-adds of one image's way through one layer."""
    match placed.layer["type"]:
        case "conv":
            return math.prod(placed.after) * placed.layer["kernel"] ** 2 * placed.before[2]
        case "dense":
            return placed.before[0] * placed.after[0]
    return 0
