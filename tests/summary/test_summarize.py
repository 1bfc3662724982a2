"""The summary: the seed's table, intervals, marks, conclusions, provenance; its files."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from study.errors import StudyError
from study.runs.metrics import RunKey, read_failures, read_metrics, reported_accuracy
from study.summary.latex import to_latex
from study.summary.provenance import load_in_words
from study.summary.rows import Row, accuracy_interval
from study.tables import write_records
from summaries import COMPARISON, rows_of, sections_of, study, tables, text_of
from synthetic import GOOD, SEED_TABLE, VARIANTS, metrics, write_metrics


def test_first_table_is_the_seeds_table() -> None:
    """On the seed's printed figures, its printed table comes out, cell by cell."""
    head, *rows = tables(text_of(study()))[0]
    assert head[6:] == ["n", "95 % interval"]
    assert head[:6] == [
        "Number of Convolutional layers",
        "Optimizations",
        "Accuracy",
        "Train error",
        "Test error",
        "Performance",
    ]
    assert [row[0] for row in rows] == ["3", "", "", "", "5", "", "", "", "7", "", "", ""]
    assert [row[1:6] for row in rows] == [list(map(str, (r[1], *r[3:]))) for r in SEED_TABLE]
    assert {row[6] for row in rows} == {"1"}


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
    runs = {RunKey("conv3-k3", 1): metrics(test_accuracy=0.9904)}
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
    assert line in text_of({RunKey("conv3-k3", 1): metrics(test_accuracy=accuracy)})


def test_several_seeds_give_mean_sd_and_n() -> None:
    runs = study(seeds=3)
    for seed, accuracy in ((1, 0.99), (2, 0.992), (3, 0.994)):
        runs[RunKey("conv3-k3", seed)] |= {"test_accuracy": accuracy, "best_epoch": seed * seed}
    row = rows_of(runs, seeds=3)[0]
    assert (row.accuracy, row.accuracy_sd) == pytest.approx((0.992, 0.002))
    assert (row.n_seeds, row.best_epoch, row.status) == (3, 4, "complete")
    first = tables(text_of(runs, 3))[0][1]
    # Student's 97.5 % quantile with 2 degrees of freedom is 4.3027: 0.2 / sqrt(3) times that.
    assert first[2:4] + first[6:] == ["99.20% ± 0.20%", "0.0396 ± 0.0000", "3", "98.70–99.70%"]


def test_one_seed_has_wilsons_interval_and_says_what_it_leaves_out() -> None:
    """99.46 % of 10,000: 0.9946 is the centre's neighbour, half-width about 0.145 points."""
    text = text_of(study())
    assert tables(text)[0][1][7] == "99.30–99.59%"
    assert "is Wilson's, for the sampling of the 10,000 test images" in text


def test_intervals_without_spread_and_at_the_ends() -> None:
    assert accuracy_interval([], 100) is None
    assert accuracy_interval([1.0, 1.0, 1.0], 100) is None
    certain = accuracy_interval([1.0], 100)
    assert certain and (certain.high, certain.method) == (pytest.approx(1), "Wilson")
    wide = accuracy_interval([0.9, 1.0], 100)
    assert wide and (wide.low, wide.high, wide.method) == (
        pytest.approx(0.3147, abs=1e-4),
        1,
        "Student t",
    )


def test_seeds_without_spread_give_words() -> None:
    runs = {RunKey("conv3-k3", seed): metrics(seed=seed, test_accuracy=1.0) for seed in (1, 2)}
    assert tables(text_of(runs, 2))[0][1][7] == "no spread over seeds"


def test_methods_are_told_apart_where_a_table_has_both() -> None:
    runs = study(seeds=2)
    runs[RunKey("conv3-k3", 2)]["test_accuracy"] = 0.99
    del runs[RunKey("conv3-k5", 2)]
    _, several, one, *_ = tables(text_of(runs, 2))[0]
    assert several[7].endswith("(Student t)")
    assert one[7].endswith("(Wilson)")
    assert "Where n = 1 it is Wilson's" in text_of(runs, 2)


def test_verdict_follows_from_the_means() -> None:
    """Ratios of 0.1 and 3 by seed, but the means give 0.39."""
    runs = {
        RunKey("conv3-k3", 1): metrics(train_loss=0.9, test_loss=0.09),
        RunKey("conv3-k3", 2): metrics(seed=2, train_loss=0.1, test_loss=0.3),
    }
    assert rows_of(runs, seeds=2)[0].verdict == GOOD


def test_missing_and_failed_runs_keep_their_place() -> None:
    runs = study(seeds=3)
    for seed in (1, 2, 3):
        del runs[RunKey("conv3-k5", seed)], runs[RunKey("conv3-no-bn", seed)]
    del runs[RunKey("conv3-no-dropout", 2)], runs[RunKey("conv5-k3", 3)]
    nan = "loss is NaN at epoch 3"
    failures = {RunKey("conv3-no-bn", seed): nan for seed in (1, 2, 3)}
    failures |= {RunKey("conv5-k3", 3): nan, RunKey("conv3-k3", 1): "from before it was run again"}
    rows = tables(text_of(runs, 3, failures))[0][1:]
    assert [row[1] for row in rows] == [variant["label"] for variant in VARIANTS]
    assert rows[0][5] == GOOD
    assert rows[1][2:] == ["—", "—", "—", "missing", "0", "—"]
    assert rows[2][5] == "Severely overfit; 2 of 3 seeds"
    assert rows[3][2:6] == ["—", "—", "—", f"failed: {nan}"]
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
    runs[RunKey("conv5-k3", 2)] = metrics("conv5-k3", 2, **change)
    text = text_of(runs, 3)
    warning = text[text.index("> [!WARNING]") : text.index("| Number")]
    assert f"> - {name}" in warning
    assert "`conv5-k3` seeds 1, 3" in warning
    assert warning.rstrip().endswith("(`conv5-k3` seed 2)")


def test_csv_holds_unrounded_figures(tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    rows_written = rows_of({RunKey("conv3-k3", 1): metrics(test_loss=0.0123456789)})
    write_records(path, Row, rows_written)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [variant["id"] for variant in VARIANTS]
    assert float(rows[0]["test_loss"]) == 0.0123456789
    assert (rows[0]["status"], rows[1]["status"]) == ("complete", "missing")
    assert rows[1]["accuracy"] == rows[0]["accuracy_sd"] == rows[0]["chosen_epoch"] == ""
    assert rows[0]["accuracy_interval"] == "Wilson"
    assert float(rows[0]["accuracy_low"]) < float(rows[0]["accuracy"])


def test_files_of_runs_are_read_and_damage_is_named(tmp_path: Path) -> None:
    path = write_metrics(tmp_path, metrics("conv3-k3", 2))
    assert list(read_metrics([path])) == [("conv3-k3", 2)]
    failed = path.with_name("failed.json")
    failed.write_text('{"error": "loss is NaN\\nat epoch 3", "epoch": 3}')
    assert read_failures([failed]) == {("conv3-k3", 2): "loss is NaN at epoch 3"}
    path.write_text('{"variant": "conv3-')
    with pytest.raises(StudyError, match=r"metrics\.json: damaged"):
        read_metrics([path])


def chosen(variant: str = "conv3-k3", seed: int = 1, **changes: Any) -> dict[str, Any]:
    """A run that chose epoch 7 on held-out images."""
    figures = {"chosen_epoch": 7, "chosen_test_accuracy": 0.996, "chosen_test_loss": 0.0123}
    return metrics(variant, seed, validation="holdout", **figures | changes)


def test_the_chosen_epoch_is_reported_beside_the_last() -> None:
    runs = {RunKey("conv3-k3", 1): chosen(), RunKey("conv3-k3", 2): chosen(seed=2, chosen_epoch=10)}
    row = rows_of(runs, seeds=2)[0]
    assert (row.accuracy, row.test_accuracy) == pytest.approx((0.996, 0.9946))
    assert (row.chosen_epoch, row.chosen_test_loss) == pytest.approx((8.5, 0.0123))
    text = text_of(runs, 2)
    section = text[text.index("<b>Choice of the epoch") :]
    head, ours = tables(section)[0]
    assert dict(zip(head, ours, strict=True)) == {
        "Variant": "`conv3-k3`",
        "n": "2",
        "Accuracy, last epoch": "99.46%",
        "Test error, last epoch": "0.0185",
        "Chosen epoch": "8.5",
        "Accuracy, chosen epoch": "99.60%",
        "Test error, chosen epoch": "0.0123",
    }
    assert "The test images had no part in the choice." in section
    assert "The test set served for validation" not in text


def test_the_summary_says_whose_validation_was_the_test_set() -> None:
    assert "The test set served for validation, as in the notebook." in text_of(study())
    both = {RunKey("conv3-k3", 1): chosen(), RunKey("conv3-k5", 1): metrics("conv3-k5")}
    assert "The test set served for validation of `conv3-k5`, as in" in text_of(both)


def test_metrics_from_before_there_was_a_choice_are_read() -> None:
    old = metrics(test_accuracy=0.99)
    del old["chosen_epoch"], old["chosen_test_accuracy"], old["chosen_test_loss"]
    assert reported_accuracy(old) == 0.99
    assert rows_of({RunKey("conv3-k3", 1): old})[0].chosen_epoch is None


def test_trainings_that_did_not_learn_come_first() -> None:
    runs = study(seeds=3)
    runs[RunKey("conv5-k3", 2)]["test_accuracy"] = 0.9631
    text = text_of(runs, 3)
    assert "> [!WARNING]" in text.split("\n\n")[1]
    assert text.index("Some trainings did not learn") < text.index("Each network was trained")
    assert "> - 1 of 3 runs of conv5-k3 did not learn (seed 2: 96.31 %)." in text
    assert "did not learn" not in text_of(study(seeds=3), 3)


def test_the_load_is_named_as_far_as_the_runs_know() -> None:
    runs = [metrics(), metrics(seed=2, load={"mean": 3.0, "cores": 2}, threads=2)]
    load = load_in_words(runs)
    assert load.startswith("Load: mean load of a run 2.0 to 3.0 on 2 cores; Intel")
    assert load.endswith("threads per run: 1, 2.")
    assert load_in_words([metrics(load=None)]).startswith("Load: not recorded; ")


def test_latex_has_every_table_whole() -> None:
    runs = study(seeds=2)
    runs[RunKey("conv3-k3", 1)] = chosen()
    runs[RunKey("conv3-k3", 2)] = chosen(seed=2, chosen_test_accuracy=0.995)
    text = to_latex(sections_of(runs, 2, comparisons=(COMPARISON,)))
    labels = ["accuracy", "contrasts", "selection", "cost"]
    assert re.findall(r"\\label\{tab:(\w+)\}", text) == labels
    for command in ("table", "tabular"):
        assert text.count(f"\\begin{{{command}}}") == text.count(f"\\end{{{command}}}") == 4
    for rule in ("toprule", "midrule", "bottomrule"):
        assert text.count(f"\\{rule}") == 4
    plain = re.sub(r"\\[{}%]", "", text)
    assert plain.count("{") == plain.count("}")
    for spec, body in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end", text, re.DOTALL):
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert rows
        assert {line.replace(r"\&", "").count("&") + 1 for line in rows} == {len(spec)}
    assert r"99.55\% $\pm$ 0.07\%" in text
    assert "$-$0.73" in text
