"""Verdict, interval and words must agree, whatever the differences."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from random_families import random_family
from study.runs.measures import MEASURES
from study.statistics.findings import (
    BETTER,
    IDENTICAL,
    NO_PAIR,
    TOO_FEW,
    UNDECIDED,
    WORSE,
    Finding,
    findings,
    no_difference,
)
from study.statistics.methods import ALPHA
from study.statistics.power import seeds_to_detect
from study.statistics.sentences import Wording, margin_in_words, sentence, superiority_in_words
from study.words import signed

MARGIN = 0.2


def in_words(finding: Finding) -> str:
    wording = Wording(
        lambda verdict: f"b is {verdict} than a", "b minus a", "b beats a", 0.994, "nothing"
    )
    return sentence(finding, wording)


def check(finding: Finding, failed: bool = False) -> None:
    """What must hold between a verdict, its interval, its p-value and its words."""
    text, interval = in_words(finding), finding.interval
    decided = finding.verdict in (BETTER, WORSE)
    assert decided == (interval is not None and interval.excludes(0))
    assert decided == (finding.p_adjusted is not None and finding.p_adjusted <= ALPHA)
    if decided:
        assert interval and finding.mean
        assert (finding.verdict == BETTER) == (interval.low > 0) == (finding.mean > 0)
        assert ("by less than" in text) == interval.lies_within(MARGIN)
    if finding.verdict == no_difference(MARGIN):
        assert interval and interval.lies_within(MARGIN) and not failed
    if finding.verdict == UNDECIDED and not finding.is_small:
        assert interval and not interval.excludes(0)
        assert "rules out neither zero" in text
        assert ("in either" in text or "upwards" in text) == (interval.high > MARGIN * (1 + 1e-6))
        assert ("in either" in text or "downwards" in text) == (interval.low < -MARGIN * (1 + 1e-6))
    else:
        assert "rules out" not in text
    if interval and finding.mean is not None:
        assert interval.low <= finding.mean + 1e-8 and finding.mean - 1e-8 <= interval.high
    if finding.verdict == TOO_FEW:
        assert not finding.is_small and "Too few seeds to tell" in text
    if finding.n < 6:
        assert finding.verdict in (TOO_FEW, NO_PAIR) and interval is None
    if printed := re.search(r"simultaneous 95 % interval (\S+) to (\S+);", text):
        low, high = (float(bound.replace("−", "-")) for bound in printed.groups())
        assert decided == (low > 0 or high < 0)


def test_verdict_interval_and_words_never_contradict_each_other() -> None:
    random = np.random.default_rng(1)
    seen = set()
    for _ in range(400):
        family = random_family(random)
        for finding in findings(family, MARGIN):
            check(finding)
            seen.add(finding.verdict)
    assert seen == {BETTER, WORSE, no_difference(MARGIN), TOO_FEW, UNDECIDED, NO_PAIR}


@pytest.mark.parametrize("n", [17, 60, 120])
def test_nor_do_they_with_many_seeds(n: int) -> None:
    random = np.random.default_rng(n)
    for spread in (0.1, 0.5, 1):
        rows = np.round(random.normal([[0.0], [0.1], [0.3]], spread, (3, n)), 2)
        for finding in findings(rows.tolist(), MARGIN):
            check(finding)


def test_nor_do_they_with_failed_trainings() -> None:
    random = np.random.default_rng(3)
    for _ in range(150):
        family = random_family(random)
        failed = [[value < -1 for value in row] for row in family]
        for row, finding in zip(failed, findings(family, MARGIN, failed=failed), strict=True):
            assert finding.failed == sum(row)
            assert (finding.without is not None) == any(row)
            check(replace(finding, without=None), any(row))
            if finding.without:
                check(finding.without, failed=True)
                assert finding.verdict != no_difference(MARGIN)
                assert in_words(finding).startswith("With the failed run")


def test_better_by_less_than_the_margin() -> None:
    values = [0.1, 0.12, 0.09, 0.11, 0.1, 0.13, 0.08, 0.1]
    assert in_words(findings([values], MARGIN)[0]).startswith(
        "b is better than a, and by less than 0.2 points (33 % of the errors at 99.40 %): "
        "+0.10 points (n = 8; 95 % interval +0.0"
    )


def test_few_seeds_have_no_verdict_and_a_labelled_interval() -> None:
    (finding,) = findings([[0.5, 0.52, 0.48]], MARGIN)
    assert finding.verdict == TOO_FEW
    assert finding.interval is None and finding.student
    assert in_words(finding) == (
        "Too few seeds to tell: b minus a is +0.50 points (n = 3; 95 % interval if differences "
        "are normal +0.45 to +0.55; p = 0.25); the test needs at least 6 seeds to reach p ≤ 0.05, "
        "and a true difference of 0.2 points takes at least 6 to be found in 4 of 5 studies, if "
        "the spread seen is the true one."
    )
    (one,) = findings([[0.5]], MARGIN)
    assert in_words(one).endswith(
        "at least 6 seeds to reach p ≤ 0.05, and one seed shows no spread."
    )


def test_seeds_needed_do_not_take_the_mean_for_the_true_difference() -> None:
    values = [0.9, 0.1, 1.5, -0.4, 0.6, 0.7]
    (finding,) = findings([values], MARGIN)
    needed = seeds_to_detect(MARGIN, float(np.std(values, ddof=1)), 1)
    assert (finding.verdict, finding.seeds_needed) == (TOO_FEW, str(needed))
    assert f"takes at least {needed} to be found in 4 of 5 studies" in in_words(finding)
    (wide,) = findings([[30.0, -30.0, 0.1]], MARGIN)
    assert wide.seeds_needed == ">1000" and "takes more than 1000 " in in_words(wide)


def test_a_failed_training_forbids_equivalence_and_is_left_out_beside() -> None:
    even = [0.01, -0.01, 0.02, -0.02, 0.0, 0.01, -0.01, 0.02, 0.01, -3.0]
    (finding,) = findings([even], MARGIN, failed=[[False] * 9 + [True]])
    assert finding.failed == 1 and finding.n == 10
    assert finding.without and finding.without.n == 9
    assert finding.without.is_small and finding.without.verdict == UNDECIDED
    assert in_words(finding).endswith("and a failed training forbids a verdict of equivalence.")
    better = [value + 0.3 for value in even]
    (finding,) = findings([better], MARGIN, failed=[[False] * 9 + [True]])
    assert finding.verdict == TOO_FEW
    assert finding.without and finding.without.verdict == BETTER
    assert "Without: b is better than a: +0.30 points (n = 9; " in in_words(finding)


def test_identical_predictions_and_missing_pairs() -> None:
    same, gone = findings([[0.0] * 8, [math.nan] * 8], MARGIN, identical=[True, False])
    assert (same.verdict, same.p_adjusted, same.interval) == (IDENTICAL, None, None)
    assert (gone.verdict, gone.n, gone.mean) == (NO_PAIR, 0, None)
    assert findings([], MARGIN) == []


def test_words_of_figures() -> None:
    assert [signed(x) for x in (None, 0.0, -1e-17, 0.123, -0.004, 0.00034)] == [
        "—",
        "+0.00",
        "+0.00",
        "+0.12",
        "−0.004",
        "+0.0003",
    ]
    points = MEASURES["accuracy"]
    assert margin_in_words(0.2, 0.994, points) == "0.2 points (33 % of the errors at 99.40 %)"
    assert margin_in_words(0.2, None, points) == "0.2 points"
    assert margin_in_words(0.2, 1.0, points) == "0.2 points"
    (finding,) = findings([[0.1] * 8 + [0.0, -0.1]], MARGIN)
    assert superiority_in_words(finding, "b beats a") == (
        "b beats a with 8.5 of 10 seeds; with another in 50 to 99 % of cases (95 % interval)."
    )
