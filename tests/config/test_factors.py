"""A factorial design makes exactly the variants that it says."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config

from conftest import ROOT
from study.config.study import Study, load_study
from study.errors import StudyError
from study.networks.costs import count_parameters
from study.networks.layers import flat_layers

Config = dict[str, Any]

LAYERS: list[list[Any]] = [
    [{"conv": {"filters": 4, "kernel": 3, "padding": "same"}}, {"max_pool": 2}, {"dropout": 0.25}],
    [{"conv": {"filters": 8, "kernel": 3, "padding": "same"}}, {"dropout": 0.25}, "batch_norm"],
    ["flatten", {"dense": 16}, {"dropout": 0.5}],
]


def with_overlay(config: Config, name: str) -> Config:
    """The configuration with another file on top, merged as Snakemake does."""
    merged = copy.deepcopy(config)
    path = Path(ROOT) / "config" / name
    update_config(merged, yaml.safe_load(path.read_text(encoding="utf-8")))
    return merged


def study_of(config: Config, **keys: Any) -> Study:
    return load_study(config | {"variants": [], "layers": LAYERS} | keys)


@pytest.fixture
def controlled(default_config: Config) -> Config:
    return with_overlay(default_config, "controlled.yaml")


def test_the_controlled_study_has_every_combination_once(controlled: Config) -> None:
    study = load_study(controlled)
    assert len(study.variants) == 24
    assert study.factors == {
        "depth": ["3", "5", "7"],
        "kernel": ["3", "5"],
        "dropout": ["with", "without"],
        "batch_norm": ["with", "without"],
    }
    combinations = {tuple(variant.levels.values()) for variant in study.variants}
    assert len(combinations) == 24
    for variant in study.variants:
        kinds = [layer["type"] for layer in variant.layers]
        depth = int(variant.levels["depth"])
        assert variant.depth == kinds.count("conv") == depth
        kernels = {layer["kernel"] for layer in variant.layers if layer["type"] == "conv"}
        assert kernels == {int(variant.levels["kernel"])}
        for kind in ("dropout", "batch_norm"):
            assert kinds.count(kind) == (depth + 1) * (variant.levels[kind] == "with")
        assert kinds.count("max_pool") == 2
        assert variant.settings == study.variants[0].settings
    assert study.variants[0].id == "depth3-kernel3-dropout-batch_norm"
    assert study.variants[0].label == "kernel 3, dropout, batch norm"
    assert study.variants[-1].id == "depth7-kernel5-no-dropout-no-batch_norm"


def test_parameters_of_the_controlled_networks(controlled: Config) -> None:
    """Counted by hand: convolutions, batch normalization, dense layers."""
    counts = {
        variant.id: count_parameters(variant.layers, (28, 28, 1), 10)
        for variant in load_study(controlled).variants
    }
    convolutions = (9 * 1 + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 64
    dense = (7 * 7 * 64 + 1) * 128 + (128 + 1) * 10
    norms = 4 * (32 + 64 + 64 + 128)
    assert counts["depth3-kernel3-no-dropout-no-batch_norm"] == convolutions + dense
    assert counts["depth3-kernel3-dropout-no-batch_norm"] == convolutions + dense
    assert counts["depth3-kernel3-dropout-batch_norm"] == convolutions + dense + norms
    deeper = counts["depth5-kernel3-dropout-batch_norm"]
    assert deeper == convolutions + dense + norms + 2 * ((9 * 64 + 1) * 64 + 4 * 64)
    wide = (25 * 1 + 1) * 32 + (25 * 32 + 1) * 64 + (25 * 64 + 1) * 64
    assert counts["depth3-kernel5-dropout-no-batch_norm"] == wide + dense


def test_one_line_restricts_the_controlled_study(controlled: Config) -> None:
    update_config(controlled, {"factors": {"depth": ["3"]}})  # text, as --config gives it
    study = load_study(controlled)
    assert len(study.variants) == 8
    assert {variant.depth for variant in study.variants} == {3}
    update_config(controlled, {"factors": {"dropout": ["true"]}})
    assert len(load_study(controlled).variants) == 4


def test_any_setting_can_be_a_factor(default_config: Config) -> None:
    study = study_of(
        default_config,
        factors={
            "filters": [4, 8],
            "optimizer": ["adam", "sgd"],
            "learning_rate": [0.001, 1e-4],
            "batch_size": [32, 64],
        },
    )
    assert len(study.variants) == 16
    first, last = study.variants[0], study.variants[-1]
    assert first.id == "filters4-optimizer-adam-learning_rate0.001-batch_size32"
    assert last.label == "filters 8, optimizer sgd, learning rate 0.0001, batch size 64"
    assert last.settings == replace(
        first.settings, optimizer="sgd", learning_rate=1e-4, batch_size=64
    )
    assert [x["filters"] for x in last.layers if x["type"] == "conv"] == [8, 8]
    assert [x["filters"] for x in first.layers if x["type"] == "conv"] == [4, 4]
    assert last.settings.epochs == 12


def test_precision_can_be_a_factor(default_config: Config) -> None:
    study = study_of(default_config, factors={"precision": ["float32", "mixed_bfloat16"]})
    plain, mixed = study.variants
    assert plain.settings == load_study(default_config).variants[0].settings
    assert mixed.settings == replace(plain.settings, precision="mixed_bfloat16")


def test_layers_can_be_left_out_kept_or_changed(default_config: Config) -> None:
    study = study_of(default_config, factors={"dropout": [True, False, 0.1], "dense": [16, 8]})
    rates = [
        [layer["rate"] for layer in variant.layers if layer["type"] == "dropout"]
        for variant in study.variants
    ]
    assert rates == [[0.25, 0.25, 0.5]] * 2 + [[]] * 2 + [[0.1, 0.1, 0.1]] * 2
    units = [v.layers[-1].get("units") or v.layers[-2]["units"] for v in study.variants]
    assert units == [16, 8] * 3


def test_a_dense_layer_keeps_what_else_it_declares(default_config: Config) -> None:
    layers = [LAYERS[0], ["flatten", {"dense": {"units": 16, "bias": False}}], [{"avg_pool": 2}]]
    made = study_of(
        default_config, layers=layers[::2] + layers[1:2], factors={"dense": [8], "bias": [False]}
    )
    conv, *_, dense = made.variants[0].layers
    assert (dense["units"], dense["bias"], conv["bias"]) == (8, False, False)
    without = study_of(
        default_config, layers=[*layers[::2], ["flatten"]], factors={"avg_pool": [1, False]}
    )
    assert [len(variant.layers) for variant in without.variants] == [5, 4]


def test_the_layers_of_a_skip_connection_stay_without_it(default_config: Config) -> None:
    """And factors reach the layers inside."""
    inside = [LAYERS[1][0], [{"dropout": 0.25}, "batch_norm"]]
    layers = [LAYERS[0], [{"residual": inside}, {"residual": ["batch_norm"]}], LAYERS[2]]
    factors = {"residual": [True, False], "kernel": [5], "batch_norm": [True, False]}
    with_all, no_norm, no_skip, neither = study_of(
        default_config, layers=layers, factors=factors
    ).variants
    kinds = [layer["type"] for layer in with_all.layers[3:5]]
    assert kinds == ["residual", "residual"]
    assert [x["type"] for x in with_all.layers[3]["layers"]] == ["conv", "dropout", "batch_norm"]
    assert [x["type"] for x in no_norm.layers[3:5]] == ["residual", "flatten"]
    expected = ["conv", "dropout", "batch_norm", "batch_norm", "flatten"]
    assert [x["type"] for x in no_skip.layers[3:8]] == expected
    assert [x["type"] for x in neither.layers[3:6]] == ["conv", "dropout", "flatten"]
    for variant in (with_all, no_norm, no_skip, neither):
        assert variant.depth == 2
        assert [x["kernel"] for x in flat_layers(variant.layers) if x["type"] == "conv"] == [5, 5]
    assert [variant.label for variant in (with_all, no_skip)] == [
        "residual, kernel 5, batch norm",
        "no residual, kernel 5, batch norm",
    ]


def test_a_level_can_set_several_things(default_config: Config) -> None:
    study = study_of(
        default_config,
        factors={
            "recipe": {
                "slow": {"optimizer": "sgd", "learning_rate": 0.1},
                "fast": {"optimizer": "adam"},
            },
            "network": {"given": {"dropout": True}, "flat": {"layers": ["flatten"]}},
        },
    )
    assert [variant.id for variant in study.variants] == [
        "recipe-slow-network-given",
        "recipe-slow-network-flat",
        "recipe-fast-network-given",
        "recipe-fast-network-flat",
    ]
    assert study.variants[1].settings.learning_rate == 0.1
    assert study.variants[2].settings.learning_rate == 0.001
    assert [layer["type"] for layer in study.variants[1].layers] == ["flatten"]


def test_depth_repeats_the_last_block_or_leaves_it_out(default_config: Config) -> None:
    shallow, deep = study_of(default_config, factors={"depth": [1, 4]}).variants
    assert [layer["type"] for layer in shallow.layers] == [
        *("conv", "max_pool", "dropout", "flatten", "dense", "dropout")
    ]
    assert [x["filters"] for x in deep.layers if x["type"] == "conv"] == [4, 8, 8, 8]
    assert [layer["type"] for layer in deep.layers].count("batch_norm") == 3
    assert shallow.label == "depth 1"


def test_a_variant_from_factors_is_the_same_run_as_one_written_out(default_config: Config) -> None:
    made = study_of(default_config, factors={"kernel": [3], "learning_rate": [0.01]})
    written = load_study(
        default_config
        | {"variants": [{"id": "a", "layers": LAYERS, "training": {"learning_rate": 0.01}}]}
    )
    assert made.runs[0].definition == written.runs[0].definition


MISTAKES: dict[str, tuple[Config, str]] = {
    "both": (
        {"variants": [{"id": "a", "layers": LAYERS}], "factors": {"kernel": [3]}},
        "top level: has 1 variants and factors; exactly one of the two is allowed; "
        "in an overlay file with `factors`, also set `variants: []`",
    ),
    "neither": ({}, "top level: missing key 'variants', or 'factors' in its place"),
    "layers without factors": (
        {"variants": [{"id": "a", "layers": LAYERS}]},
        "layers: has no use without `factors`; a variant has its own",
    ),
    "no layers": (
        {"factors": {"learning_rate": [0.1, 0.2]}, "layers": []},
        "layers: [] is not allowed with `factors`; it is the network they vary",
    ),
    "unknown factor": (
        {"factors": {"kernal": [3, 5]}},
        "factors.kernal: a list of values is for depth, filters, kernel,",
    ),
    "bad level": (
        {"factors": {"kernel": [3, "five"]}},
        'factors.kernel[1]: "five" is not a whole number',
    ),
    "bad dropout": (
        {"factors": {"dropout": [True, "rarely"]}},
        'factors.dropout[1]: "rarely" is not true or false or a number',
    ),
    "level twice": ({"factors": {"kernel": [3, "3"]}}, "factors.kernel: [3, 3] has an entry twice"),
    "no level": ({"factors": {"kernel": []}}, "factors.kernel: [] has too few entries"),
    "no list": ({"factors": {"kernel": 3}}, "factors.kernel: 3 is not a list or a mapping"),
    "unknown setting of a level": (
        {"factors": {"head": {"small": {"dens": 8}}}},
        "factors.head.small: unknown key 'dens'; allowed are depth, filters,",
    ),
    "one thing by two factors": (
        {"factors": {"optimizer": ["sgd"], "recipe": {"a": {"optimizer": "adam"}}}},
        "factors.recipe: sets 'optimizer', which factors.optimizer sets too; only one factor may",
    ),
    "nothing to change": (
        {"factors": {"kernel": [3, 5]}, "layers": ["flatten", {"dense": 3}]},
        "factors.kernel: the network in `layers` has no conv to change",
    ),
    "nothing to repeat": (
        {"factors": {"depth": [3]}, "layers": [LAYERS[0] + LAYERS[1], *LAYERS[2:]]},
        "factors.depth: `layers` must hold lists with one convolution each, to repeat",
    ),
    "two convolutions in a block to repeat": (
        {
            "factors": {"depth": [3]},
            "layers": [[{"residual": [LAYERS[0][0], LAYERS[1][0]]}], *LAYERS[2:]],
        },
        "factors.depth: `layers` must hold lists with one convolution each, to repeat",
    ),
    "no connection to change": (
        {"factors": {"residual": [True, False]}},
        "factors.residual: the network in `layers` has no residual to change",
    ),
    "ids too long": (
        {
            "factors": {
                "learning_rate": [0.123456789],
                "initializer": ["glorot_uniform"],
                "activation": ["leaky_relu"],
            }
        },
        "is too long; at most 64 characters are allowed",
    ),
    "a network that does not fit": (
        {"factors": {"max_pool": [2, 40]}},
        "variants[max_pool40].layers: max_pool_1: pooling over 40x40 shrinks its input of 28x28",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_one_line(default_config: Config, mistake: str) -> None:
    keys, message = MISTAKES[mistake]
    with pytest.raises(StudyError) as error:
        study_of(default_config, **keys)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
