"""What the page says of one network: its layers, its settings, what differs from its baselines."""

from collections.abc import Mapping, Sequence
from typing import Any

from study.networks.costs import (
    count_parameters,
    multiply_adds,
    multiply_adds_of,
    parameters_of,
)
from study.networks.layers import Layer, Shape
from study.networks.shapes import implies_output, placed_layers
from study.runs.definition import OF_LAYERS
from study.runs.metrics import Metrics
from study.summary.sections import Kind, Table
from study.words import NONE, number


def layer_table(layers: Sequence[Layer], input_shape: Shape, classes: int) -> Table:
    """Each layer with its settings and the shape after it, and the total. The layers inside a
    residual layer, and its projection, come before it.
    """
    rows = [["input", "", shape_in_words(input_shape), "", ""]]
    for placed in placed_layers(layers, input_shape):
        given = [
            f"{k} {v}"
            for k, v in placed.layer.items()
            if k not in ("type", "layers") and v is not None
        ]
        costs = (parameters_of(placed), multiply_adds_of(placed))
        row = [placed.name, ", ".join(given), shape_in_words(placed.after)]
        rows.append([*row, *(number(cost, ",") if cost else "" for cost in costs)])
    whole = (
        count_parameters(layers, input_shape, classes),
        multiply_adds(layers, input_shape, classes),
    )
    if implies_output(layers):
        (units,) = placed.after
        output = ["output", f"softmax over {classes} classes", str(classes)]
        rows.append([*output, number((units + 1) * classes, ","), number(units * classes, ",")])
    rows.append(["total", "", "", number(whole[0], ","), number(whole[1], ",")])
    return Table(LAYER_COLUMNS, rows)


def built_table(source: str, metrics: Metrics | None) -> Table:
    """The layers of the model that the function at `source` built, by the `metrics` of a run; none
    are known before the first has finished. Nobody has counted the multiply-adds.
    """
    layers = metrics["layers"] if metrics else []
    rows = [
        [
            layer["name"],
            layer["type"],
            ", ".join(map(shape_in_words, layer["shape"])),
            number(layer["parameters"], ",") if layer["parameters"] else "",
            "",
        ]
        for layer in layers
    ]
    parameters = number(metrics["parameters"] if metrics else None, ",")
    rows.append(["total", f"built by {source}", "", parameters, NONE])
    return Table(LAYER_COLUMNS, rows)


LAYER_COLUMNS = {
    "Layer": Kind.CODE,
    "Settings": Kind.TEXT,
    "Shape after it": Kind.NUMBER,
    "Parameters": Kind.NUMBER,
    "Multiply-adds": Kind.NUMBER,
}


def shape_in_words(shape: Sequence[int]) -> str:
    """(28, 28, 1) -> 28 × 28 × 1."""
    return " × ".join(str(side) for side in shape)


def _in_words(value: Any) -> str:
    """`{"kind": "cosine", "warmup": 1.0}` as `cosine, warmup 1`."""
    if isinstance(value, Mapping):
        parts = {name: part for name, part in value.items() if name != "kind"}
        named = [f"{name} {_in_words(part)}" for name, part in parts.items()]
        return ", ".join([*filter(None, [value.get("kind")]), *named])
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def settings_table(settings: Mapping[str, Any]) -> Table:
    """How the network is trained."""
    rows = [
        [name.replace("_", " "), _in_words(value)]
        for name, value in settings.items()
        if value is not None or name not in OF_LAYERS
    ]
    return Table({"Setting": Kind.TEXT, "Value": Kind.TEXT}, rows)
