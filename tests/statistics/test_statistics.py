"""Every statistic against an independent computation, and against published worked examples."""

import warnings

import numpy as np
import pytest
from scipy import stats

from study.statistics.methods import (
    has_spread,
    mcnemar_test,
    probability_of_superiority,
    student_interval,
    wilson_interval,
)

# Heights of Darwin's 15 pairs of maize, crossed less self-fertilized, in eighths of an inch.
# Fisher (1935), The Design of Experiments, sections 17 and 21.
MAIZE: list[float] = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
# Additional hours of sleep by one drug over another. Student (1908), Biometrika 6, 20.
SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]


def test_published_t_intervals() -> None:
    """As R prints them for `t.test` of its data `sleep`, and of Darwin's maize in inches."""
    sleep, maize = student_interval(SLEEP), student_interval([v / 8 for v in MAIZE])
    assert sleep and maize
    assert (sleep.low, sleep.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-7)
    assert (maize.low, maize.high) == pytest.approx((0.003899, 5.229434), abs=1e-6)


@pytest.mark.parametrize(
    "values", [[], [0.3], [0.0, 0.0], [0.1, 0.1, 0.1], [0.9944 - 0.9943, 0.9801 - 0.98]]
)
def test_without_spread_there_is_no_interval(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert student_interval(values) is None
        assert not has_spread(values)


TABLES = [  # both right, first alone, second alone, both wrong
    (794, 150, 86, 570),  # approval of the president; Agresti (1990), Categorical Data Analysis
    (9900, 40, 20, 40),
    (10, 0, 5, 0),
    (9990, 1, 0, 9),
    (0, 3, 3, 0),
    (50, 12, 1, 7),
]


@pytest.mark.parametrize("table", TABLES)
def test_mcnemars_test_is_binomial_in_what_differs(table: tuple[int, int, int, int]) -> None:
    first = np.repeat([True, True, False, False], table)
    second = np.repeat([True, False, True, False], table)
    found = mcnemar_test(first, second)
    expected = stats.binomtest(table[1], table[1] + table[2], 0.5).pvalue
    assert found == pytest.approx(expected, rel=1e-9)
    assert mcnemar_test(second, first) == pytest.approx(expected, rel=1e-9)


def test_mcnemars_test_of_the_same_answers() -> None:
    right = np.array([True, False, True])
    assert mcnemar_test(right, right) == 1


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_newcombes(right: int, total: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    found = wilson_interval(right, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    expected = stats.binomtest(right, total).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilsons_interval_of_no_mistake() -> None:
    found = wilson_interval(10_000, 10_000)
    assert 0.999 < found.low < 1
    assert found.high == pytest.approx(1)


@pytest.mark.parametrize(("wins", "n"), [(0, 3), (3, 3), (7, 10), (19, 20)])
def test_probability_of_superiority(wins: int, n: int) -> None:
    found = probability_of_superiority([1.0] * wins + [-1.0] * (n - wins))
    assert found
    expected = stats.binomtest(wins, n).proportion_ci(method="exact")
    assert found.estimate == wins / n
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (expected.low, expected.high), abs=1e-9
    )


def test_a_tie_is_half_a_win() -> None:
    found = probability_of_superiority([0.1, 0.0, -0.1, 0.2])
    assert found and found.estimate == 2.5 / 4
    assert probability_of_superiority([]) is None
