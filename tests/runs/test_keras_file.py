"""Keras reads the model file as it reads its own."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from study.config.study import load_study
from study.errors import StudyError
from study.runs.keras_file import read_architecture, write_keras_file
from study.training.model import build_model, named_weights


@pytest.mark.parametrize("network", ["conv3-k3", "conv5-no-bn", "conv7-k5", "conv7-no-dropout"])
def test_keras_reads_the_network_that_was_written(
    default_config, tmp_path: Path, network: str
) -> None:
    (variant,) = (v for v in load_study(default_config).variants if v.id == network)
    model = build_model(variant.layers, (28, 28, 1), 10, variant.training, seed=1)
    for number, variable in enumerate(model.weights):  # no two alike, as zeros and ones would be
        variable.assign(variable + number)
    written = [tmp_path / "once.keras", tmp_path / "again.keras"]
    for path in written:
        write_keras_file(path, json.loads(model.to_json()), named_weights(model), "3.0")

    found = keras.saving.load_model(written[0])
    assert found.to_json() == model.to_json()
    expected = named_weights(model)
    for name, values in named_weights(found).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
    assert written[0].read_bytes() == written[1].read_bytes()
    keras.saving.KerasFileEditor(str(written[0]))  # reads the metadata too


def test_a_missing_variable_is_named(default_config, tmp_path: Path) -> None:
    variant = load_study(default_config).variants[0]
    model = build_model(variant.layers, (28, 28, 1), 10, variant.training, seed=1)
    weights = named_weights(model)
    del weights["batch_norm_1/beta"]
    with pytest.raises(KeyError, match="batch_norm_1/beta"):
        write_keras_file(tmp_path / "m.keras", json.loads(model.to_json()), weights, "3.0")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"config": {"layers": []}}'])
def test_a_damaged_description_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "architecture.json"
    path.write_text(content)
    with pytest.raises(StudyError, match=str(path)):
        read_architecture(path)
