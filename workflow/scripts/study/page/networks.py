"""What the page says of one network: its layers, its settings, what differs from its baselines."""

from collections.abc import Mapping, Sequence
from typing import Any

from study.networks.costs import count_parameters, multiply_adds
from study.networks.layers import Layer, Shape, feature_shapes, layer_names
from study.summary.sections import Kind, Table
from study.words import number


def layer_table(layers: Sequence[Layer], input_shape: Shape, classes: int) -> Table:
    """Each layer with its settings and the shape after it; the softmax layer is the last."""
    rows = [["input", "", shape_in_words(input_shape), "", ""]]
    parameters = work = 0
    names = layer_names(layers)
    for place, shape in enumerate(feature_shapes(layers, input_shape), start=1):
        first = layers[:place]
        # A layer's own figures are the differences of those of the network's beginnings.
        up_to = _up_to(first, shape, input_shape)
        layer = layers[place - 1]
        rows.append(
            [
                names[place - 1],
                ", ".join(f"{key} {value}" for key, value in layer.items() if key != "type"),
                shape_in_words(shape),
                number(up_to[0] - parameters, ",") if up_to[0] > parameters else "",
                number(up_to[1] - work, ",") if up_to[1] > work else "",
            ]
        )
        parameters, work = up_to
    whole = (
        count_parameters(layers, input_shape, classes),
        multiply_adds(layers, input_shape, classes),
    )
    output = ["output", f"softmax over {classes} classes", str(classes)]
    rows.append([*output, number(whole[0] - parameters, ","), number(whole[1] - work, ",")])
    rows.append(["total", "", "", number(whole[0], ","), number(whole[1], ",")])
    return Table(
        {
            "Layer": Kind.CODE,
            "Settings": Kind.TEXT,
            "Shape after it": Kind.NUMBER,
            "Parameters": Kind.NUMBER,
            "Multiply-adds": Kind.NUMBER,
        },
        rows,
    )


def _up_to(layers: Sequence[Layer], shape: Shape, input_shape: Shape) -> tuple[int, int]:
    """Parameters and multiply-adds of a network's beginning, without an output layer."""
    flat = layers if len(shape) == 1 else [*layers, {"type": "flatten"}]
    return (count_parameters(flat, input_shape, 0), multiply_adds(flat, input_shape, 0))


def shape_in_words(shape: Shape) -> str:
    """(28, 28, 1) -> 28 × 28 × 1."""
    return " × ".join(str(side) for side in shape)


def settings_table(settings: Mapping[str, Any]) -> Table:
    """How the network is trained."""
    rows = [
        [name.replace("_", " "), "none" if value is None else str(value)]
        for name, value in settings.items()
    ]
    return Table({"Setting": Kind.TEXT, "Value": Kind.TEXT}, rows)
