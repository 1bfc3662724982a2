"""What goes wrong is said, by the real command, where the user looks."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkout import run_snakemake
from hostile_study import make_study

RUN = "results/runs/plain/seed-1"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The finished study, which no test may change, and what the command printed."""
    folder = tmp_path_factory.mktemp("hostile") / "checkout"
    return folder, make_study(folder)


@pytest.fixture(scope="module")
def summary(made: tuple[Path, str]) -> str:
    return (made[0] / "results/summary.md").read_text(encoding="utf-8")


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_a_run_that_did_not_learn_says_so(made: tuple[Path, str], summary: str) -> None:
    """In the log, on the console, in an alert, and in place of its verdict."""
    folder, console = made
    log = (folder / "results/logs/train/wild/seed-1.log").read_text(encoding="utf-8")
    for text in (console, log):
        assert "warning: wild seed 1 did not learn: train error " in text
    assert "> 1 of 3 runs did not learn: " in summary
    assert "> - `wild` seed 1: train error " in summary
    verdicts = {row["id"]: row["verdict"] for row in rows(folder / "results/summary.csv")}
    assert verdicts["wild"].startswith("Did not learn: train error ")
    assert "Did not learn" not in verdicts["plain"] + verdicts["chosen"]


def test_doubtful_data_are_named(made: tuple[Path, str], summary: str) -> None:
    """In the log and in the summary, with licence and source."""
    folder, console = made
    warnings = [
        "classes: 4, but the labels have 3 of them; no image is of class 3",
        "3 of 30 test images are copies of training images, so accuracies tell less about new "
        "images",
    ]
    manifest = json.loads((folder / "data/prepared/own.json").read_text(encoding="utf-8"))
    assert manifest["warnings"] == warnings
    for warning in warnings:
        assert f"warning: own: {warning}" in console
        assert f"> - {warning}" in summary
    assert "- Source: \\<b>made\\</b> up" in summary
    assert "- Licence: CC0" in summary


def test_names_are_text_in_every_format(made: tuple[Path, str], summary: str) -> None:
    """Nothing is executed by a reader of Markdown or by a spreadsheet; `$` is drawn as it is."""
    folder, _ = made
    assert "\\<script>alert(1)\\</script> !\\[](http://example.org/x.png)" in summary
    assert "<script" not in summary.replace("\\<script", "")
    by_id = {row["id"]: row for row in rows(folder / "results/summary.csv")}
    assert by_id["plain"]["label"].startswith("'=1+1 ")
    (contrast,) = rows(folder / "results/comparisons.csv")
    assert (contrast["contrast"], contrast["differs"]) == ("'=cmd()", "$x_$")
    assert "=cmd()" in (folder / "results/summary.tex").read_text(encoding="utf-8")


def test_images_of_five_channels_are_drawn(made: tuple[Path, str]) -> None:
    for variant in ("plain", "chosen", "wild"):
        figure = made[0] / f"results/runs/{variant}/seed-1/mistakes.png"
        assert figure.read_bytes().startswith(b"\x89PNG")


def test_leaky_relu_prints_no_error(made: tuple[Path, str]) -> None:
    assert "E0000" not in made[1]
    assert "remapper" not in made[1]


def test_plain_predictions_are_those_of_the_reported_network(made: tuple[Path, str]) -> None:
    """Of the chosen epoch, as model.keras and chosen_test_accuracy are."""
    import keras

    folder = made[0] / "results/runs/chosen/seed-1"
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    with np.load(folder / "predictions.npz") as arrays:
        reported, last, labels = (
            arrays[name] for name in ("probabilities", "last_probabilities", "labels")
        )
    assert (reported.argmax(axis=1) == labels).mean() == metrics["chosen_test_accuracy"]
    assert (last.argmax(axis=1) == labels).mean() == metrics["test_accuracy"]
    with np.load(made[0] / "data/prepared/own.npz") as data:
        images = data["x_test"].astype(np.float32) / 255
    model = keras.saving.load_model(folder / "model.keras")
    np.testing.assert_allclose(model.predict(images, verbose=0), reported, atol=2e-5)
    with np.load(folder / "weights.npz") as weights:
        whens = {name.partition("/")[0] for name in weights}
    assert whens == {"initial", "final", "chosen"}


# --- results that were edited --------------------------------------------------------------------


def edited(key: str, value: Any) -> Callable[[Path], None]:
    """An edit of metrics.json."""

    def edit(run: Path) -> None:
        file = run / "metrics.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(content | {key: value}), encoding="utf-8")

    return edit


def cut(run: Path) -> None:
    """history.csv without its last epoch."""
    file = run / "history.csv"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]), encoding="utf-8")


@pytest.mark.parametrize(
    ("edit", "target", "message"),
    [
        (
            edited("test_accuracy", 1.5),
            "results/summary.md",
            f"{RUN}/metrics.json: test_accuracy: 1.5 is not a number from 0 to 1",
        ),
        (
            edited("test_accuracy", "high"),
            "results/comparison.png",
            f'{RUN}/metrics.json: test_accuracy: "high" is not a number from 0 to 1',
        ),
        (
            edited("test_accuracy", 0.123),
            "results/summary.md",
            f"{RUN}/metrics.json: test_accuracy: 0.123, but by {RUN}/history.csv it is ",
        ),
        (
            cut,
            f"{RUN}/loss.png",
            f"{RUN}/history.csv: has 1 epoch, but {RUN}/metrics.json says epochs: 2",
        ),
        (
            lambda run: (run / "predictions.npz").write_bytes(b"\x80\x04garbage"),
            "results/comparisons.csv",
            f"{RUN}/predictions.npz: not a NumPy archive (.npz): starts with the bytes 80 04 67 61",
        ),
    ],
    ids=["out of range", "text", "another accuracy", "cut", "garbage"],
)
def test_an_edited_result_is_not_believed(
    made: tuple[Path, str],
    tmp_path: Path,
    edit: Callable[[Path], None],
    target: str,
    message: str,
) -> None:
    folder = tmp_path / "checkout"
    shutil.copytree(made[0], folder, symlinks=True)
    (folder / target).unlink()
    edit(folder / RUN)
    options = ("--cores", "1", "--configfile", "hostile.yaml", "--rerun-triggers", "input")
    done = run_snakemake(folder, target, *options)
    errors = {line for line in done.stderr.splitlines() if line.startswith("error: ")}
    assert done.returncode == 1
    assert len(errors) == 1, done.stderr
    assert message in errors.pop()
    assert "Traceback" not in done.stdout + done.stderr
