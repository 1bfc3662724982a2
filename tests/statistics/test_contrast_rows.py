"""The contrasts: figures against direct computation, verdicts, and their tables."""

import csv
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from paired_runs import contrast, rows_of, runs_of
from study.runs.metrics import RunKey
from study.statistics.contrasts import ContrastRow
from study.statistics.effects import EffectRow
from study.statistics.findings import IDENTICAL, NO_PAIR, TOO_FEW, UNDECIDED, findings
from study.statistics.methods import seeds_to_detect
from study.tables import write_records
from synthetic import predictions

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
