"""Which variants are compared with which, and what differs between them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from study.errors import StudyError
from study.networks.layers import flat_layers
from study.runs.definition import OF_LAYERS

if TYPE_CHECKING:
    from study.config.variants import Variant


FAMILY = "study"
"""The family of the contrasts that name none."""


@dataclass(frozen=True)
class Contrast:
    """One comparison: `variant` against `baseline`, within a family that shares one error rate."""

    name: str
    family: str
    baseline: str
    variant: str
    differs: str


def declared_contrasts(
    declared: Sequence[Mapping[str, str]], variants: Sequence["Variant"]
) -> list[Contrast]:
    """The contrasts of the configuration, with their defaults.

    Raises:
        StudyError: a contrast names a variant that is not there, compares a variant with itself,
            or is duplicated in its family.
    """
    known = {variant.id: variant for variant in variants}
    contrasts: list[Contrast] = []
    for place, entry in enumerate(declared):
        key = f"contrasts[{entry.get('name', place)}]"
        for role in ("baseline", "variant"):
            if entry[role] not in known:
                raise StudyError(
                    f"{key}.{role}: there is no variant {entry[role]!r}; "
                    f"there are {', '.join(known)}"
                )
        if entry["baseline"] == entry["variant"]:
            raise StudyError(f"{key}: {entry['variant']!r} is compared with itself")
        contrast = _contrast(known[entry["baseline"]], known[entry["variant"]], entry)
        if any((contrast.family, contrast.name) == (c.family, c.name) for c in contrasts):
            raise StudyError(f"{key}: is duplicated in the family {contrast.family!r}")
        contrasts.append(contrast)
    return contrasts


def default_contrasts(variants: Sequence["Variant"]) -> list[Contrast]:
    """The contrasts of a configuration that names none, as one family.

    In a factorial design: every variant that differs from the first in the level of one factor,
    against the first. Otherwise: within each depth every other variant against the first of that
    depth, and these first ones, the deeper against the shallower. Networks in Python, whose depth
    is not known, are taken for the deepest.
    """
    first, *others = variants
    if first.levels:
        return [_contrast(first, other, {}) for other in others if len(_changed(first, other)) == 1]
    by_depth: dict[int | None, list[Variant]] = {}
    for variant in variants:
        by_depth.setdefault(variant.depth, []).append(variant)
    groups = [
        by_depth[depth] for depth in sorted(by_depth, key=lambda depth: (depth is None, depth or 0))
    ]
    within = [(group[0], other) for group in groups for other in group[1:]]
    across = itertools.combinations((group[0] for group in groups), 2)
    return [_contrast(baseline, variant, {}) for baseline, variant in [*within, *across]]


def _contrast(baseline: "Variant", variant: "Variant", given: Mapping[str, str]) -> Contrast:
    return Contrast(
        name=given.get("name") or f"{variant.id} vs {baseline.id}",
        family=given.get("family") or FAMILY,
        baseline=baseline.id,
        variant=variant.id,
        differs=given.get("differs") or differences(baseline, variant),
    )


def differences(baseline: "Variant", variant: "Variant") -> str:
    """All that differs between two variants, in words: their levels, or settings and layers."""
    changed = _changed(baseline, variant)
    if changed:
        return ", ".join(
            f"{factor.replace('_', ' ')} ({baseline.levels[factor]} → {variant.levels[factor]})"
            for factor in changed
        )
    names = _between_networks(baseline, variant)
    names += [
        name.replace("_", " ")
        for name, value in asdict(baseline.settings).items()
        if value != getattr(variant.settings, name)
        and not (name in OF_LAYERS and (baseline.python or variant.python))
    ]
    if not names and baseline.layers != variant.layers:
        names.append("order of layers")
    return ", ".join(names) or "nothing"


def _between_networks(baseline: "Variant", variant: "Variant") -> list[str]:
    """What differs between the networks, in words; of one in Python only its place is known."""
    if baseline.python or variant.python:
        is_same = baseline.python == variant.python
        return [] if is_same else [f"network ({baseline.network} → {variant.network})"]
    names = []
    if baseline.depth != variant.depth:
        names.append(f"depth ({baseline.depth} → {variant.depth} convolutions)")
    return names + [
        words
        for words, of in _TRAITS.items()
        if _distinct(baseline, of, variant) != _distinct(variant, of, baseline)
    ]


PER_CONVOLUTION = ("conv", "residual", "activation", "dropout", "batch_norm")


_TRAITS: dict[str, tuple[str, str]] = {
    "filters": ("conv", "filters"),
    "kernel size": ("conv", "kernel"),
    "stride": ("conv", "stride"),
    "padding": ("conv", "padding"),
    "bias": ("conv", "bias"),
    "activation of convolutions": ("conv", "activation"),
    "activation layers": ("activation", "activation"),
    "pooling": ("max_pool", "size"),
    "average pooling": ("avg_pool", "size"),
    "global average pooling": ("global_avg_pool", "type"),
    "skip connections": ("residual", "type"),
    "dropout": ("dropout", "rate"),
    "batch normalization": ("batch_norm", "type"),
    "dense layers": ("dense", "units"),
    "bias of dense layers": ("dense", "bias"),
    "activation of dense layers": ("dense", "activation"),
}


def _distinct(variant: "Variant", of: tuple[str, str], other: "Variant") -> Sequence[Any]:
    """The values in order; between networks of different depth, which values there are.

    A deeper network has more of the layers that come with each convolution, which is its depth.
    """
    kind, setting = of
    values = [layer[setting] for layer in flat_layers(variant.layers) if layer["type"] == kind]
    repeated = variant.depth != other.depth and kind in PER_CONVOLUTION
    repeated |= kind == "dense" and setting != "units"  # their number is in the units
    return sorted(set(values), key=str) if repeated else values


def _changed(baseline: "Variant", variant: "Variant") -> list[str]:
    """The factors in whose levels the two differ."""
    return [name for name in baseline.levels if baseline.levels[name] != variant.levels.get(name)]
