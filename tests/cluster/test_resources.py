"""Memory and time that jobs ask for, against what real ones took."""

import copy
from typing import Any

import pytest

from study.cluster.resources import (
    SNAKEMAKE_MB,
    data_memory_mb,
    evaluation_memory_mb,
    training_cost,
    training_memory_mb,
    training_minutes,
)
from study.config.study import Run, Study, load_study

WIDE = [
    {"conv": {"filters": 256, "kernel": 3, "padding": "same"}},
    {"conv": {"filters": 256, "kernel": 3, "padding": "same"}},
    *({"max_pool": 2}, "flatten", {"dense": 512}),
]
WIDE_ON_SMALL_MAPS = [
    {"conv": {"filters": 64, "kernel": 3, "padding": "same"}},
    {"max_pool": 2},
    {"conv": {"filters": 128, "kernel": 3, "padding": "same"}},
    {"max_pool": 2},
    *[{"conv": {"filters": 512, "kernel": 3, "padding": "same"}}] * 5,
    *("flatten", {"dense": 10}),
]

# Peak memory in MB (`peak_memory_mb`) and seconds (`benchmark:`) of trainings on one thread of an
# AMD EPYC (Zen 5), with TensorFlow 2.21.0, on 2026-11-23: those of the study on MNIST, 12 epochs,
# and of one or two epochs on the digits with other batches, a network of 26 million parameters, and
# one of 512 filters on maps of 7x7.
MNIST = {
    "conv3-k3": (774, 188),
    "conv3-k5": (715, 17),
    "conv3-no-dropout": (740, 73),
    "conv3-no-bn": (733, 67),
    "conv5-k3": (804, 278),
    "conv5-k5": (727, 21),
    "conv5-no-dropout": (769, 153),
    "conv5-no-bn": (760, 117),
    "conv7-k3": (841, 363),
    "conv7-k5": (737, 25),
    "conv7-no-dropout": (811, 232),
    "conv7-no-bn": (804, 168),
}
DIGITS = [  # network, batch, epochs, MB, seconds
    ("conv3-k3", 32, 2, 639, 2),
    ("conv3-k3", 1000, 2, 1140, 3),
    ("conv3-k3", 1, 1, 626, 2),
    ("conv3-k5", 1000, 2, 698, 1),
    ("conv7-k5", 1, 1, 626, 2),
    ("conv7-no-dropout", 1000, 2, 1011, 2),
    ("conv7-no-dropout", 1, 1, 662, 8),
    ("wide", 120, 2, 1935, 61),
    ("wide-on-small-maps", 120, 1, 1778, 19),
]


def described(default_config: dict[str, Any], network: str, **changes: Any) -> tuple[Study, Run]:
    config = copy.deepcopy(default_config) | {"seeds": [1]}
    config["dataset"] = changes.pop("dataset", "mnist")
    config["variants"] += [
        {"id": "wide", "layers": WIDE},
        {"id": "wide-on-small-maps", "layers": WIDE_ON_SMALL_MAPS},
    ]
    config["training"] |= changes
    study = load_study(config)
    return study, study.run(network, "1")


@pytest.mark.parametrize("network", MNIST)
def test_the_study_gets_what_it_needs_and_not_much_more(default_config, network: str) -> None:
    megabytes, seconds = MNIST[network]
    study, run = described(default_config, network)
    needed = megabytes + SNAKEMAKE_MB
    assert 1.2 * needed < training_memory_mb(study, run) < 2 * needed
    # processors are slower than this one, and file systems than this one's
    assert 3 * seconds < 60 * training_minutes(study, run) < 900 + 20 * seconds


@pytest.mark.parametrize(("network", "batch", "epochs", "megabytes", "seconds"), DIGITS)
def test_small_data_large_batches_and_wide_networks_get_what_they_need(
    default_config, network: str, batch: int, epochs: int, megabytes: int, seconds: int
) -> None:
    study, run = described(
        default_config, network, dataset="digits", batch_size=batch, epochs=epochs
    )
    needed = megabytes + SNAKEMAKE_MB
    assert 1.2 * needed < training_memory_mb(study, run) < 2 * needed
    assert 60 * training_minutes(study, run) > 3 * seconds


def test_memory_grows_with_the_data_by_the_bytes_of_its_images(default_config) -> None:
    small, large = (
        training_memory_mb(*described(default_config, "conv3-k3", dataset=name))
        for name in ("digits", "mnist")
    )
    assert large - small > (60_000 - 1_437) * 28 * 28 / 1e6


def test_memory_to_prepare_data_grows_with_their_channels(default_config) -> None:
    """At 224x224 the images do not fit in what small ones are given."""
    needs = {}
    for channels in (1, 3):
        config = copy.deepcopy(default_config)
        large = config["datasets"]["mnist"] | {"shape": [224, 224, channels]}
        study = load_study(config | {"datasets": {"large": large}, "dataset": "large"})
        needs[channels] = data_memory_mb(study)
        assert needs[channels] > 2 * 60_000 * 224**2 * channels / 1e6
    assert needs[3] > 2.5 * needs[1]
    assert data_memory_mb(load_study(default_config | {"dataset": "cifar10"})) == 2000


def test_time_grows_with_the_epochs(default_config) -> None:
    one, many = (
        training_minutes(*described(default_config, "conv7-no-dropout", epochs=epochs))
        for epochs in (1, 1001)
    )
    assert many > 20 * one


def test_a_training_on_a_gpu_asks_for_the_memory_of_its_driver(default_config) -> None:
    without, with_gpu = (
        training_memory_mb(*described(default_config, "conv3-k3", gpu=gpu)) for gpu in (0, 1)
    )
    assert with_gpu > without + 1000


@pytest.mark.parametrize(("network", "megabytes"), [("conv7-k3", 299), ("wide", 559)])
def test_an_evaluation_gets_what_it_needs_and_not_much_more(
    default_config, network: str, megabytes: int
) -> None:
    """Measured with initial and final weights; of 26 million also those of a chosen epoch."""
    needed = megabytes + SNAKEMAKE_MB
    asked = evaluation_memory_mb(*described(default_config, network))
    assert 1.2 * needed < asked < 3 * needed


def test_costs_rise_with_the_time_that_trainings_took(default_config) -> None:
    """Seconds per epoch in the recorded study, on one thread; of multiply-adds alone one network
    would do 1.8 times as many in a second as another.
    """
    seconds = {
        **{"conv3-k3": 15.2, "conv3-no-dropout": 5.9, "conv3-no-bn": 5.2},
        **{"conv5-k3": 22.0, "conv5-no-dropout": 12.4, "conv5-no-bn": 9.0},
        **{"conv7-k3": 28.6, "conv7-no-dropout": 18.7, "conv7-no-bn": 13.7},
        **{"conv3-k5": 1.3, "conv5-k5": 1.6, "conv7-k5": 1.9},
    }
    study = load_study(default_config)
    costs = {run.variant: training_cost(study, run) for run in study.runs}
    assert sorted(costs, key=costs.__getitem__) == sorted(seconds, key=seconds.__getitem__)
    rates = [costs[network] / seconds[network] for network in seconds]
    assert max(rates) < 1.5 * min(rates)
