"""What two networks share starts the same and drops the same, so that pairing by seed pairs."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import yaml

from conftest import ROOT
from study.config.study import load_study
from study.config.variants import Variant
from study.training.convolution import BATCH_FIRST, rearrange
from study.training.forward import DropoutKey, dropout_mask, logits
from study.training.model import build_model, named_weights

SHAPE, CLASSES = (28, 28, 1), 10


@pytest.fixture(scope="module")
def controlled(default_config) -> list[Variant]:
    """The variants of the factorial study with 3 and 5 convolutions."""
    overlay = yaml.safe_load((ROOT / "config" / "controlled.yaml").read_text("utf-8"))
    overlay["factors"]["depth"] = [3, 5]
    return load_study(default_config | overlay).variants


def test_variants_share_the_initial_weights_of_the_layers_that_they_share(controlled) -> None:
    """Layers of one name and shape start the same in all networks with one seed."""
    seen: dict[tuple[str, tuple[int, ...]], np.ndarray] = {}
    compared = 0
    for variant in controlled:
        model = build_model(variant.layers, SHAPE, CLASSES, variant.settings, seed=1)
        for name, values in named_weights(model).items():
            first = seen.setdefault((name, values.shape), values)
            np.testing.assert_array_equal(values, first, f"{variant.id}: {name}")
            compared += name.endswith("kernel") and first is not values
    assert compared > 50
    layers = {name: values.ravel()[:100] for (name, _), values in seen.items() if "kernel" in name}
    correlations = np.abs(np.corrcoef(list(layers.values())))
    assert correlations[~np.eye(len(layers), dtype=bool)].max() < 0.5  # no two layers start alike


def test_variants_share_the_masks_of_the_dropouts_that_they_share(controlled, monkeypatch) -> None:
    """Whether by Fourier transforms or not, with batch normalization or without."""
    masks: dict[str, list[np.ndarray]] = {}

    def remembered(x: tf.Tensor, axes: str, layer: Any, key: DropoutKey) -> tf.Tensor:
        mask = dropout_mask(x, axes, layer, key)
        as_batch = rearrange(mask, axes, BATCH_FIRST) if x.shape.rank == 4 else mask
        masks.setdefault(layer.name, []).append(as_batch.numpy())
        return mask

    monkeypatch.setattr("study.training.forward.dropout_mask", remembered)
    key = DropoutKey(1, tf.constant(1, tf.int64), tf.constant(7, tf.int64))
    for variant in controlled:
        model = build_model(variant.layers, SHAPE, CLASSES, variant.settings, seed=1)
        logits(model, tf.zeros([3, *SHAPE]), 120, key)
    assert {"dropout_1", "dropout_2", "dropout_3"} <= masks.keys()
    for name in ("dropout_1", "dropout_2", "dropout_3"):
        assert len(masks[name]) == len(controlled) / 2
        for mask in masks[name]:
            np.testing.assert_array_equal(mask, masks[name][0], name)
