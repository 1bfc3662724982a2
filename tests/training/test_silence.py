"""TensorFlow prints nothing of the level of errors, whatever settings are allowed."""

import subprocess
import sys
from pathlib import Path

import yaml

from conftest import ROOT

PROGRAM = """
import sys
from dataclasses import replace
import yaml
from study.config.study import load_study
from study.networks.layers import canonical_layers
from study.training.tensorflow_setup import avoid_failing_rewrites, configure_tensorflow

configure_tensorflow(1, sys.argv[1])
import numpy as np
from study.training.model import build_model
from study.training.trainer import Trainer

study = load_study(yaml.safe_load(open("../../config/config.yaml")))
base = replace(study.variants[0].settings, epochs=1, batch_size=20)
layers = canonical_layers([
    {"conv": {"filters": 2, "kernel": 3, "stride": 1, "padding": "valid"}},
    {"max_pool": 2}, "batch_norm",
    {"conv": {"filters": 2, "kernel": 3, "stride": 1, "padding": "valid"}},
    {"residual": [{"conv": {"filters": 2, "kernel": 3, "stride": 1, "padding": "same"}}]},
    "activation", {"avg_pool": 2}, "global_avg_pool", {"dense": 4},
])
images = np.random.default_rng(1).integers(0, 256, (20, 12, 12, 1), dtype=np.uint8)
labels = np.arange(20) % 3
for change in CHANGES:
    settings = replace(base, **change)
    avoid_failing_rewrites(settings.activation)
    trainer = Trainer(build_model(layers, (12, 12, 1), 3, settings, 1), images, labels, settings, 1)
    for _ in trainer.train_epoch(1):
        pass
    trainer.end_epoch()
    trainer.evaluate(images, labels)
    print("trained", change, flush=True)
"""


def test_no_setting_makes_tensorflow_print_an_error(tmp_path: Path) -> None:
    """Each value that the schema allows, in a network with every kind of layer.

    TensorFlow repeats such a message once in a minute at most, so the first one is what counts.
    """
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
    training = schema["$defs"]["training"]["properties"]
    names = ("activation", "optimizer", "loss", "initializer", "precision")
    values = {name: training[name]["enum"] for name in names}
    # As few trainings as have every value of each; leaky ReLU in both precisions.
    changes = [
        {name: of[place % len(of)] for name, of in values.items()}
        for place in range(max(map(len, values.values())))
    ]
    changes += [{"activation": "leaky_relu", "precision": each} for each in values["precision"]]
    program = PROGRAM.replace("CHANGES", repr(changes))
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "log")],
        cwd=ROOT / "workflow" / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("trained") == len(changes)
    lines = done.stderr.splitlines()
    assert [line for line in lines if line[:1] == "E" or "failed" in line] == []
