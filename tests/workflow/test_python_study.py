"""A network in Python beside a declared one: the whole study, and what reruns after an edit."""

import json
import re
import shutil
from pathlib import Path

import keras
import pytest

from checkout import Job, run_snakemake
from reruns_changes import configured
from reruns_study import (
    AGGREGATES,
    CONFIG,
    EACH_RUN,
    NOTHING,
    jobs,
    make_finished_study,
    plan,
    variant,
)

MINE = '''"""My networks."""

import keras
from keras import layers

from blocks import stem

UNITS = 4


def build(input_shape, classes):
    images = keras.Input(input_shape)
    x = layers.Dropout(0.1)(layers.Flatten()(stem(images)))
    x = layers.Dense(UNITS, activation="relu")(x)
    return keras.Model(images, layers.Dense(classes, name="last")(x))


def other(input_shape, classes):
    return 1
'''
BLOCKS = """from keras import layers


def stem(x):
    return layers.BatchNormalization(name="norm")(layers.Conv2D(2, 3, name="stem")(x))


def unused(x):
    return x
"""
OWN = {"id": "own", "label": "My own", "python": "models/mine.py:build", "output": "logits"}
ITS_RUNS = jobs(*EACH_RUN, variants=["own"], seeds=[1]) | AGGREGATES


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two networks, made."""
    files = {"models/mine.py": MINE, "models/blocks.py": BLOCKS}
    folder = tmp_path_factory.mktemp("python")
    return make_finished_study(folder, [variant("plain"), OWN], files, seeds=[1])


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "checkout", symlinks=True)
    return tmp_path / "checkout"


def edit(checkout: Path, file: str, old: str, new: str) -> None:
    path = checkout / "models" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_it_is_part_of_every_result(finished: Path) -> None:
    results = finished / "results"
    metrics = json.loads((results / "runs/own/seed-1/metrics.json").read_text())
    parameters = (9 + 1) * 2 + 4 * 2 + (6 * 6 * 2 + 1) * 4 + (4 + 1) * 3
    assert metrics["parameters"] == parameters
    assert metrics["python"]["source"] == OWN["python"]
    model = keras.models.load_model(results / "runs/own/seed-1/model.keras")
    assert model.output_shape == (None, 3)

    summary = (results / "summary.md").read_text(encoding="utf-8")
    assert re.search(r"^\| +— \| My own +\| +\d+\.\d\d% \|", summary, re.MULTILINE)
    header, plain, own = (results / "summary.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("id,label,depth,")
    assert plain.startswith("plain,The plain one,1,")
    assert own.startswith("own,My own,,1,")
    comparisons = (results / "comparisons.csv").read_text(encoding="utf-8")
    assert "network (declared layers → models/mine.py:build)" in comparisons
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "built by models/mine.py:build" in page
    assert "python: models/mine.py:build\n  output: logits" in page
    assert "<code>stem</code>" in page


def edit_what_it_reaches(checkout: Path) -> None:
    edit(checkout, "blocks.py", "Conv2D(2, 3", "Conv2D(2, 2")


def edit_what_it_does_not_reach(checkout: Path) -> None:
    """Comments, another function in either file, the name of a file, and a setting of layers."""
    edit(checkout, "mine.py", '"""My networks."""', "# My own networks.")
    edit(checkout, "mine.py", "return 1", "return 2")
    edit(checkout, "blocks.py", "return x\n", "return -x\n")
    (checkout / "models" / "mine.py").touch()


def move(checkout: Path) -> None:
    (checkout / "models").rename(checkout / "networks")
    (checkout / "networks" / "mine.py").rename(checkout / "networks" / "ours.py")
    configured(lambda config: config["variants"][1].update(python="networks/ours.py:build"))(
        checkout
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (edit_what_it_reaches, ITS_RUNS),
        (edit_what_it_does_not_reach, NOTHING),
        # The comparisons say what differs, and the page has the configuration.
        (move, AGGREGATES - {("plot_study", ""), ("ensemble", "")}),
    ],
)
def test_what_reruns_for_a_network_in_python(checkout: Path, change, expected: set[Job]) -> None:
    change(checkout)
    assert plan(checkout) == expected


def test_a_function_that_raises_is_named_with_its_line(checkout: Path) -> None:
    edit(
        checkout,
        "mine.py",
        "    x = layers.Dropout",
        "    raise ValueError('no')\n    x = layers.Dropout",
    )
    done = run_snakemake(checkout, "--cores", "2", "--configfile", CONFIG)
    assert done.returncode != 0
    error = "models/mine.py, line 13: ValueError: no"
    assert f"error: {error}" in done.stderr
    assert f"own, seed 1: {error} (results/logs/train/own/seed-1.log)" in done.stderr
    assert "Traceback" not in (checkout / "results/logs/train/own/seed-1.log").read_text()
    failed = json.loads((checkout / "results/runs/own/seed-1/failed.json").read_text())
    assert failed["error"] == error
