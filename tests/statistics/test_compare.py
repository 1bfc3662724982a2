"""What is concluded from runs: verdicts, words, tables and figures."""

import csv
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from error_rates import NOISES, covered, false_verdicts, found
from study.config.contrasts import Contrast
from study.errors import StudyError
from study.figures.contrasts import ForestRow, forest_figure
from study.figures.interactions import interactions_figure
from study.runs.metrics import RunKey
from study.runs.predictions import Predictions, Runs, read_runs
from study.statistics.contrasts import ContrastRow, contrast_rows
from study.statistics.effects import EffectRow, accuracy_table, effect_rows, effects
from study.statistics.findings import IDENTICAL, NO_PAIR, TOO_FEW, UNDECIDED, findings
from study.statistics.methods import seeds_to_detect, student_interval
from study.tables import write_records
from synthetic import predictions, write_predictions

MARGIN = 0.2


def contrast(variant: str, baseline: str = "a", family: str = "study") -> Contrast:
    return Contrast(f"{variant} vs {baseline}", family, baseline, variant, "something")


def runs_of(wrong: Mapping[str, Sequence[int]]) -> dict[RunKey, Predictions]:
    """Runs with seeds 1, 2, ... that get so many of 10,000 images wrong, other ones every time."""
    random = np.random.default_rng(1)
    return {
        RunKey(variant, seed): predictions(random.choice(10_000, count, replace=False))
        for variant, counts in wrong.items()
        for seed, count in enumerate(counts, start=1)
    }


def rows_of(runs: Runs, *contrasts: Contrast, seeds: int) -> list[ContrastRow]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return contrast_rows(contrasts, runs, range(1, seeds + 1), MARGIN)


# --- figures against direct computation ----------------------------------------------------------


def test_a_row_holds_what_scipy_and_statsmodels_say() -> None:
    wrong = {
        "a": [60, 55, 71, 64, 58, 62, 66],
        "b": [110, 98, 121, 90, 100, 117, 95],
        "c": [66, 50, 75, 60, 61, 58, 70],
    }
    runs = runs_of(wrong)
    rows = rows_of(runs, contrast("b"), contrast("c"), contrast("c", "b"), seeds=7)
    p_values = []
    for row, (variant, baseline) in zip(rows, [("b", "a"), ("c", "a"), ("c", "b")], strict=True):
        points = -(np.array(wrong[variant]) - np.array(wrong[baseline])) / 100
        t = stats.ttest_1samp(points, 0)
        flips = stats.permutation_test(
            (np.round(points * 100).astype(int),),
            np.sum,
            permutation_type="samples",
            n_resamples=np.inf,
        )
        p_values.append(flips.pvalue)
        assert row.n == 7
        assert row.difference == pytest.approx(points.mean(), abs=1e-9)
        assert (row.low, row.high) == pytest.approx(tuple(t.confidence_interval()), abs=1e-9)
        assert row.p == pytest.approx(flips.pvalue, abs=1e-9)
        assert row.variant_accuracy == pytest.approx(1 - np.mean(wrong[variant]) / 1e4, abs=1e-12)
        assert row.baseline_accuracy == pytest.approx(1 - np.mean(wrong[baseline]) / 1e4, abs=1e-12)
        for seed, text in enumerate(row.mcnemar.split("; "), start=1):
            first, second = (runs[RunKey(id_, seed)].right for id_ in (variant, baseline))
            table = np.histogram2d(first, second, bins=2)[0]
            assert float(text) == pytest.approx(mcnemar(table, exact=True).pvalue, rel=1e-9)
    adjusted = multipletests(p_values, method="holm")[1]
    assert [row.p_adjusted for row in rows] == pytest.approx(list(adjusted), abs=1e-9)


def test_each_family_is_adjusted_by_itself() -> None:
    runs = runs_of(
        {"a": [60] * 6, "b": [100, 101, 102, 103, 104, 99], "c": [61, 60, 59, 58, 62, 64]}
    )
    alone = rows_of(runs, contrast("b"), contrast("c", family="other"), seeds=6)
    together = rows_of(runs, contrast("b"), contrast("c"), seeds=6)
    assert alone[0].p_adjusted == alone[0].p == 2 / 2**6
    assert together[0].p_adjusted == 2 * 2 / 2**6
    assert (alone[0].verdict, together[0].verdict) == ("worse", TOO_FEW)


# --- verdicts ------------------------------------------------------------------------------------

STEPS = [0, 3, -2, 5, 1, -4, 2, -1, 4, 0]


def verdict_of(difference: int, seeds: int = 10, spread: int = 1) -> ContrastRow:
    """Of a contrast whose variant gets so many images more wrong, about."""
    runs = runs_of(
        {
            "a": [100] * seeds,
            "b": [100 + difference + spread * step for step in (STEPS * 5)[:seeds]],
        }
    )
    return rows_of(runs, contrast("b"), seeds=seeds)[0]


def test_the_verdicts() -> None:
    worse, better, none = verdict_of(50), verdict_of(-50), verdict_of(0)
    assert (worse.verdict, better.verdict) == ("worse", "better")
    assert worse.conclusion.startswith("b is worse than a: −0.51 points (n = 10; 95 % interval −0.")
    assert better.conclusion.endswith("Student t; adjusted p = 0.002).")
    assert none.verdict == "no difference larger than 0.2"
    assert none.conclusion.startswith("No difference larger than 0.2 points: b minus a is −0.01 ")
    assert worse.seeds_needed == none.seeds_needed == ""


def test_too_few_seeds_says_how_many_could_tell() -> None:
    by_test = verdict_of(50, seeds=3)
    assert (by_test.verdict, by_test.seeds_needed) == (TOO_FEW, "6")
    assert "6 seeds could tell; the test cannot reach p ≤ 0.05 with fewer" in by_test.conclusion
    images = [30, -20, 45, 10, -35, 20]
    runs = runs_of({"a": [100] * 6, "b": [100 + more for more in images]})
    by_spread = rows_of(runs, contrast("b"), seeds=6)[0]
    assert by_spread.verdict == TOO_FEW
    assert by_spread.seeds_needed == str(seeds_to_detect(0.2, stdev(images) / 100, family=1))
    assert "could tell a difference of 0.2 points, at this spread" in by_spread.conclusion
    assert findings([[3.0, -3.0, 0.1]], 0.2)[0].seeds_needed == ">1000"


def test_a_difference_larger_than_the_margin_needs_fewer_seeds() -> None:
    """What was seen is what the seeds are to tell, not the much smaller margin."""
    images = [90, 10, 150, -40, 60]
    runs = runs_of({"a": [100] * 5, "b": [100 + more for more in images]})
    row = rows_of(runs, contrast("b"), seeds=5)[0]
    expected = seeds_to_detect(fmean(images) / 100, stdev(images) / 100, family=1)
    assert expected and 6 < expected < 20
    assert row.seeds_needed == str(expected)
    assert "seeds could tell a difference as large as this, at this spread" in row.conclusion


def test_one_seed_has_a_difference_and_no_more() -> None:
    row = verdict_of(50, seeds=1)
    assert (row.n, row.difference) == (1, -0.5)
    assert (row.low, row.high, row.interval, row.p, row.test, row.p_adjusted) == (
        *(None, None, "", None, "", None),
    )
    assert row.verdict == TOO_FEW
    assert row.conclusion == (
        "Too few seeds to tell: b minus a is −0.50 points (n = 1); 6 seeds could tell; the test "
        "cannot reach p ≤ 0.05 with fewer in a family of 1, and one seed shows no spread."
    )


def test_enough_seeds_may_still_leave_it_open() -> None:
    images = [25, 10, 20, -1, 30, 20, 15, -18]
    row = rows_of(
        runs_of({"a": [100] * 8, "b": [100 - more for more in images]}), contrast("b"), seeds=8
    )[0]
    assert row.verdict == UNDECIDED
    assert row.conclusion.startswith("Undecided: b minus a is +0.13 points (n = 8; 95 % interval ")
    assert row.conclusion.endswith(
        ", which rules out neither zero nor a difference of more than 0.2 points."
    )


def test_identical_predictions_are_said_to_be_so() -> None:
    same = {seed: predictions(range(seed)) for seed in (1, 2, 3)}
    runs = {RunKey(variant, seed): run for variant in "ab" for seed, run in same.items()}
    row = rows_of(runs, contrast("b"), seeds=3)[0]
    assert row.verdict == IDENTICAL
    assert (row.p, row.low, row.mcnemar) == (None, None, "identical; identical; identical")
    assert row.conclusion == (
        "b and a predicted the same class for every test image, with 3 seeds; "
        "there is nothing to test."
    )


def test_an_accuracy_of_100_percent() -> None:
    perfect = runs_of({"a": [0] * 10, "b": [0] * 10, "c": [1, 2, 1, 3, 0, 1, 2, 0, 1, 1]})
    both, other = rows_of(perfect, contrast("b"), contrast("c"), seeds=10)
    assert both.conclusion.endswith("Both got every image right.")
    assert both.variant_accuracy == 1
    assert other.verdict == "worse"
    assert other.mcnemar.split("; ")[0] == "1.0"


def test_the_same_accuracy_by_other_mistakes() -> None:
    runs = runs_of({"a": [100] * 3, "b": [100] * 3})
    row = rows_of(runs, contrast("b"), seeds=3)[0]
    assert (row.difference, row.low, row.p) == (0, None, 1)
    assert row.verdict == TOO_FEW
    assert "b minus a is +0.00 points (n = 3; the same with every seed; " in row.conclusion


def test_failed_runs_leave_their_seeds_out() -> None:
    runs = runs_of({"a": [60, 61, 62, 64], "b": [70, 75, 74, 71], "c": [90, 95, 93, 94]})
    del runs[RunKey("b", 2)], runs[RunKey("a", 4)]
    for seed in (1, 2, 3, 4):
        del runs[RunKey("c", seed)]
    partly, nothing = rows_of(runs, contrast("b"), contrast("c"), seeds=4)
    assert partly.n == 2
    assert partly.difference == pytest.approx(-np.mean([10, 12]) / 100)
    assert partly.conclusion.endswith(" 2 of 4 seeds left out, for want of finished runs.")
    assert nothing.verdict == NO_PAIR
    assert (
        nothing.conclusion == "Nothing can be said of c and a: no seed has finished runs of both."
    )
    assert (nothing.n, nothing.difference, nothing.variant_accuracy) == (0, None, None)


def test_a_failed_run_does_not_make_the_others_easier_to_prove() -> None:
    wrong = {"a": [60] * 6, "b": [100, 101, 102, 103, 104, 99], "c": [61, 60, 59, 58, 62, 64]}
    runs = runs_of(wrong)
    whole = rows_of(runs, contrast("b"), contrast("c"), seeds=6)[0]
    for seed in range(1, 7):
        del runs[RunKey("c", seed)]
    assert rows_of(runs, contrast("b"), contrast("c"), seeds=6)[0].p_adjusted == whole.p_adjusted


# --- effects of factors --------------------------------------------------------------------------


def test_the_effects_of_the_pilot_plant() -> None:
    """Yields of Box, Hunter and Hunter (2005), Statistics for Experimenters, table 5.1."""
    yields = [60, 72, 54, 68, 52, 83, 45, 80]  # temperature fastest, then concentration, catalyst
    factors = {name: ["low", "high"] for name in ("catalyst", "concentration", "temperature")}
    found = {
        "x".join(change.factor[0:3] for change in effect.changes): effect.points
        for effect in effects(factors, np.array([yields, yields], float))
    }
    assert {name: points[0] for name, points in found.items()} == pytest.approx(
        {
            **{"cat": 1.5, "con": -5, "tem": 23},
            # the book's interactions are half the difference of effects: 0, 10 and 1.5
            **{"catxcon": 0, "catxtem": 20, "conxtem": 3},
        }
    )
    assert all(points[0] == points[1] for points in found.values())


def test_effects_are_contrasts_of_cell_means() -> None:
    factors = {"depth": ["3", "5", "7"], "dropout": ["with", "without"], "fixed": ["x"]}
    table = np.random.default_rng(1).normal(99, 0.1, (8, 6))
    cells = {(d, w): table[:, 2 * d + w] for d in range(3) for w in range(2)}
    rows = effect_rows(factors, table, seeds=8, margin=MARGIN)
    expected: dict[tuple[str, str], np.ndarray] = {
        ("main", "3 → 5"): (cells[1, 0] + cells[1, 1] - cells[0, 0] - cells[0, 1]) / 2,
        ("main", "3 → 7"): (cells[2, 0] + cells[2, 1] - cells[0, 0] - cells[0, 1]) / 2,
        ("main", "with → without"): np.mean([cells[d, 1] - cells[d, 0] for d in range(3)], axis=0),
        ("interaction", "3 → 5, with → without"): (cells[1, 1] - cells[0, 1])
        - (cells[1, 0] - cells[0, 0]),
        ("interaction", "3 → 7, with → without"): (cells[2, 1] - cells[0, 1])
        - (cells[2, 0] - cells[0, 0]),
    }
    assert [(row.kind, row.levels) for row in rows] == list(expected)
    p_values = []
    for row, points in zip(rows, expected.values(), strict=True):
        interval = stats.ttest_1samp(points, 0).confidence_interval()
        assert row.estimate == pytest.approx(points.mean(), abs=1e-9)
        assert (row.low, row.high) == pytest.approx(tuple(interval), abs=1e-9)
        flips = stats.permutation_test(
            (points,), np.sum, permutation_type="samples", n_resamples=np.inf
        )
        assert row.p == pytest.approx(flips.pvalue, abs=1e-9)
        p_values.append(flips.pvalue)
    adjusted = list(multipletests(p_values, method="holm")[1])
    assert [row.p_adjusted for row in rows] == pytest.approx(adjusted, abs=1e-9)


def test_effects_in_words() -> None:
    noise = np.random.default_rng(2).normal(0, 0.02, (10, 4))
    table = np.array([99.0, 98.0, 99.2, 99.2]) + noise  # dropout helps where there is no norm
    factors = {"batch_norm": ["without", "with"], "dropout": ["with", "without"]}
    norm, dropout, both = effect_rows(factors, table, seeds=10, margin=MARGIN)
    assert norm.conclusion.startswith(
        "Accuracy is higher with batch norm than without batch norm: +0.7"
    )
    assert dropout.verdict == "lower"
    assert both.effect == "batch norm x dropout"
    assert both.verdict == "higher"
    assert both.conclusion.startswith(
        "The change by batch norm (without → with) is higher without dropout than with dropout: +"
    )
    few = effect_rows(factors, table[:3], seeds=4, margin=MARGIN)[2]
    assert few.verdict == TOO_FEW
    assert "without dropout, minus that with dropout, is +" in few.conclusion
    assert few.conclusion.endswith("1 of 4 seeds left out, for want of finished runs.")


def test_a_seed_without_all_its_runs_has_no_effects() -> None:
    runs = runs_of({"a": [10, 20], "b": [30, 40]})
    del runs[RunKey("b", 2)]
    assert accuracy_table(["a", "b"], runs, [1, 2]).tolist() == [[99.9, 99.7]]
    none = accuracy_table(["a", "c"], runs, [1, 2])
    assert none.shape == (0, 2)
    (row,) = effect_rows({"x": ["1", "2"]}, none, seeds=2, margin=MARGIN)
    assert row.conclusion == "Nothing can be said: no seed has finished runs of every variant."
    assert effect_rows({}, accuracy_table([], runs, [1, 2]), seeds=2, margin=MARGIN) == []


# --- files ---------------------------------------------------------------------------------------


def test_tables_have_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "comparisons.csv"
    write_records(path, ContrastRow, [])
    assert path.read_text() == (
        "family,contrast,baseline,variant,differs,n,baseline_accuracy,variant_accuracy,difference,"
        "low,high,interval,p,test,p_adjusted,mcnemar,verdict,seeds_needed,conclusion\n"
    )
    write_records(path, ContrastRow, [verdict_of(50, seeds=1)])
    (line,) = csv.DictReader(path.read_text().splitlines())
    assert (line["difference"], line["low"], line["p"]) == ("-0.5", "", "")
    write_records(tmp_path / "effects.csv", EffectRow, [])
    assert (tmp_path / "effects.csv").read_text() == (
        "kind,effect,levels,n,estimate,low,high,interval,p,p_adjusted,verdict,conclusion\n"
    )


def test_predictions_are_read_of_the_chosen_epoch(tmp_path: Path) -> None:
    last, chosen = predictions([1, 2], images=10), predictions([3], images=10)
    plain = write_predictions(tmp_path / "a" / "predictions.npz", last)
    both = write_predictions(
        tmp_path / "b" / "predictions.npz", last, chosen_probabilities=np.eye(10)[chosen.classes]
    )
    runs = read_runs([str(plain), str(both)], [("a", 1), ("b", 1)])
    assert runs[RunKey("a", 1)].accuracy == 0.8
    assert runs[RunKey("b", 1)].accuracy == 0.9


def test_predictions_that_are_not_finite_count_as_no_run(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    np.savez(path, probabilities=np.full((4, 2), np.nan), labels=np.zeros(4, int))
    assert read_runs([str(path)], [("a", 1)]) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a zip",
        {"labels": np.zeros(4)},
        {"probabilities": np.zeros((3, 2)), "labels": np.zeros(4)},
    ],
)
def test_damaged_predictions_are_named(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "predictions.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(StudyError, match=r"predictions\.npz: damaged"):
        read_runs([str(path)], [("a", 1)])


def test_runs_of_other_images_are_not_compared(tmp_path: Path) -> None:
    first = write_predictions(tmp_path / "a.npz", predictions([1], images=20))
    other = write_predictions(tmp_path / "b.npz", predictions([1], images=30))
    with pytest.raises(StudyError, match=r"b\.npz: its test images are not those of .*a\.npz"):
        read_runs([str(first), str(other)], [("a", 1), ("b", 1)])


# --- figures -------------------------------------------------------------------------------------


def forest_row(verdict: str = "worse", **changes: Any) -> ForestRow:
    row: dict[str, Any] = {
        "name": "b vs a",
        "detail": "kernel",
        "points": (-0.5, -0.4),
        "mean": -0.45,
        "interval": (-1.0, 0.1),
    }
    return ForestRow(**row | changes, verdict=verdict)


def test_the_forest_plot_has_a_row_for_each_contrast() -> None:
    nothing = forest_row(NO_PAIR, points=(), mean=None, interval=None)
    figure = forest_figure(
        [forest_row(), nothing, forest_row(TOO_FEW, interval=None)], 0.2, "Title"
    )
    (axes,) = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["b vs a\nkernel; n = 2", "b vs a\nkernel; n = 0", "b vs a\nkernel; n = 2"]
    assert [text.get_text() for text in axes.texts] == [
        "worse",
        "no pair of finished\nruns",
        "too few seeds to tell",
    ]
    figure.draw_without_rendering()
    empty = forest_figure([], 0.2, "Title")
    assert empty.axes[0].texts[0].get_text() == "no contrast in this study"


def heights(axes: Axes) -> dict[str, list[float]]:
    """The values of the thick lines, which stand for the means, by the names in the legend."""
    return {
        str(line.get_label()): np.asarray(line.get_ydata(), float).tolist()
        for line in axes.lines
        if line.get_marker() == "o"
    }


def test_the_interaction_plot_shows_cell_means() -> None:
    factors = {"depth": ["3"], "kernel": ["3", "5"], "dropout": ["with", "without"]}
    table = np.array([[99.0, 98.0, 97.0, 92.0], [99.2, 98.2, 97.2, 92.2]])
    figure = interactions_figure(factors, table, "Title")
    drawn = [axes for axes in figure.axes if axes.axison]
    assert len(drawn) == 3  # each factor with two levels, and the two together
    kernel, together, dropout = drawn
    assert heights(kernel)["mean"] == pytest.approx([98.6, 94.6])
    assert heights(dropout)["mean"] == pytest.approx([98.1, 95.1])
    assert heights(together)["3"] == pytest.approx([99.1, 98.1])
    assert heights(together)["5"] == pytest.approx([97.1, 92.1])
    none = interactions_figure(factors, table[:0], "Title")
    assert none.axes[0].texts[0].get_text() == "no seed is finished"


# --- simulated studies with a known truth: docs/statistics.md has the long version ---------------


def nine() -> list[Contrast]:
    return [contrast(f"{d}{v}", f"{d}k3") for d in "357" for v in ("k5", "no-bn", "no-dropout")]


def test_equal_networks_are_rarely_called_different() -> None:
    wrong = false_verdicts(nine(), seeds=10, studies=40, noise=NOISES["normal"])
    assert sum(wrong) <= stats.binom.ppf(0.999, 40, 0.05)


def test_half_a_point_is_found_with_ten_seeds() -> None:
    assert sum(found(nine(), 0.5, seeds=10, studies=20)) >= 19


@pytest.mark.parametrize("seeds", [3, 10])
def test_intervals_cover(seeds: int) -> None:
    hits = sum(covered(student_interval, seeds, 400, NOISES["normal"]))
    assert abs(hits - 380) < 4 * math.sqrt(400 * 0.95 * 0.05)
