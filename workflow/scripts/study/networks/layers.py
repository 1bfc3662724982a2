"""Networks as data: their layers, and the shapes between them."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from study.errors import StudyError

Layer = dict[str, Any]
"""One layer: its `type` and that type's settings, all of them given."""

Shape = tuple[int, ...]
"""Shape of a feature map without the batch: (height, width, channels), or (units,) once flat."""


def canonical_layers(declared: Sequence[Any]) -> list[Layer]:
    """The layers as the configuration declares them, in one flat list of one form.

    >>> canonical_layers([["flatten", {"dense": 128}]])
    [{'type': 'flatten'}, {'type': 'dense', 'units': 128}]
    """
    layers = []
    for block in declared:
        for layer in block if isinstance(block, list) else [block]:
            layers.append(_canonical_layer(layer))
    return layers


def _canonical_layer(declared: str | dict[str, Any]) -> Layer:
    if isinstance(declared, str):
        return {"type": declared}
    ((kind, value),) = declared.items()
    match kind:
        case "conv":
            return {"type": kind, **value}
        case "max_pool":
            return {"type": kind, "size": value}
        case "dropout":
            return {"type": kind, "rate": float(value)}
        case "dense":
            return {"type": kind, "units": value}
    raise ValueError(f"no such layer: {kind}")  # the schema admits no other


def layer_names(layers: Sequence[Layer]) -> list[str]:
    """The name of each layer: its type and its number among its type, as in `conv_2`."""
    seen: Counter[str] = Counter()
    names = []
    for layer in layers:
        seen[layer["type"]] += 1
        names.append(f"{layer['type']}_{seen[layer['type']]}")
    return names


def layer_seed(seed: int, name: str) -> int:
    """The seed, of 64 bits, of all that is random in the layer called `name` (`layer_names`).

    It does not depend on the other layers, so two networks trained with the same seed share the
    random numbers of every layer that they have in common.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little")


def depth(layers: Sequence[Layer]) -> int:
    """Number of convolutions."""
    return sum(layer["type"] == "conv" for layer in layers)


def feature_shapes(layers: Sequence[Layer], input_shape: Shape) -> list[Shape]:
    """The shape after each layer, for images of `input_shape` (height, width, channels).

    Raises:
        StudyError: a layer does not fit what comes before it; the message names the layer.
    """
    shape = tuple(input_shape)
    shapes = []
    for layer, name in zip(layers, layer_names(layers), strict=True):
        shape = _shape_after(layer, name, shape)
        shapes.append(shape)
    if len(shape) != 1:
        raise StudyError(
            f"the network ends with a feature map of {_size(shape)}; add `flatten` after it"
        )
    return shapes


def _shape_after(layer: Layer, name: str, shape: Shape) -> Shape:
    kind = layer["type"]
    flat = len(shape) == 1
    if kind in ("conv", "max_pool") and flat:
        raise StudyError(f"{name} comes after `flatten`; it needs a feature map before it")
    if kind == "flatten" and flat:
        raise StudyError(f"{name} comes after another `flatten`; one is enough")
    if kind == "dense" and not flat:
        raise StudyError(f"{name} needs a `flatten` before it")
    match kind:
        case "conv":
            sides = [_convolved(side, layer, name, shape) for side in shape[:2]]
            return (*sides, layer["filters"])
        case "max_pool":
            size = layer["size"]
            if size > min(shape[:2]):
                raise StudyError(
                    f"{name}: pooling over {size}x{size} shrinks its input of {_size(shape)} "
                    f"below 1x1; at most {min(shape[:2])} is possible there"
                )
            return (shape[0] // size, shape[1] // size, shape[2])
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
