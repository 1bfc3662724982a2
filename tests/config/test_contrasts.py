"""Which variants are compared, and what is said to differ."""

from typing import Any

import pytest

from study.config.contrasts import Contrast
from study.config.study import load_study
from study.errors import StudyError

Config = dict[str, Any]


def pairs(config: Config) -> list[tuple[str, str]]:
    return [(c.variant, c.baseline) for c in load_study(config).contrasts]


def test_the_twelve_networks_are_compared_within_and_across_depths(config: Config) -> None:
    within = [
        (f"conv{depth}-{other}", f"conv{depth}-k3")
        for depth in (3, 5, 7)
        for other in ("k5", "no-dropout", "no-bn")
    ]
    across = [("conv5-k3", "conv3-k3"), ("conv7-k3", "conv3-k3"), ("conv7-k3", "conv5-k3")]
    assert pairs(config) == within + across
    assert {contrast.family for contrast in load_study(config).contrasts} == {"study"}


def test_what_differs_is_read_off_the_networks(config: Config) -> None:
    """The networks without dropout also have other kernels, and it says so."""
    differs = {c.variant: c.differs for c in load_study(config).contrasts[:3]}
    assert differs["conv3-k5"] == "kernel size, stride, padding, pooling"
    assert differs["conv3-no-dropout"] == "kernel size, stride, padding, pooling, dropout"
    assert "batch normalization" in differs["conv3-no-bn"]
    assert load_study(config).contrasts[-1].differs == "depth (5 → 7 convolutions)"


def test_settings_that_differ_are_named(config: Config) -> None:
    plain = config["variants"][0]
    del plain["notebook_group"]
    config["variants"] = [plain, plain | {"id": "b", "training": {"learning_rate": 0.01}}]
    assert load_study(config).contrasts == [
        Contrast("b vs conv3-k3", "study", "conv3-k3", "b", "learning rate")
    ]
    config["variants"][1] = plain | {"id": "b"}
    assert load_study(config).contrasts[0].differs == "nothing"
    swapped = [*plain["layers"][:3], ["flatten", {"dense": 128}, "batch_norm", {"dropout": 0.5}]]
    config["variants"][1] = plain | {"id": "b", "layers": swapped}
    assert load_study(config).contrasts[0].differs == "order of layers"


def test_layers_of_the_new_kinds_are_named(config: Config) -> None:
    same = {"filters": 4, "kernel": 3, "padding": "same"}
    plain: Config = {"id": "a", "layers": [{"conv": same}, {"max_pool": 2}, "flatten"]}
    other: list[Any] = [{"conv": same | {"bias": False, "activation": "none"}}]
    other += ["batch_norm", "activation", {"avg_pool": 2}, "global_avg_pool"]
    config["variants"] = [plain, {"id": "b", "layers": other}]
    assert load_study(config).contrasts[0].differs == (
        "bias, activation of convolutions, activation layers, pooling, average pooling, "
        "global average pooling, batch normalization"
    )
    dense = [*plain["layers"], {"dense": {"units": 4, "activation": "tanh"}}]
    config["variants"] = [plain | {"layers": [*plain["layers"], {"dense": 4}]}]
    config["variants"].append({"id": "b", "layers": dense})
    assert load_study(config).contrasts[0].differs == "activation of dense layers"
    skipping = [{"residual": plain["layers"][:2]}, "flatten"]
    config["variants"] = [plain, {"id": "b", "layers": skipping}]
    assert load_study(config).contrasts[0].differs == "skip connections"


def test_one_variant_has_nothing_to_be_compared_with(config: Config) -> None:
    config["variants"] = config["variants"][:1]
    assert pairs(config) == []


def test_a_factorial_design_changes_one_factor_at_a_time(config: Config) -> None:
    config |= {"variants": [], "layers": config["variants"][0]["layers"]}
    config["factors"] = {"kernel": [3, 5, 7], "dropout": [True, False], "epochs": [12]}
    contrasts = load_study(config).contrasts
    assert [(c.variant, c.differs) for c in contrasts] == [
        ("kernel3-no-dropout-epochs12", "dropout (with → without)"),
        ("kernel5-dropout-epochs12", "kernel (3 → 5)"),
        ("kernel7-dropout-epochs12", "kernel (3 → 7)"),
    ]
    assert {c.baseline for c in contrasts} == {"kernel3-dropout-epochs12"}


def test_declared_contrasts_replace_the_default(config: Config) -> None:
    config["contrasts"] = [
        {"baseline": "conv3-k3", "variant": "conv7-k3", "differs": "four more", "name": "deeper"},
        {"baseline": "conv3-k3", "variant": "conv5-k3", "family": "others"},
    ]
    assert load_study(config).contrasts == [
        Contrast("deeper", "study", "conv3-k3", "conv7-k3", "four more"),
        Contrast(
            "conv5-k3 vs conv3-k3",
            "others",
            "conv3-k3",
            "conv5-k3",
            "depth (3 → 5 convolutions), pooling",
        ),
    ]
    config["contrasts"] = []
    assert pairs(config) == []


MISTAKES = {
    "missing variant": (
        [{"baseline": "conv3-k3", "variant": "conv3-k9"}],
        "contrasts[0].variant: there is no variant 'conv3-k9'; there are conv3-k3, conv3-k5,",
    ),
    "missing baseline": (
        [{"baseline": "conv9-k3", "variant": "conv3-k3", "name": "deep"}],
        "contrasts[deep].baseline: there is no variant 'conv9-k3'; there are conv3-k3,",
    ),
    "with itself": (
        [{"baseline": "conv3-k3", "variant": "conv3-k3"}],
        "contrasts[0]: 'conv3-k3' is compared with itself",
    ),
    "twice": (
        [{"baseline": "conv3-k3", "variant": "conv3-k5"}] * 2,
        "contrasts[1]: is duplicated in the family 'study'",
    ),
    "no baseline": ([{"variant": "conv3-k3"}], "contrasts[0]: missing key 'baseline'"),
    "unknown key": (
        [{"baseline": "conv3-k3", "variant": "conv3-k5", "diffres": "x"}],
        "contrasts[0]: unknown key 'diffres'; allowed are baseline, variant, name,",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_one_line(config: Config, mistake: str) -> None:
    config["contrasts"], message = MISTAKES[mistake]
    with pytest.raises(StudyError) as error:
        load_study(config)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("margin", [0, -0.2, 101, "wide"])
def test_the_margin_is_a_number_of_points(config: Config, margin: Any) -> None:
    config["comparison"] = {"equivalence_margin": margin}
    with pytest.raises(StudyError, match=r"^comparison\.equivalence_margin: "):
        load_study(config)
