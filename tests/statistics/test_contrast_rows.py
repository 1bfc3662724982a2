"""The contrasts: figures against direct computation, verdicts, failed runs, and their tables."""

import csv
from pathlib import Path
from statistics import stdev

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from paired_runs import contrast, rows_of, runs_of
from study.runs.metrics import RunKey
from study.statistics.contrasts import ContrastRow
from study.statistics.effects import EffectRow
from study.statistics.findings import IDENTICAL, NO_PAIR, TOO_FEW, UNDECIDED
from study.statistics.power import seeds_to_detect
from study.statistics.sign_flip import sign_flip_family
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
    pairs = [("b", "a"), ("c", "a"), ("c", "b")]
    points = [-(np.array(wrong[v]) - np.array(wrong[b])) / 100 for v, b in pairs]
    for row, (variant, baseline), values, flip in zip(
        rows, pairs, points, sign_flip_family(points), strict=True
    ):
        t = stats.ttest_1samp(values, 0)
        flips = stats.permutation_test(
            (np.round(values * 100).astype(int),),
            np.sum,
            permutation_type="samples",
            n_resamples=np.inf,
        )
        assert row.n == 7
        assert row.difference == pytest.approx(values.mean(), abs=1e-9)
        normal = pytest.approx(tuple(t.confidence_interval()), abs=1e-9)
        assert (row.normal_low, row.normal_high) == normal
        assert row.p == pytest.approx(flips.pvalue, abs=1e-9)
        assert flip and flip.simultaneous
        assert row.p_adjusted == pytest.approx(flip.p_adjusted, abs=1e-9)
        interval = pytest.approx((flip.simultaneous.low, flip.simultaneous.high), abs=1e-6)
        assert (row.low, row.high) == interval
        wins = np.sum(values > 0) + np.sum(values == 0) / 2
        assert row.superiority == wins / 7
        assert row.margin_of_errors == pytest.approx(0.2 / (np.mean(wrong[baseline]) / 100))
        assert row.variant_value == pytest.approx(1 - np.mean(wrong[variant]) / 1e4, abs=1e-12)
        assert row.baseline_value == pytest.approx(1 - np.mean(wrong[baseline]) / 1e4, abs=1e-12)
        for seed, text in enumerate(row.mcnemar.split("; "), start=1):
            first, second = (runs[RunKey(id_, seed)].right for id_ in (variant, baseline))
            table = np.histogram2d(first, second, bins=2)[0]
            assert float(text) == pytest.approx(mcnemar(table, exact=True).pvalue, rel=1e-9)


def test_each_family_is_adjusted_alone() -> None:
    runs = runs_of(
        {"a": [60] * 6, "b": [100, 101, 102, 103, 104, 99], "c": [61, 60, 59, 58, 62, 64]}
    )
    alone = rows_of(runs, contrast("b"), contrast("c", family="other"), seeds=6)
    together = rows_of(runs, contrast("b"), contrast("c"), seeds=6)
    assert alone[1].p_adjusted == alone[1].p
    assert together[1].p_adjusted and alone[1].p and together[1].p_adjusted > alone[1].p
    assert alone[0].verdict == together[0].verdict == "worse"  # six seeds suffice in any family


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
    assert worse.conclusion == (
        "b is worse than a: −0.51 points (n = 10; 95 % interval −0.53 to −0.49; p = 0.002). "
        "b beats a with 0 of 10 seeds; with another in 0 to 31 % of cases (95 % interval)."
    )
    assert "b is better than a: +0.49 points (n = 10; " in better.conclusion
    assert none.verdict == "no difference larger than 0.2"
    assert none.conclusion.startswith(
        "No difference larger than 0.2 points (20 % of the errors at 99.00 %): b minus a is −0.01 "
    )
    assert worse.seeds_needed == none.seeds_needed == ""


def test_equivalence_comes_with_the_failures_that_the_seeds_do_not_exclude() -> None:
    assert (
        "No training failed with 10 seeds, which leaves possible that up to 26 % of them do"
        in verdict_of(0).conclusion
    )


def test_too_few_seeds_says_how_many_the_test_needs_at_least() -> None:
    by_test = verdict_of(50, seeds=3)
    assert (by_test.verdict, by_test.seeds_needed) == (TOO_FEW, "6")
    assert "the test needs at least 6 seeds to reach p ≤ 0.05" in by_test.conclusion
    assert (by_test.low, by_test.p) == (None, 0.25)
    assert by_test.normal_low is not None
    images = [30, -20, 45, 10, -35, 20]
    runs = runs_of({"a": [100] * 6, "b": [100 + more for more in images]})
    by_spread = rows_of(runs, contrast("b"), seeds=6)[0]
    assert by_spread.verdict == TOO_FEW
    needed = seeds_to_detect(0.2, stdev(images) / 100, family=1)
    assert by_spread.seeds_needed == str(needed)
    assert (
        f"a true difference of 0.2 points takes at least {needed} to be found in 4 of 5 studies, "
        "if the spread seen is the true one" in by_spread.conclusion
    )


def test_one_seed_has_a_difference_and_no_more() -> None:
    row = verdict_of(50, seeds=1)
    assert (row.n, row.difference) == (1, -0.5)
    assert (row.low, row.high, row.interval, row.p, row.test, row.p_adjusted) == (
        *(None, None, "", None, "", None),
    )
    assert row.verdict == TOO_FEW
    assert row.conclusion == (
        "Too few seeds to tell: b minus a is −0.50 points (n = 1); the test needs at least 6 seeds "
        "to reach p ≤ 0.05, and one seed shows no spread. b beats a with 0 of 1 seed; with another "
        "in 0 to 98 % of cases (95 % interval)."
    )


def test_enough_seeds_may_still_leave_it_open() -> None:
    images = [16, 36, 7, -8, 25, 25, 7, -5, 17, -43, 27, 23]
    row = rows_of(
        runs_of({"a": [100] * 12, "b": [100 - more for more in images]}), contrast("b"), seeds=12
    )[0]
    assert row.verdict == UNDECIDED
    assert row.conclusion.startswith("Undecided: b minus a is +0.11 points (n = 12; 95 % interval ")
    assert ", which rules out neither zero nor more than 0.2 points upwards." in row.conclusion


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
    assert both.variant_value == 1
    assert other.verdict == "worse"
    assert other.mcnemar.split("; ")[0] == "1.0"


def test_the_same_accuracy_by_other_mistakes() -> None:
    runs = runs_of({"a": [100] * 3, "b": [100] * 3})
    row = rows_of(runs, contrast("b"), seeds=3)[0]
    assert (row.difference, row.low, row.p) == (0, None, 1)
    assert row.verdict == TOO_FEW
    assert "b minus a is +0.00 points (n = 3; the same with every seed; " in row.conclusion
    assert row.superiority == 0.5


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
    assert (nothing.n, nothing.difference, nothing.variant_value) == (0, None, None)


# --- trainings that did not learn -----------------------------------------------------------------


def failing(difference: int) -> ContrastRow:
    """Of ten seeds; the baseline's seed 7 did not learn."""
    wrong = {"a": [100 + step for step in STEPS], "b": [100 + difference] * 10}
    wrong["a"][6] = 400
    return rows_of(runs_of(wrong), contrast("b"), seeds=10)[0]


def test_a_failed_training_is_named_first_and_the_verdict_given_without_it_too() -> None:
    row = failing(50)
    assert (row.verdict, row.verdict_without_failed) == (TOO_FEW, "worse")
    assert row.failed_runs == "a seed 7"
    assert row.conclusion.startswith(
        "1 of 10 runs of a did not learn (seed 7: 96.00 %). With the failed run: Too few seeds to "
        "tell: b minus a is −0.19 points (n = 10; "
    )
    assert "Without: b is worse than a: −0.49 points (n = 9; " in row.conclusion


def test_a_failed_training_forbids_equivalence() -> None:
    row = failing(0)
    assert not row.verdict.startswith("no difference")
    assert row.verdict_without_failed == UNDECIDED
    assert "a failed training forbids a verdict of equivalence" in row.conclusion


def test_ordinary_runs_name_no_failure() -> None:
    row = verdict_of(50)
    assert (row.failed_runs, row.verdict_without_failed) == ("", "")
    assert "did not learn" not in row.conclusion


# --- files ---------------------------------------------------------------------------------------


def test_tables_have_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "comparisons.csv"
    write_records(path, ContrastRow, [])
    assert path.read_text() == (
        "family,contrast,baseline,variant,differs,n,metric,baseline_value,variant_value,difference,"
        "low,high,interval,normal_low,normal_high,p,test,p_adjusted,superiority,superiority_low,"
        "superiority_high,mcnemar,failed_runs,verdict,verdict_without_failed,within_margin,"
        "margin_of_errors,seeds_needed,conclusion\n"
    )
    write_records(path, ContrastRow, [verdict_of(50, seeds=1)])
    (line,) = csv.DictReader(path.read_text().splitlines())
    assert (line["difference"], line["low"], line["p"]) == ("-0.5", "", "")
    write_records(tmp_path / "effects.csv", EffectRow, [])
    assert (tmp_path / "effects.csv").read_text() == (
        "kind,effect,levels,n,metric,estimate,low,high,interval,normal_low,normal_high,p,test,p_adjusted,"
        "superiority,superiority_low,superiority_high,failed_runs,verdict,verdict_without_failed,"
        "within_margin,seeds_needed,conclusion\n"
    )
