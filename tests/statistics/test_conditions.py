"""Conditions of a claim: answer, interval and words agree, and with the contrasts' verdicts."""

import math

import numpy as np
import pytest

from random_families import random_family
from study.statistics.conditions import (
    NO_ANSWER,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Conclusion,
    Condition,
    judge_conditions,
)
from study.statistics.findings import BETTER, WORSE, findings
from study.words import signed

MARGIN = 0.2


def test_the_answer_of_a_condition_and_its_words_agree() -> None:
    random = np.random.default_rng(6)
    seen = set()
    for _ in range(300):
        bound, above = random.choice([0, 0.1, 2.0]), bool(random.integers(0, 2))
        rows = [[value + bound for value in row] for row in random_family(random)]
        for answer in judge_conditions([Condition("x", r, bound, signed, above) for r in rows]):
            right, wrong = ("above", "below") if above else ("below", "above")
            text, alone, joint = answer.words, answer.interval, answer.simultaneous
            seen.add(answer.answer)
            assert text.startswith(answer.answer)
            if answer.answer == SUPPORTED:
                assert alone and alone.excludes(bound) and f"lies {right}" in text
                assert (alone.low > bound) == above
            elif answer.answer == NOT_SUPPORTED:
                assert joint and joint.excludes(bound) and f"lies {wrong}" in text
                assert (joint.high < bound) == above
            elif alone is None:
                assert answer.n < 6
            elif alone.excludes(bound):
                assert joint and not joint.excludes(bound) and f"lies {wrong}" in text
            else:
                assert "contains " in text and " but " not in text
    assert seen == {SUPPORTED, NOT_SUPPORTED, UNDECIDED}


def test_conditions_without_figures() -> None:
    nothing, infinite, few = judge_conditions(
        [
            Condition("x", [math.nan] * 8, 0, signed),
            Condition("x", [math.inf] * 8, 2, signed),
            Condition("x", [0.1] * 5 + [math.nan] * 3, 0, signed),
        ]
    )
    assert nothing.words == "undecided: no run has this figure"
    assert infinite.words == "undecided: a figure is not finite"
    assert few.words == "undecided: 5 seeds, the test needs at least 6"


def test_a_contrast_and_a_condition_agree() -> None:
    """One difference, judged as a contrast and as a condition in either direction."""
    random = np.random.default_rng(5)
    for _ in range(300):
        values = random_family(random)[0]
        (finding,) = findings([values], MARGIN)
        (above,) = judge_conditions([Condition("x", values, 0, signed)])
        (below,) = judge_conditions([Condition("x", values, 0, signed, above=False)])
        expected = {BETTER: (SUPPORTED, NOT_SUPPORTED), WORSE: (NOT_SUPPORTED, SUPPORTED)}.get(
            finding.verdict, (UNDECIDED, UNDECIDED)
        )
        assert (above.answer, below.answer) == expected
        assert above.interval == finding.interval


def test_ten_equal_differences_are_better_everywhere() -> None:
    values = [0.3] * 10
    (finding,) = findings([values], MARGIN)
    (answer,) = judge_conditions([Condition("x", values, 0, signed)])
    assert (finding.verdict, answer.answer) == (BETTER, SUPPORTED)


def condition(values: list[float], above: bool = True) -> Condition:
    return Condition("figure", values, 1.0, str, above)


SHOWN = [1.9, 2.0, 2.1, 2.0, 1.8, 2.2]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (condition(SHOWN), SUPPORTED),
        (condition(SHOWN, above=False), NOT_SUPPORTED),
        (condition([2.0] * 6), SUPPORTED),
        (condition([0.0, 2.0, 4.0, -1.0, 1.5, 1.0]), UNDECIDED),
        (condition([2.0] * 5), UNDECIDED),
        (condition([2.0, math.inf, 2.1, 2.0, 2.0, 2.0]), UNDECIDED),
        (condition([]), UNDECIDED),
    ],
)
def test_a_condition_is_judged_over_seeds(found: Condition, expected: str) -> None:
    (answer,) = judge_conditions([found])
    assert answer.answer == expected


def test_one_open_condition_keeps_a_claim_open() -> None:
    shown, is_open = condition(SHOWN), condition([0.0, 2.0, 4.0, -1.0, 1.5, 1.0])
    refuted = condition(SHOWN, above=False)
    for conditions, expected in (
        ([shown, shown], SUPPORTED),
        ([shown, is_open], UNDECIDED),
        ([shown, is_open, refuted], NOT_SUPPORTED),
    ):
        assert Conclusion(1, "", conditions, "").answer == expected
        assert Conclusion(1, "", conditions, "", no_answer="Why.").answer == NO_ANSWER


def test_refuting_is_adjusted_for_the_number_of_conditions_but_supporting_is_not() -> None:
    """One of twenty conditions, clear alone but not among the others, which have no difference."""
    random = np.random.default_rng(2)
    values = [1.1, 0.98, 1.2, 1.15, 1.1, 1.25, 1.05, 1.03]
    others = [condition((1 + random.normal(0, 0.1, 8)).tolist()) for _ in range(19)]
    supported, *_ = judge_conditions([condition(values), *others])
    refuted, *_ = judge_conditions([condition(values, above=False), *others])
    assert (supported.answer, refuted.answer) == (SUPPORTED, UNDECIDED)
    assert "lies above 1.0, but the interval for all conditions, " in refuted.words
