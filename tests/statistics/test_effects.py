"""Effects of factors against direct computation and a published experiment."""

import numpy as np
import pytest
from scipy import stats

from paired_runs import MARGIN, runs_of
from study.runs.metrics import RunKey
from study.runs.predictions import Predictions
from study.statistics.effects import effect_rows, effects, value_table
from study.statistics.findings import TOO_FEW
from study.statistics.sign_flip import sign_flip_family
from study.statistics.values import Values, accuracies


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


def runs_with(table: np.ndarray) -> tuple[list[str], dict[RunKey, Predictions], Values]:
    """The variants, runs and accuracies of a table [seeds, variants] in percent."""
    variants = [f"v{place}" for place in range(table.shape[1])]
    wrong = np.rint(100 * (100 - table)).astype(int)
    runs = runs_of(dict(zip(variants, wrong.T.tolist(), strict=True)))
    return variants, runs, accuracies(runs)


def test_effects_are_contrasts_of_cell_means() -> None:
    factors = {"depth": ["3", "5", "7"], "dropout": ["with", "without"], "fixed": ["x"]}
    table = np.round(np.random.default_rng(1).normal(99, 0.1, (8, 6)), 2)
    cells = {(d, w): table[:, 2 * d + w] for d in range(3) for w in range(2)}
    rows = effect_rows(factors, *runs_with(table), range(1, 9), MARGIN)
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
    judged = sign_flip_family(list(expected.values()))
    for row, points, flip in zip(rows, expected.values(), judged, strict=True):
        interval = stats.ttest_1samp(points, 0).confidence_interval()
        assert row.estimate == pytest.approx(points.mean(), abs=1e-9)
        assert (row.normal_low, row.normal_high) == pytest.approx(tuple(interval), abs=1e-9)
        flips = stats.permutation_test(
            (np.rint(600 * points),), np.sum, permutation_type="samples", n_resamples=np.inf
        )
        assert row.p == pytest.approx(flips.pvalue, abs=1e-9)
        assert flip and flip.simultaneous
        assert row.p_adjusted == pytest.approx(flip.p_adjusted, abs=1e-9)
        simultaneous = pytest.approx((flip.simultaneous.low, flip.simultaneous.high), abs=1e-6)
        assert (row.low, row.high) == simultaneous


def test_effects_in_words() -> None:
    noise = np.random.default_rng(2).normal(0, 0.02, (10, 4))
    table = np.array([99.0, 98.0, 99.2, 99.2]) + noise  # dropout helps where there is no norm
    factors = {"batch_norm": ["without", "with"], "dropout": ["with", "without"]}
    norm, dropout, both = effect_rows(factors, *runs_with(table), range(1, 11), MARGIN)
    assert norm.conclusion.startswith(
        "Accuracy is higher with batch norm than without batch norm: +0.7"
    )
    assert dropout.verdict == "lower"
    assert both.effect == "batch norm x dropout"
    assert both.verdict == "higher"
    assert both.conclusion.startswith(
        "The change by batch norm (without → with) is higher without dropout than with dropout: +"
    )
    few = effect_rows(factors, *runs_with(table[:3]), range(1, 5), MARGIN)[2]
    assert few.verdict == TOO_FEW
    assert "without dropout, minus that with dropout, is +" in few.conclusion
    assert few.conclusion.endswith("1 of 4 seeds left out, for want of finished runs.")


def test_a_seed_without_all_its_runs_has_no_effects() -> None:
    runs = runs_of({"a": [10, 20], "b": [30, 40]})
    del runs[RunKey("b", 2)]
    assert value_table(["a", "b"], accuracies(runs), [1, 2]).tolist() == [[99.9, 99.7]]
    none = value_table(["a", "c"], accuracies(runs), [1, 2])
    assert none.shape == (0, 2)
    (row,) = effect_rows({"x": ["1", "2"]}, ["a", "c"], runs, accuracies(runs), [1, 2], MARGIN)
    assert row.conclusion == "Nothing can be said: no seed has finished runs of every variant."
    assert effect_rows({}, [], runs, accuracies(runs), [1, 2], MARGIN) == []


def test_a_failed_training_is_named_beside_every_effect() -> None:
    noise = np.random.default_rng(4).normal(0, 0.02, (10, 4))
    table = np.array([99.0, 98.0, 99.2, 99.2]) + noise
    table[2, 3] = 60
    factors = {"batch_norm": ["without", "with"], "dropout": ["with", "without"]}
    for row in effect_rows(factors, *runs_with(table), range(1, 11), MARGIN):
        assert row.conclusion.startswith("1 of 10 runs of v3 did not learn (seed 3: 60.00 %). With")
        assert row.failed_runs == "v3 seed 3"
    assert row.verdict_without_failed == "higher"
