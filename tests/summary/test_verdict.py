"""The verdict's rule, on the seed's printed figures and at its edges."""

import math
from typing import Any

import pytest

import synthetic
from study.errors import StudyError
from study.summary.overfitting import describe, train_errors, verdict
from synthetic import CHANCES, GOOD, SEED_TABLE, SEVERE, THRESHOLDS


@pytest.mark.parametrize("row", SEED_TABLE, ids=[row[0] for row in SEED_TABLE])
def test_the_seeds_twelve_verdicts(row: tuple[str, ...]) -> None:
    *_, train, test, printed = row
    assert verdict(float(train), float(test), THRESHOLDS) == printed


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(0, GOOD), (0.7499, GOOD), (0.75, CHANCES), (1.9999, CHANCES), (2, SEVERE), (1e9, SEVERE)],
)
def test_a_threshold_belongs_to_the_verdict_above_it(ratio: float, expected: str) -> None:
    assert verdict(1.0, ratio, THRESHOLDS) == expected


@pytest.mark.parametrize(
    ("train", "test", "expected"),
    [
        (0.0, 0.1, SEVERE),
        (0.0, 0.0, "No verdict: both losses are zero"),
        (math.nan, 0.1, "No verdict: a loss is not finite"),
        (0.1, math.inf, "No verdict: a loss is not finite"),
        (-0.1, 0.1, "No verdict: a loss is negative"),
    ],
)
def test_where_the_ratio_has_no_meaning(train: float, test: float, expected: str) -> None:
    assert verdict(train, test, THRESHOLDS) == expected


def test_a_ratio_beyond_all_thresholds_is_an_error() -> None:
    with pytest.raises(StudyError, match="r = 3 lies below no threshold"):
        verdict(1.0, 3.0, [{"below": 2, "text": "fine"}])


def test_the_rule_in_words() -> None:
    words = describe(THRESHOLDS)
    assert f"“{GOOD}” for r < 0.75; “{CHANCES}” for 0.75 ≤ r < 2; “{SEVERE}” for r ≥ 2." in words


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"settings__augment": {"shift": 0.1}}, ["of images that `augment` has changed, test"]),
        ({"settings__ema": 0.9}, ["of the weights before `ema` averages them, test"]),
        ({"settings__epochs": 20}, ["1 training of 1 stopped early."]),
    ],
)
def test_what_else_makes_train_errors_differ_is_said(
    changes: dict[str, Any], expected: list[str]
) -> None:
    texts = train_errors([synthetic.metrics("a", 1, epochs=12, **changes)])
    assert len(texts) == len(expected)
    for text, part in zip(texts, expected, strict=True):
        assert part in text
