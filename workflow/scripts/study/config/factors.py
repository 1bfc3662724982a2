"""A factorial design: every combination of the factors' levels as a variant of one network."""

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from study.config.levels import Settings, level_words, named_levels
from study.config.schema import Config, check_schema, completed
from study.errors import StudyError

Factors = Mapping[str, Mapping[str, Settings]]
"""The levels of each factor by their names, and what each sets."""

Block = list[Any]
"""Layers as the configuration declares them."""

CONVOLUTION = ("filters", "kernel", "stride", "padding", "bias")

LAYERS = ("avg_pool", "dense", "dropout", "max_pool")

NETWORK = ("depth", *CONVOLUTION, "residual", "batch_norm", *LAYERS)
"""What of the network a level can set."""


def cross(factors: Factors, layers: Sequence[Any]) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Every combination of levels, the last factor varying fastest, with the variant it makes.

    The variants are as the configuration declares them: `id`, `label`, `training`, `layers`.

    Raises:
        StudyError: two factors of one combination set the same, or the network has nothing of
            what a factor sets; the message names the factor.
    """
    combinations = itertools.product(*(levels.items() for levels in factors.values()))
    return [
        _variant(dict(zip(factors, combination, strict=True)), layers)
        for combination in combinations
    ]


def _variant(
    combination: Mapping[str, tuple[str, Settings]], layers: Sequence[Any]
) -> tuple[dict[str, str], dict[str, Any]]:
    levels = {factor: name for factor, (name, _) in combination.items()}
    settings: dict[str, Any] = {}
    setter: dict[str, str] = {}
    for factor, (_, given) in combination.items():
        for name, value in given.items():
            if name in settings:
                raise StudyError(
                    f"factors.{factor}: sets {name!r}, which factors.{setter[name]} sets too; "
                    "only one factor may"
                )
            settings[name], setter[name] = value, factor
    blocks = [_as_block(block) for block in copy.deepcopy(settings.pop("layers", layers))]
    if not blocks:
        raise StudyError("layers: [] is not allowed with `factors`; it is the network they vary")
    for name in NETWORK:
        if name in settings:
            blocks = _changed(blocks, name, settings.pop(name), f"factors.{setter[name]}")
    variant = {
        "id": "-".join(level_words(factor, level) for factor, level in levels.items()),
        "label": ", ".join(
            level_words(factor, level, " ") for factor, level in levels.items() if factor != "depth"
        )
        or level_words("depth", levels["depth"], " "),
        "training": settings,
        "layers": blocks,
    }
    return levels, variant


def _as_block(declared: Any) -> Block:
    return declared if isinstance(declared, list) else [declared]


def _changed(blocks: list[Block], name: str, value: Any, key: str) -> list[Block]:
    """The network with one setting of it changed.

    `depth`: as many blocks with a convolution; the last of them is repeated, or they are cut off
    from the end. A setting of convolutions: the value for all of them. A type of layer: False
    leaves all of them out, True keeps them, another value is given to all. `residual`: False keeps
    the layers inside without the connection around them.
    """
    if name == "depth":
        return _deepened(blocks, value, key)
    kind = "conv" if name in CONVOLUTION else name
    if not any(_count(block, kind) for block in blocks):
        raise StudyError(f"{key}: the network in `layers` has no {kind} to change")
    if value is True and name not in CONVOLUTION:
        return blocks

    def change(layer: Any) -> Block:
        if _kind(layer) != kind:
            return [layer]
        if name in CONVOLUTION:
            return [{"conv": layer["conv"] | {name: value}}]
        if value is False:
            return layer["residual"] if kind == "residual" else []
        return [_given(layer, value)]

    return [block for block in ([*_rewritten(block, change)] for block in blocks) if block]


def _rewritten(layers: Iterable[Any], change: Callable[[Any], Block]) -> Iterator[Any]:
    """The layers, those inside residual layers first, each replaced by what `change` makes of it.
    A residual layer with nothing left inside is left out.
    """
    for layer in layers:
        if isinstance(layer, list):
            yield from _rewritten(layer, change)
        elif _kind(layer) != "residual":
            yield from change(layer)
        elif inner := [*_rewritten(layer["residual"], change)]:
            yield from change({"residual": inner})


def _given(layer: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """The layer with another value; a dense layer keeps what else is declared for it."""
    ((kind, before),) = layer.items()
    return {kind: before | {"units": value} if isinstance(before, dict) else value}


def _deepened(blocks: list[Block], depth: int, key: str) -> list[Block]:
    places = [place for place, block in enumerate(blocks) if _count(block, "conv")]
    if not places or any(_count(blocks[place], "conv") > 1 for place in places):
        raise StudyError(f"{key}: `layers` must hold lists with one convolution each, to repeat")
    convolutions = [blocks[place] for place in places]
    convolutions += [copy.deepcopy(convolutions[-1]) for _ in range(depth - len(convolutions))]
    rest = [block for place, block in enumerate(blocks) if place not in places]
    first = places[0]
    return [*rest[:first], *convolutions[:depth], *rest[first:]]


def _count(block: Iterable[Any], kind: str) -> int:
    return sum(
        _count(layer, kind)
        if isinstance(layer, list)
        else (_kind(layer) == kind) + _count(_inside(layer), kind)
        for layer in block
    )


def _inside(layer: Any) -> Block:
    return layer["residual"] if _kind(layer) == "residual" else []


def _kind(layer: str | Mapping[str, Any]) -> str:
    """The type of a declared layer."""
    return layer if isinstance(layer, str) else next(iter(layer))


def declared_variants(full: Config, factors: Factors) -> list[tuple[dict[str, str], Config]]:
    """Each variant as it is declared or as the factors make it, after its levels."""
    if full["variants"] and factors:
        raise StudyError(
            f"top level: has {len(full['variants'])} variants and factors; exactly one of the "
            "two is allowed; in an overlay file with `factors`, also set `variants: []`"
        )
    if not full["variants"] and not factors:
        raise StudyError("top level: missing key 'variants', or 'factors' in its place")
    if not factors:
        if full["layers"]:
            raise StudyError("layers: has no use without `factors`; a variant has its own")
        return [({}, variant) for variant in full["variants"]]
    return cross(factors, full["layers"])


def named_factors(full: Config, schema: Config) -> Factors:
    """The factors in one form, every level checked."""
    known = _settings(schema)
    by_value = {name: part for name, part in known.items() if name != "layers"}
    for name, levels in full["factors"].items():
        if name == "python" or _sets(levels, "python"):
            raise StudyError(
                f"factors.{name}: no factor can set or vary python; declare `variants` in place of "
                "`factors`"
            )
        if isinstance(levels, list) and name not in by_value:
            raise StudyError(
                f"factors.{name}: a list of values is for {', '.join(by_value)}; "
                "another factor names its levels, and what each of them sets"
            )
    settings = {"type": "object", "additionalProperties": False, "properties": known}
    definition = {
        "properties": {
            name: {"items": known[name], "uniqueItems": True}
            if isinstance(levels, list)
            else {"additionalProperties": settings}
            for name, levels in full["factors"].items()
        },
    }
    whole = {"$defs": schema["$defs"], "properties": {"factors": definition}}
    factors = completed({"factors": full["factors"]}, whole, whole)
    check_schema(factors, whole)
    return named_levels(factors["factors"])


def _sets(levels: Any, name: str) -> bool:
    """Whether a level of a factor sets what is called `name`."""
    return isinstance(levels, dict) and any(name in level for level in levels.values())


def _settings(schema: Config) -> dict[str, Config]:
    """What the level of a factor may set, each with its part of the schema but no default."""
    layer = schema["$defs"]["layer"]["else"]["properties"]
    known = {
        "depth": {"type": "integer", "minimum": 1},
        **{name: layer["conv"]["properties"][name] for name in CONVOLUTION},
        **{name: {"type": "boolean"} for name in ("residual", "batch_norm")},
        **{name: _or_boolean(layer[name].get("else", layer[name])) for name in LAYERS},
        "layers": {"$ref": "#/$defs/layers", "minItems": 1},
        **schema["$defs"]["training"]["properties"],
    }
    return {
        name: {key: value for key, value in part.items() if key != "default"}
        for name, part in known.items()
    }


def _or_boolean(part: Config) -> Config:
    return part | {"type": ["boolean", part["type"]]}
