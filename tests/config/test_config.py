"""The configuration resolved: every default filled in, every run defined."""

import json
import math
import struct
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from study.config.study import load_study
from study.errors import StudyError

Config = dict[str, Any]


def test_the_shipped_configuration_says_what_the_defaults_are(config) -> None:
    """A user who deletes a line gets what stood there."""
    shipped = load_study(config)
    for key in ("dataset", "outdir", "seeds", "incomplete", "training", "verdict", "plots"):
        del config[key]
    del config["reference_dataset"], config["comparison"]
    assert load_study(config) == shipped


def test_the_recipe_is_the_notebooks(config) -> None:
    for variant in load_study(config).variants:
        assert asdict(variant.settings) == {
            "epochs": 12,
            "batch_size": 120,
            "optimizer": "adam",
            "learning_rate": 0.001,
            "loss": "categorical_crossentropy",
            "initializer": "he_normal",
            "activation": "relu",
            "pixel_divisor": 255.0,
            "standardize": False,
            "validation": "test",
            "holdout_fraction": None,
            "threads": 1,
            "gpu": 0,
            "precision": "float32",
            "xla": False,
            "schedule": {"kind": "constant", "warmup": 0.0},
            "weight_decay": 0.0,
            "momentum": 0.0,
            "label_smoothing": 0.0,
            "ema": 0.0,
            "early_stopping": None,
            "augment": None,
            "metric": None,
        }


def test_runs_are_variants_times_seeds(config) -> None:
    config["seeds"] = [7, 3]
    runs = load_study(config).runs
    assert [(run.variant, run.seed) for run in runs[:3]] == [
        ("conv3-k3", 7),
        ("conv3-k3", 3),
        ("conv3-k5", 7),
    ]
    assert len(runs) == 24
    config["seeds"] = 3
    assert load_study(config).seeds == [1, 2, 3]


def test_numbers_may_come_as_text_from_the_command_line(config) -> None:
    config["seeds"] = ["1", "2"]
    config["training"] = {"epochs": "3", "learning_rate": "1e-4"}
    study = load_study(config)
    assert study.seeds == [1, 2]
    assert study.variants[0].settings.epochs == 3
    assert study.variants[0].settings.learning_rate == 1e-4


def definitions(config: Config) -> dict[tuple[str, int], str]:
    return {(run.variant, run.seed): run.definition for run in load_study(config).runs}


def test_a_setting_changes_the_runs_that_it_applies_to_and_no_others(config) -> None:
    config["variants"][0]["training"] = {"learning_rate": 0.01}
    before = definitions(config)
    config["training"]["learning_rate"] = 0.002
    after = definitions(config)
    assert {run for run in before if before[run] == after[run]} == {("conv3-k3", 1)}
    assert json.loads(after["conv3-k3", 1])["settings"]["learning_rate"] == 0.01


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["variants"][0].update(label="Another name"),
        lambda c: c["variants"][0].update(reference={"accuracy": 0.5}),
        lambda c: c["training"].update(learning_rate=1e-3),
        lambda c: c["training"].update(pixel_divisor=255.0),
        lambda c: c["training"].update(holdout_fraction=0.3),  # not used without a holdout
        lambda c: c["datasets"]["mnist"].update(mirrors=["https://example.org/"]),
        lambda c: c.update(training=dict(reversed(c["training"].items()))),
        lambda c: c["training"].update(batch_size=120.0, epochs="12"),
        lambda c: c.update(outdir="elsewhere", plots={"dpi": 90}),
        # with `validation: test` it only judges
        lambda c: c.update(comparison={"metric": "nll", "equivalence_margin": 0.01}),
        lambda c: c["variants"][0].update(
            layers=[x for block in c["variants"][0]["layers"] for x in block]
        ),
    ],
)
def test_what_cannot_change_a_result_is_no_part_of_a_runs_definition(config, change) -> None:
    before = definitions(config)
    change(config)
    assert definitions(config) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["training"].update(threads=2),
        lambda c: c["training"].update(validation="holdout"),
        lambda c: c["variants"][0]["layers"][0][0]["conv"].update(filters=33),
        lambda c: c["variants"][0]["layers"].append("batch_norm"),
    ],
)
def test_what_can_change_a_result_is_part_of_it(config, change) -> None:
    before = definitions(config)["conv3-k3", 1]
    change(config)
    assert definitions(config)["conv3-k3", 1] != before


def test_published_figures_are_for_their_dataset_alone(config) -> None:
    assert all(variant.reference for variant in load_study(config).variants)
    config |= {"dataset": "digits"}
    assert not any(variant.reference for variant in load_study(config).variants)


def test_own_data_is_measured_by_its_headers(config, tmp_path: Path) -> None:
    npz = tmp_path / "mine.npz"
    images, labels = np.zeros((7, 9, 8, 3), np.uint8), np.zeros(7, np.uint8)
    np.savez(npz, x_train=images, y_train=labels, x_test=images, y_test=labels)
    config |= {"datasets": {"mine": {"classes": 2, "npz": str(npz)}}, "dataset": "mine"}
    config |= {
        "reference_dataset": "mine",
        "training": {"batch_size": 7},
        "variants": [{"id": "a", "layers": ["flatten"]}],
    }
    study = load_study(config)
    assert (study.input_shape, study.train_images) == ((9, 8, 3), 7)

    files = {}
    for name in ("x_train", "y_train", "x_test", "y_test"):
        files[name] = {"path": str(tmp_path / name)}
        shape = (9, 6, 5) if name[0] == "x" else (9,)
        header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
        (tmp_path / name).write_bytes(header + bytes(math.prod(shape)))
    config["datasets"]["mine"] = {"classes": 2, "files": files}
    study = load_study(config)
    assert (study.input_shape, study.train_images) == ((6, 5, 1), 9)

    (tmp_path / "x_train").write_bytes(b"<html>")
    with pytest.raises(StudyError, match="x_train is not an IDX file"):
        load_study(config)


@pytest.mark.parametrize("text", ["true", "True"])
def test_text_from_the_command_line_becomes_true_or_false(default_config, text: str) -> None:
    config = default_config | {"training": {"gpu": "1", "xla": text}}
    run, *_ = load_study(config).runs
    assert run.settings.xla is True
