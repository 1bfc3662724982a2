"""Networks as data: their layers, with every default filled in, and their names."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

Layer = dict[str, Any]
"""One layer: its `type` and that type's settings, all of them given."""

Shape = tuple[int, ...]
"""Shape of a feature map without the batch: (height, width, channels), or (units,) once flat."""


AFFINE: dict[str, Any] = {"bias": True, "activation": None}
"""What convolutions and dense layers have where the configuration does not say."""


def canonical_layers(declared: Sequence[Any]) -> list[Layer]:
    """The layers as the configuration declares them, in one list of one form. A residual layer
    holds a list of `layers`.

    An `activation` of None is that of the settings.

    >>> canonical_layers([["flatten", {"dropout": 0.5}]])
    [{'type': 'flatten'}, {'type': 'dropout', 'rate': 0.5}]
    """
    layers = []
    for block in declared:
        for layer in block if isinstance(block, list) else [block]:
            layers.append(_canonical_layer(layer))
    return layers


def _canonical_layer(declared: str | dict[str, Any]) -> Layer:
    if declared == "activation":
        return {"type": declared, "activation": None}
    if isinstance(declared, str):
        return {"type": declared}
    ((kind, value),) = declared.items()
    match kind:
        case "conv":
            return {"type": kind, **AFFINE, **value}
        case "max_pool" | "avg_pool":
            return {"type": kind, "size": value}
        case "dropout":
            return {"type": kind, "rate": float(value)}
        case "dense":
            given = value if isinstance(value, dict) else {"units": value}
            return {"type": kind, **AFFINE, **given}
        case "activation":
            return {"type": kind, "activation": value}
        case "residual":
            return {"type": kind, "layers": canonical_layers(value)}
    raise ValueError(f"no such layer: {kind}")  # the schema admits no other


def declared_layers(layers: Sequence[Layer]) -> list[Any]:
    """The layers as a configuration declares them: the inverse of `canonical_layers`.

    >>> declared_layers([{'type': 'flatten'}, {'type': 'dropout', 'rate': 0.5}])
    ['flatten', {'dropout': 0.5}]
    """
    return [_declared_layer(layer) for layer in layers]


def _declared_layer(layer: Layer) -> Any:
    kind = layer["type"]
    given = {key: value for key, value in layer.items() if key != "type" and value is not None}
    match kind:
        case "residual":
            return {kind: declared_layers(layer["layers"])}
        case "conv" | "dense":
            return {kind: given}
    (value,) = given.values() or (None,)
    return kind if value is None else {kind: value}


class Named(NamedTuple):
    """A layer, its name, and the layers inside it."""

    name: str
    layer: Layer
    inner: list["Named"]


def named_layers(layers: Sequence[Layer], seen: Counter[str] | None = None) -> list[Named]:
    """The layers with their names: type and number among its type, as in `conv_2`. Those inside a
    residual layer are counted in their place.
    """
    seen = Counter() if seen is None else seen
    named = []
    for layer in layers:
        seen[layer["type"]] += 1
        name = f"{layer['type']}_{seen[layer['type']]}"
        named.append(Named(name, layer, named_layers(layer.get("layers", []), seen)))
    return named


def layer_names(layers: Sequence[Layer]) -> list[str]:
    """The name of each layer; a residual layer comes before those inside it."""

    def names(named: Sequence[Named]) -> list[str]:
        return [name for each in named for name in (each.name, *names(each.inner))]

    return names(named_layers(layers))


def flat_layers(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, each residual layer followed by those inside it."""
    return [flat for layer in layers for flat in (layer, *flat_layers(layer.get("layers", [])))]


def layer_seed(seed: int, name: str) -> int:
    """The seed, of 64 bits, of all that is random in the layer called `name`.

    It does not depend on the other layers, so two networks trained with the same seed share the
    random numbers of every layer that they have in common.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little")


def depth(layers: Sequence[Layer]) -> int:
    """Number of convolutions; the projections of residual layers do not count."""
    return sum(layer["type"] == "conv" for layer in flat_layers(layers))
