"""The figures inside the sentences are those of the finding."""

import math
import re

import numpy as np
import pytest

from study.runs.measures import MEASURES
from study.statistics.conditions import Conclusion, Condition
from study.statistics.failures import unseen_failure_rate
from study.statistics.findings import findings, no_difference
from study.statistics.sentences import Wording, sentence, superiority_in_words, why_too_few
from study.words import signed

MARGIN = 0.2
WORDING = Wording(lambda verdict: verdict, "b minus a", "b beats a", None, "nothing")


@pytest.mark.parametrize("wins", [3, 7, 9, 10])
def test_the_share_of_seeds_is_in_percent(wins: int) -> None:
    (finding,) = findings([[0.1] * wins + [-0.1] * (10 - wins)], MARGIN)
    text = superiority_in_words(finding, WORDING.event)
    found = re.fullmatch(
        rf"b beats a with {wins} of 10 seeds; with another in (\d+) to (\d+) % of cases .*", text
    )
    assert found and finding.superiority
    low, high = finding.superiority.interval.low, finding.superiority.interval.high
    assert int(found[1]) == pytest.approx(100 * low, abs=0.5)
    assert int(found[2]) == pytest.approx(100 * high, abs=0.5)


def test_no_difference_says_how_many_trainings_may_fail_unseen() -> None:
    values = np.random.default_rng(1).normal(0, 0.01, 8).tolist()
    (finding,) = findings([values], MARGIN)
    assert finding.verdict == no_difference(MARGIN)
    found = re.search(r"with 8 seeds, .* up to (\d+) % of them", sentence(finding, WORDING))
    assert found
    assert int(found[1]) == pytest.approx(100 * unseen_failure_rate(8), abs=0.5)


def test_only_one_seed_shows_no_spread() -> None:
    for values, said in (([0.5], True), ([0.5] * 3, False), ([0.5, 0.6], False)):
        (finding,) = findings([values], MARGIN)
        assert ("one seed shows no spread" in why_too_few(finding, MEASURES["accuracy"])) == said


def test_two_seeds_have_a_test_and_one_has_none() -> None:
    two, one = (findings([values], MARGIN)[0] for values in ([0.5, 0.6], [0.5]))
    assert two.test is not None and two.test.p == two.p_adjusted == 0.5
    assert one.test is None and one.p_adjusted is None


def conclusion(*rows: list[float]) -> Conclusion:
    return Conclusion(1, "claim", [Condition("x", row, 0, signed) for row in rows], "rule")


def test_why_counts_conditions_that_hold_and_says_where_runs_are_missing() -> None:
    up, down, none = [0.5] * 8, [-0.5] * 8, [math.nan] * 8
    assert conclusion(up, up, down).why == (
        "On average 2 of 3 conditions hold; over seeds 2 are supported, 1 refuted."
    )
    assert conclusion(up, none).why == (
        "On average 1 of 2 conditions hold; over seeds 1 are supported, 0 refuted. "
        "Runs are missing."
    )
