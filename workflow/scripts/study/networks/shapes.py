"""Where each layer of a network stands: the shapes before and after it, and whether it fits."""

from collections.abc import Sequence
from dataclasses import dataclass

from study.errors import StudyError
from study.networks.layers import Layer, Named, Shape, flat_layers, named_layers

MAPS_ONLY = ("conv", "max_pool", "avg_pool", "global_avg_pool")
"""The layers that need a feature map before them."""


@dataclass(frozen=True)
class Placed:
    """A layer within a network for images of some shape."""

    name: str
    layer: Layer
    before: Shape
    after: Shape


def placed_layers(layers: Sequence[Layer], input_shape: Shape) -> list[Placed]:
    """The layers in order, for images of `input_shape` (height, width, channels).

    Raises:
        StudyError: a layer does not fit what comes before it; the message names the layer.
    """
    return _placed(named_layers(layers), tuple(input_shape))


def _placed(layers: Sequence[Named], shape: Shape) -> list[Placed]:
    placed: list[Placed] = []
    for name, layer, inner in layers:
        if layer["type"] == "residual":
            inside = _placed(inner, shape)
            after = inside[-1].after
            placed += inside
            for part_name, part in projection(name, layer, shape, after):
                before = after if part["type"] == "batch_norm" else shape
                placed.append(Placed(part_name, part, before, after))
        else:
            after = _shape_after(layer, name, shape)
        placed.append(Placed(name, layer, shape, after))
        shape = after
    return placed


def projection(name: str, layer: Layer, before: Shape, after: Shape) -> list[tuple[str, Layer]]:
    """The layers, with their names, that the maps before the residual layer `name` go through to
    get the shape of those that are added to them; none where the shapes are equal.

    Option B of He et al. (https://arxiv.org/abs/1512.03385): a 1x1 convolution without bias and
    without activation, with the smallest stride that fits, then batch normalization if the
    residual layer has one inside.

    Raises:
        StudyError: no such convolution fits.
    """
    if before == after:
        return []
    number = name.rpartition("_")[2]
    if len(before) != len(after) or len(before) == 1:
        raise StudyError(
            f"{name}: makes {_shape(after)} of {_shape(before)}, which cannot be added; its layers "
            "must end with a feature map, or with as many units as there are before it"
        )
    strides = (
        stride
        for stride in range(1, max(before[:2]) + 1)
        if after[:2] == tuple(-(-side // stride) for side in before[:2])
    )
    stride = next(strides, None)
    if stride is None:
        raise StudyError(
            f"{name}: makes {_shape(after)} of {_shape(before)}, and no stride of a 1x1 "
            "convolution does; use `padding: same` inside it"
        )
    conv = {"type": "conv", "filters": after[2], "kernel": 1, "stride": stride, "padding": "valid"}
    parts = [(f"projection_{number}", conv | {"bias": False, "activation": "none"})]
    if any(inner["type"] == "batch_norm" for inner in layer["layers"]):
        parts.append((f"projection_norm_{number}", {"type": "batch_norm"}))
    return parts


def feature_shapes(layers: Sequence[Layer], input_shape: Shape) -> list[Shape]:
    """The shape after each layer, for images of `input_shape` (height, width, channels).

    Raises:
        StudyError: as `placed_layers`, or the network does not end in one vector.
    """
    after = {placed.name: placed.after for placed in placed_layers(layers, input_shape)}
    shapes = [after[named.name] for named in named_layers(layers)]
    if len(shapes[-1]) != 1:
        raise StudyError(
            f"the network ends with a feature map of {_size(shapes[-1])}; add `flatten` or "
            "`global_avg_pool` after it"
        )
    return shapes


def implies_output(layers: Sequence[Layer]) -> bool:
    """Whether a dense layer over the classes, with softmax, follows the declared layers."""
    return layers[-1]["type"] != "softmax"


def check_network(layers: Sequence[Layer], input_shape: Shape, classes: int) -> None:
    """Check that the layers fit each other, the images and the classes.

    Raises:
        StudyError: they do not; the message names the layer.
    """
    (units,) = feature_shapes(layers, input_shape)[-1]
    softmaxes = sum(layer["type"] == "softmax" for layer in flat_layers(layers))
    if softmaxes > (not implies_output(layers)):
        raise StudyError("softmax_1 is not the last layer; nothing may come after `softmax`")
    if not implies_output(layers) and units != classes:
        raise StudyError(
            f"softmax_1 has {units} values before it, and the data have {classes} classes; both "
            "numbers must be equal"
        )


def _shape_after(layer: Layer, name: str, shape: Shape) -> Shape:
    kind = layer["type"]
    flat = len(shape) == 1
    if kind in MAPS_ONLY and flat:
        raise StudyError(
            f"{name} comes after `flatten` or `global_avg_pool`; it needs a feature map before it"
        )
    if kind == "flatten" and flat:
        raise StudyError(f"{name} comes after another `flatten`; one is enough")
    if kind in ("dense", "softmax") and not flat:
        raise StudyError(f"{name} needs a `flatten` before it")
    match kind:
        case "conv":
            sides = [_convolved(side, layer, name, shape) for side in shape[:2]]
            return (*sides, layer["filters"])
        case "max_pool" | "avg_pool":
            size = layer["size"]
            if size > min(shape[:2]):
                raise StudyError(
                    f"{name}: pooling over {size}x{size} shrinks its input of {_size(shape)} "
                    f"below 1x1; at most {min(shape[:2])} is possible there"
                )
            return (shape[0] // size, shape[1] // size, shape[2])
        case "global_avg_pool":
            return (shape[2],)
        case "flatten":
            return (shape[0] * shape[1] * shape[2],)
        case "dense":
            return (layer["units"],)
    return shape


def _convolved(side: int, layer: Layer, name: str, shape: Shape) -> int:
    kernel, stride = layer["kernel"], layer["stride"]
    if layer["padding"] == "same":
        return -(-side // stride)
    if kernel > side:
        raise StudyError(
            f"{name}: a kernel of {kernel}x{kernel} is larger than its input of {_size(shape)}; "
            f"at most {min(shape[:2])} is possible there, or `padding: same`"
        )
    return (side - kernel) // stride + 1


def _size(shape: Shape) -> str:
    return "x".join(str(side) for side in shape[:2])


def _shape(shape: Shape) -> str:
    """`feature maps of 8x8x16`, or `10 units`."""
    text = "x".join(map(str, shape))
    return f"{text} units" if len(shape) == 1 else f"feature maps of {text}"
