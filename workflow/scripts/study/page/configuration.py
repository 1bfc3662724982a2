"""The study as a configuration file that makes the same runs, every default written out.

It is made from what the study resolves to, so that the order of keys or another mirror, which
change no result, do not change the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import yaml

from study.config.contrasts import Contrast
from study.config.recipe import declared_recipe
from study.networks.layers import declared_layers


def configuration(
    dataset: str,
    seeds: Sequence[int],
    comparison: Mapping[str, Any],
    verdict: Sequence[Mapping[str, Any]],
    variants: Sequence[Mapping[str, Any]],
    networks: Sequence[Mapping[str, Any]],
    contrasts: Sequence[Contrast],
) -> str:
    """The configuration as YAML; a factorial design is written out as its variants.

    `variants` and `networks` describe the same variants in one order: {id, label, reference,
    notebook_group, ...} and {id, settings, layers, python, ...} each.
    """
    content = {
        "dataset": dataset,
        "reference_dataset": dataset,
        "seeds": list(seeds),
        "verdict": list(map(dict, verdict)),
        "comparison": dict(comparison),
        "contrasts": [asdict(contrast) for contrast in contrasts],
        "variants": [
            {
                **_given(variant, ("id", "label", "notebook_group", "reference")),
                "training": declared_recipe(network["settings"]),
                **_network(network),
            }
            for variant, network in zip(variants, networks, strict=True)
        ],
    }
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text


def _network(network: Mapping[str, Any]) -> dict[str, Any]:
    """The layers, or the function that builds them."""
    if not network["python"]:
        return {"layers": declared_layers(network["layers"])}
    python, output = network["python"]["source"], network["python"]["output"]
    return {"python": python} | ({"output": output} if output else {})


def _given(variant: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: variant[name] for name in names if variant[name] is not None}
