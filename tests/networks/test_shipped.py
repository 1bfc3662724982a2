"""The networks of config/networks and config/modern.yaml: as published, planned, and trained."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import yaml

from conftest import ROOT
from study.cluster.resources import training_memory_mb, training_minutes
from study.config.study import Study, load_study
from study.networks.costs import count_parameters, multiply_adds
from study.training.model import build_model
from study.training.trainer import Trainer

GREY, COLOUR, CLASSES = (28, 28, 1), (32, 32, 3), 10
CONFIG = ROOT / "config"
FILES = {path.stem: path for path in (CONFIG / "modern.yaml", *CONFIG.glob("networks/*.yaml"))}


def simple(kernel: int, channels: list[int]) -> int:
    """The trained weights of a network of An et al., counted from its description."""
    side = 28 - (kernel - 1) * len(channels)
    taps = sum(kernel**2 * before * after for before, after in pairwise([1, *channels]))
    return taps + 2 * sum(channels) + side**2 * channels[-1] * 10 + 2 * 10


def resnet(first: int, blocks: list[tuple[int, int]], channels: int) -> int:
    """The trained weights of a ResNet of such blocks (filters, and whether the first has stride),
    every convolution with a batch normalization.
    """
    shapes = [(9 * channels, first)]
    for before, after in pairwise([first, *(filters for filters, _ in blocks)]):
        shapes += [(9 * before, after), (9 * after, after)]
        shapes += [(before, after)] * (before != after)
    dense = (blocks[-1][0] + 1) * 10
    return sum((taps + 2) * filters for taps, filters in shapes) + dense


EIGHT = [(16, 1), (32, 2), (64, 2)]
EIGHTEEN = [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]

MODERN = [(1, 3, 32), (32, 3, 32), (32, 5, 32), (32, 3, 64), (64, 3, 64), (64, 5, 64), (64, 4, 128)]
# Convolutions, weights that are trained, and moving statistics, for images like MNIST's.
NETWORKS = {
    "m3": (10, 1_124_180, simple(3, list(range(32, 177, 16))), 2_100),
    "m5": (5, 1_128_180, simple(5, [32, 64, 96, 128, 160]), 980),
    "m7": (4, 2_291_972, simple(7, [48, 96, 144, 192]), 980),
    "modern": (7, 326_410, sum((i * k**2 + 3) * o for i, k, o in MODERN) + 129 * 10, 832),
    "resnet18": (17, 11_172_810, resnet(64, EIGHTEEN, 1), 9_600),
    "resnet8": (7, 77_754, resnet(16, EIGHT, 1), 672),
}


@pytest.fixture(scope="module")
def studies(default_config: dict[str, Any]) -> dict[str, Study]:
    return {
        name: load_study(default_config | yaml.safe_load(path.read_text()))
        for name, path in FILES.items()
    }


def test_every_file_is_tested() -> None:
    assert NETWORKS.keys() == FILES.keys()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_shipped_network_has_the_published_layers_and_parameters(studies, network: str) -> None:
    depth, trained, counted, moving = NETWORKS[network]
    (variant,) = studies[network].variants
    assert trained == counted
    assert variant.depth == depth
    assert count_parameters(variant.layers, GREY, CLASSES) == trained + moving
    model = build_model(variant.layers, GREY, CLASSES, variant.settings, seed=1)
    assert model.count_params() == trained + moving
    assert sum(weight.value.shape.num_elements() for weight in model.trainable_weights) == trained


def test_resnets_have_the_published_parameters_with_colour_images(studies) -> None:
    """ResNet-18's 11,173,962 are those of kuangliu/pytorch-cifar for CIFAR-10."""
    for network, published, moving in (
        ("resnet18", 11_173_962, 9_600),
        ("resnet8", resnet(16, EIGHT, 3), 672),
    ):
        (variant,) = studies[network].variants
        assert count_parameters(variant.layers, COLOUR, CLASSES) == published + moving
    assert multiply_adds(studies["resnet18"].variants[0].layers, COLOUR, CLASSES) == 555_422_720


@pytest.mark.parametrize("network", NETWORKS)
def test_a_shipped_network_is_planned(studies, network: str) -> None:
    study = studies[network]
    run, *_ = study.runs
    assert 1000 < training_memory_mb(study, run) < 16_000
    assert 10 < training_minutes(study, run) < 14 * 24 * 60


@pytest.mark.parametrize("network", NETWORKS)
def test_a_shipped_network_is_trained_for_an_epoch(studies, network: str) -> None:
    (variant,) = studies[network].variants
    settings = replace(variant.settings, batch_size=4)
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (6, *GREY), dtype=np.uint8)
    model = build_model(variant.layers, GREY, CLASSES, settings, seed=1)
    trainer = Trainer(model, images, np.arange(6), settings, 1)
    assert [step for step, _ in trainer.train_epoch(1)][-1] == 2
    score = trainer.end_epoch()
    tested, probabilities = trainer.evaluate(images, np.arange(6))
    expected = model(images.astype(np.float32) / 255, training=False)
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)
    assert np.isfinite([score.loss, tested.loss]).all()
