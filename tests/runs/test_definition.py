"""What defines a run, as text: the same for equal definitions, and read back whole."""

from dataclasses import asdict, replace
from typing import Any

from study.config.study import load_study
from study.runs.definition import Definition


def test_a_definition_comes_back_from_its_json(default_config) -> None:
    run = load_study(default_config | {"seeds": [7]}).runs[0]
    found = Definition.from_json(run.definition)
    assert found == Definition(7, run.settings, run.layers)
    assert found.to_json() == run.definition


def test_the_order_of_a_layers_keys_does_not_matter(default_config) -> None:
    run = load_study(default_config).runs[0]
    turned = [dict(reversed(layer.items())) for layer in run.layers]
    assert Definition(1, run.settings, turned).to_json() == run.definition


def test_each_setting_and_the_order_of_layers_are_part_of_it(default_config) -> None:
    run = load_study(default_config).runs[0]
    texts = {run.definition, Definition(1, run.settings, run.layers[::-1]).to_json()}
    for name in asdict(run.settings):
        changed: dict[str, Any] = {name: "another"}
        other = replace(run.settings, **changed)
        texts.add(Definition(1, other, run.layers).to_json())
    assert len(texts) == 2 + len(asdict(run.settings))


def test_a_run_is_titled_by_label_variant_and_seed(default_config) -> None:
    run = load_study(default_config | {"seeds": [7]}).runs[0]
    assert run.title == "With ConvNet (3, 3) (conv3-k3), seed 7"
