"""The summary's tables: the seed's columns and order, marks, spread over seeds, provenance."""

import csv
from pathlib import Path
from typing import Any

import pytest

from study.errors import StudyError
from study.metrics import read_failures, read_metrics
from study.summary import Row, summarize
from summarize import to_markdown, write_csv
from synthetic import GOOD, SEED_TABLE, THRESHOLDS, VARIANTS, metrics, write_metrics

IMAGES = (60000, 10000)
Runs = dict[tuple[str, int], dict[str, Any]]


def study(seeds: int = 1) -> Runs:
    return {(v["id"], s): metrics(v["id"], s) for v in VARIANTS for s in range(1, seeds + 1)}


def rows_of(runs: Runs, seeds: int = 1, failures: dict | None = None) -> list[Row]:
    expected = [(v["id"], s) for v in VARIANTS for s in range(1, seeds + 1)]
    return summarize(VARIANTS, expected, runs, failures or {}, THRESHOLDS)


def text_of(runs: Runs, seeds: int = 1, failures: dict | None = None) -> str:
    rows = rows_of(runs, seeds, failures)
    return to_markdown(rows, list(runs.values()), IMAGES, THRESHOLDS)


def tables(text: str) -> list[list[list[str]]]:
    """The cells of every Markdown table, the rule below its head left out."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [[table[0], *table[2:]] for table in found if table]


def test_first_table_is_the_seeds_table() -> None:
    """On the seed's printed figures, its printed table comes out, cell by cell."""
    head, *rows = tables(text_of(study()))[0]
    assert head == [
        "Number of Convolutional layers",
        "Optimizations",
        "Accuracy",
        "Train error",
        "Test error",
        "Performance",
    ]
    assert [row[0] for row in rows] == ["3", "", "", "", "5", "", "", "", "7", "", "", ""]
    assert [row[1:] for row in rows] == [list(map(str, (r[1], *r[3:]))) for r in SEED_TABLE]


def test_what_was_run_and_the_rule_are_said() -> None:
    text = text_of(study())
    assert text.startswith("# MNIST: 12 networks compared\n")
    for part in (
        "60,000 training and 10,000 test images",
        "12 epochs, batches of 120, 1 seed per network",
        "validated on the test set, as in the 2019 notebook",
        "0.75 ≤ r < 2",
        "TensorFlow: 2.21.0",
        "Git commit: abcdef012345",
    ):
        assert part in text
    assert "WARNING" not in text


def test_second_table_sets_the_published_accuracy_beside_ours() -> None:
    runs = {("conv3-k3", 1): metrics(test_accuracy=0.9904)}
    head, ours, *rest = tables(text_of(runs))[1]
    assert dict(zip(head, ours, strict=True)) == {
        "Variant": "`conv3-k3`",
        "n": "1",
        "Parameters": "131,786",
        "Seconds per epoch": "44.2",
        "Best epoch": "11",
        "Published accuracy": "99.46%",
        "Accuracy": "99.04%",
        "Difference (points)": "−0.42",
    }
    assert rest[0][-3:] == ["98.74%", "—", "—"]


@pytest.mark.parametrize(
    ("accuracy", "line"),
    [
        (0.9905, "**More than 0.4 points from the published accuracy:** `conv3-k3` (−0.41)."),
        (0.9906, "No accuracy is more than 0.4 points"),
        (0.9986, "No accuracy is more than 0.4 points"),
    ],
)
def test_differences_above_0_4_points_are_pointed_out(accuracy: float, line: str) -> None:
    assert line in text_of({("conv3-k3", 1): metrics(test_accuracy=accuracy)})


def test_several_seeds_give_mean_sd_and_n() -> None:
    runs = study(seeds=3)
    for seed, accuracy in ((1, 0.99), (2, 0.992), (3, 0.994)):
        runs["conv3-k3", seed] |= {"test_accuracy": accuracy, "best_epoch": seed * seed}
    row = rows_of(runs, seeds=3)[0]
    assert (row.accuracy, row.accuracy_sd) == pytest.approx((0.992, 0.002))
    assert (row.n_seeds, row.best_epoch, row.status) == (3, 4, "complete")
    first = tables(text_of(runs, seeds=3))[0][1]
    assert first[2:4] == ["99.20% ± 0.20% (n = 3)", "0.0396 ± 0.0000"]


def test_verdict_follows_from_the_means() -> None:
    """Ratios of 0.1 and 3 by seed, but the means give 0.39."""
    runs = {
        ("conv3-k3", 1): metrics(train_loss=0.9, test_loss=0.09),
        ("conv3-k3", 2): metrics(seed=2, train_loss=0.1, test_loss=0.3),
    }
    assert rows_of(runs, seeds=2)[0].verdict == GOOD


def test_missing_and_failed_runs_keep_their_place() -> None:
    runs = study(seeds=3)
    for seed in (1, 2, 3):
        del runs["conv3-k5", seed], runs["conv3-no-bn", seed]
    del runs["conv3-no-dropout", 2], runs["conv5-k3", 3]
    nan = "loss is NaN at epoch 3"
    failures = {("conv3-no-bn", seed): nan for seed in (1, 2, 3)}
    failures |= {("conv5-k3", 3): nan, ("conv3-k3", 1): "from before it was run again"}
    rows = tables(text_of(runs, 3, failures))[0][1:]
    assert [row[1] for row in rows] == [variant["label"] for variant in VARIANTS]
    assert rows[0][5] == GOOD
    assert rows[1][2:] == ["—", "—", "—", "missing"]
    assert rows[2][5] == "Severely overfit; 2 of 3 seeds"
    assert rows[3][2:] == ["—", "—", "—", f"failed: {nan}"]
    assert rows[4][5] == f"{GOOD}; 2 of 3 seeds, seed 3 failed: {nan}"


def test_a_study_without_a_finished_run_still_has_its_rows() -> None:
    text = text_of({})
    assert text.startswith("# No finished run")
    assert len(tables(text)[0]) == 13


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"versions__tensorflow": "2.22.0"}, "TensorFlow: 2.21.0"),
        ({"threads": 2}, "Threads per run: 1"),
        ({"processor": "other"}, "Processor: Intel"),
        ({"code_digest": "f" * 64}, "Training code digest: c0dec0dec0de"),
        ({"data__sha256": "f" * 64}, "Data SHA-256: da7ada7ada7a"),
    ],
)
def test_runs_made_differently_are_named_in_a_warning(change: dict, name: str) -> None:
    runs = study(seeds=3)
    runs["conv5-k3", 2] = metrics("conv5-k3", 2, **change)
    text = text_of(runs, seeds=3)
    warning = text[text.index("> [!WARNING]") : text.index("| Number")]
    assert f"> - {name}" in warning
    assert "`conv5-k3` seeds 1, 3" in warning
    assert warning.rstrip().endswith("(`conv5-k3` seed 2)")


def test_a_label_cannot_break_the_table() -> None:
    variants = [{"id": "a", "label": "3|5\nmixed", "depth": 3, "reference": None}]
    rows = summarize(variants, [("a", 1)], {}, {}, THRESHOLDS)
    assert "| 3\\|5 mixed " in to_markdown(rows, [], IMAGES, THRESHOLDS)


def test_csv_holds_unrounded_figures(tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    write_csv(rows_of({("conv3-k3", 1): metrics(test_loss=0.0123456789)}), path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [variant["id"] for variant in VARIANTS]
    assert float(rows[0]["test_loss"]) == 0.0123456789
    assert (rows[0]["status"], rows[1]["status"]) == ("complete", "missing")
    assert rows[1]["accuracy"] == rows[0]["accuracy_sd"] == ""


def test_files_of_runs_are_read_and_damage_is_named(tmp_path: Path) -> None:
    path = write_metrics(tmp_path, metrics("conv3-k3", 2))
    assert list(read_metrics([path])) == [("conv3-k3", 2)]
    failed = path.with_name("failed.json")
    failed.write_text('{"error": "loss is NaN\\nat epoch 3", "epoch": 3}')
    assert read_failures([failed]) == {("conv3-k3", 2): "loss is NaN at epoch 3"}
    path.write_text('{"variant": "conv3-')
    with pytest.raises(StudyError, match=r"metrics\.json: damaged"):
        read_metrics([path])
