"""Contrasts and effects by other measures than accuracy: values, directions, words."""

from pathlib import Path

import numpy as np
import pytest

from paired_runs import contrast, runs_of
from study.errors import StudyError
from study.files import write_json
from study.runs.measures import MEASURES
from study.runs.metrics import RunKey
from study.runs.predictions import Runs
from study.statistics.contrasts import ContrastRow, contrast_rows
from study.statistics.effects import effect_rows
from study.statistics.findings import IDENTICAL
from study.statistics.values import Values, read_values
from synthetic import evaluation

SEEDS = range(1, 9)
RUNS = runs_of({"a": [60] * 8, "b": [60] * 8})


def values_of(metric: str, differences: list[float]) -> Values:
    """Values of `a`, and of `b` that differ by so much."""
    content = {RunKey("a", seed): 0.5 for seed in SEEDS}
    content |= {RunKey("b", s): 0.5 + d for s, d in zip(SEEDS, differences, strict=True)}
    return Values(MEASURES[metric], content)


def judged(metric: str, differences: list[float], margin: float, runs: Runs = RUNS) -> ContrastRow:
    (row,) = contrast_rows([contrast("b")], runs, values_of(metric, differences), SEEDS, margin)
    return row


BELOW = [-0.030, -0.031, -0.028, -0.033, -0.029, -0.030, -0.032, 0.001]


@pytest.mark.parametrize(
    ("metric", "verdict", "wins"),
    [("nll", "better", 7), ("brier", "better", 7), ("auc", "worse", 1)],
)
def test_lower_is_better_where_it_is(metric: str, verdict: str, wins: int) -> None:
    row = judged(metric, BELOW, 0.001)
    assert (row.verdict, row.metric) == (verdict, metric)
    assert row.difference == pytest.approx(np.mean(BELOW))
    assert row.low is not None and row.high is not None and row.low < row.high < 0
    assert row.superiority == wins / 8
    assert f"b beats a with {wins} of 8 seeds" in row.conclusion
    assert (row.baseline_value, row.margin_of_errors) == (0.5, None)


def test_words_name_the_measure_and_its_unit() -> None:
    likelihood = judged("nll", BELOW, 0.001)
    assert likelihood.conclusion.startswith(
        "b is better than a: −0.0265 in negative log-likelihood (n = 8; 95 % interval −0.0"
    )
    small = judged("brier", [0.0001, -0.0001] * 4, 0.01).conclusion
    assert small.startswith(
        "No difference larger than 0.01 in Brier score: b minus a is +0.0000 in"
    )
    balanced = judged("balanced_accuracy", BELOW, 0.2).conclusion
    assert balanced.startswith("b is worse than a: −2.65 points of balanced accuracy (n = 8; ")
    wide = judged("auc", [0.02, -0.02] * 4, 0.01).conclusion
    assert "a true difference of 0.01 in AUC takes" in wide
    assert not any("points" in text for text in (likelihood.conclusion, small, wide))


def test_the_same_classes_are_identical_by_accuracies_alone() -> None:
    same = {RunKey(name, seed): RUNS[RunKey("a", seed)] for name in "ab" for seed in SEEDS}
    assert judged("balanced_accuracy", [0.0] * 8, 0.2, same).verdict == IDENTICAL
    assert judged("nll", BELOW, 0.001, same).verdict == "better"


def test_effects_are_higher_or_lower_in_the_unit_of_the_measure() -> None:
    factors, variants = {"dropout": ["with", "without"]}, ["a", "b"]
    (row,) = effect_rows(factors, variants, RUNS, values_of("nll", BELOW), SEEDS, 0.001)
    assert (row.verdict, row.metric) == ("lower", "nll")
    assert row.estimate == pytest.approx(np.mean(BELOW))
    assert row.superiority == 1 / 8  # of a positive effect
    assert row.conclusion.startswith(
        "Negative log-likelihood is lower without dropout than with dropout: −0.0265 in negative"
    )


def test_values_come_from_the_evaluations(tmp_path: Path) -> None:
    names = [("a", 1), ("b", 1)]
    runs = {RunKey(*name): RUNS[RunKey(*name)] for name in names}
    files = [str(tmp_path / f"{variant}.json") for variant, _ in names]
    for file, auc in zip(files, (0.75, 0.5), strict=True):
        write_json(file, evaluation(auc=auc, balanced_accuracy=auc))
    for metric, expected in (("auc", -0.25), ("balanced_accuracy", -25), ("accuracy", 0)):
        found = read_values(metric, runs, files, names)
        assert found.difference(RunKey("b", 1), RunKey("a", 1)) == expected
    write_json(files[1], evaluation(auc=None))
    with pytest.raises(StudyError) as caught:
        read_values("auc", runs, files, names)
    assert str(caught.value) == (
        f"{files[1]}: auc: null, it is undefined because a class has no test image; judge by "
        "another comparison.metric"
    )
