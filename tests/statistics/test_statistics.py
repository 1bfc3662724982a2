"""Every statistic against an independent computation, and against published worked examples."""

import itertools
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from study.statistics.methods import (
    BCA_FROM,
    EXACT_UP_TO,
    has_spread,
    holm,
    least_seeds,
    mcnemar_test,
    mean_interval,
    seeds_to_detect,
    sign_flip_test,
    wilson_interval,
)

# Heights of Darwin's 15 pairs of maize, crossed less self-fertilized, in eighths of an inch.
# Fisher (1935), The Design of Experiments, sections 17 and 21.
MAIZE: list[float] = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
# Additional hours of sleep by one drug over another. Student (1908), Biometrika 6, 20.
SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]

SMALL: dict[str, list[float]] = {
    "maize": MAIZE,
    "sleep": SLEEP,
    "two": [0.1, 0.3],
    "two of either sign": [-0.2, 0.5],
    "three": [0.12, -0.03, 0.2],
    "three alike in sign": [-0.6, -0.7, -0.4],
    "a tie": [0.1, 0.1, -0.2, 0.3],
    "ties that rounding tears": [0.9944 - 0.9943, 0.9801 - 0.98, 0.9943 - 0.9944, 0.99 - 0.9899],
    "sum of zero": [0.1, 0.2, -0.3, 0.0, 0.0],
    "one zero": [0.0, 0.4, 0.5, 0.6, 0.3],
    "five positive": [0.41, 0.52, 0.33, 0.48, 0.29],
    "one outlier": [0.1, 0.12, 0.09, 0.11, 40.0],
    "tiny": [1e-9, 3e-9, -1e-9, 2e-9],
    "huge": [1e9, 3e9, -1e9, 2e9],
    "images of 360": [100 * k / 360 for k in (1, 3, -2, 0, 5, 1, 1)],
    "eight": [0.05, -0.11, 0.3, 0.21, 0.08, -0.02, 0.17, 0.4],
    "ten": [0.5, 0.61, 0.43, 0.55, 0.38, 0.7, 0.52, 0.49, 0.57, 0.41],
    "ten of none": [0.1, -0.1, 0.05, -0.07, 0.02, -0.02, 0.11, -0.12, 0.0, 0.03],
    "eleven": [-0.1 * k for k in range(-5, 6)],
    "twelve skewed": [0.01, 0.02, 0.02, 0.03, 0.05, 0.05, 0.08, 0.1, 0.2, 0.5, -0.01, -0.3],
    "sixteen": [0.3, -0.1] * 8,
}


def enumerated_p(values: list[float]) -> Fraction:
    """The two-sided sign-flip p-value, by going through all signs with exact fractions."""
    largest = max(map(abs, values))
    exact = [Fraction(value / largest).limit_denominator(10**5) for value in values]
    sums = [
        abs(sum((sign * value for sign, value in zip(signs, exact, strict=True)), Fraction(0)))
        for signs in itertools.product((1, -1), repeat=len(exact))
    ]
    return Fraction(sum(total >= abs(sum(exact, Fraction(0))) for total in sums), len(sums))


@pytest.mark.parametrize("name", [name for name in SMALL if len(SMALL[name]) <= 15])
def test_the_sign_flip_test_goes_through_all_signs(name: str) -> None:
    found = sign_flip_test(SMALL[name])
    assert found
    assert found.name == "sign-flip permutation, exact"
    assert found.p == pytest.approx(float(enumerated_p(SMALL[name])), abs=1e-9)


def test_the_sign_flip_test_is_fishers() -> None:
    """863 of the 32,768 patterns of signs give a sum as large as Darwin's (Fisher, section 21)."""
    found = sign_flip_test(MAIZE)
    assert found
    assert found.p == pytest.approx(2 * 863 / 32768, abs=1e-9)


def test_of_many_differences_random_signs_are_tried() -> None:
    values = [0.3, -0.1, 0.05] * 8
    found = sign_flip_test(values)
    assert found
    assert found.name == "sign-flip permutation, 99,999 random patterns"
    assert found == sign_flip_test(values)
    # sign flips of many values are close to a normal distribution of this variance
    z = (abs(sum(values)) - 0.05) / math.hypot(*values)
    assert found.p == pytest.approx(2 * stats.norm.sf(z), abs=0.02)


@pytest.mark.parametrize("name", SMALL)
def test_the_interval_is_student_s(name: str) -> None:
    values = SMALL[name]
    found = mean_interval(values)
    assert found
    assert found.method == "Student t"
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    assert found.low == pytest.approx(np.mean(values) - half, rel=1e-9)
    assert found.high == pytest.approx(np.mean(values) + half, rel=1e-9)


def test_published_t_intervals() -> None:
    """As R prints them for `t.test` of its data `sleep`, and of Darwin's maize in inches."""
    sleep, maize = mean_interval(SLEEP), mean_interval([v / 8 for v in MAIZE])
    assert sleep and maize
    assert (sleep.low, sleep.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-7)
    assert (maize.low, maize.high) == pytest.approx((0.003899, 5.229434), abs=1e-6)


def test_many_values_have_a_bca_interval() -> None:
    values = np.random.default_rng(5).exponential(size=BCA_FROM)
    found = mean_interval(values)
    assert found
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-9)
    assert found.method == "BCa bootstrap"
    below = mean_interval(values[:-1])
    assert below and below.method == "Student t"


@pytest.mark.parametrize(
    "values", [[], [0.3], [0.0, 0.0], [0.1, 0.1, 0.1], [0.9944 - 0.9943, 0.9801 - 0.98]]
)
def test_without_spread_there_is_no_interval(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mean_interval(values) is None
        assert not has_spread(values)


def test_degenerate_differences_are_tested_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sign_flip_test([]) is None
        assert sign_flip_test([0.4]) is None
        same, opposite = sign_flip_test([0.0] * 3), sign_flip_test([0.1, -0.1])
        constant = sign_flip_test([0.1] * 5)
    assert same and opposite and constant
    assert same.p == opposite.p == 1
    assert constant.p == 2 / 2**5


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


@pytest.mark.parametrize(
    ("given", "adjusted"),
    [
        # the example of Wikipedia's article on the method
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.2], [0.2]),
        ([0.5, 0.5, 0.5], [1, 1, 1]),
        ([0.001, 0.02, 0.02], [0.003, 0.04, 0.04]),
        ([0.01, None, 0.02], [0.03, None, 0.04]),  # as if the missing one had a p of 1
        ([None, None], [None, None]),
        ([], []),
    ],
)
def test_holm(given: list[float | None], adjusted: list[float | None]) -> None:
    found = holm(given)
    assert [p is None for p in found] == [p is None for p in adjusted]
    assert [p for p in found if p is not None] == pytest.approx(
        [p for p in adjusted if p is not None], abs=1e-12
    )


@pytest.mark.parametrize(("family", "seeds"), [(1, 6), (2, 7), (5, 8), (9, 9), (12, 9), (14, 10)])
def test_fewer_seeds_can_never_reach_five_percent(family: int, seeds: int) -> None:
    assert least_seeds(family) == seeds
    for n, reaches in ((seeds, True), (seeds - 1, False)):
        best = sign_flip_test([0.5] * n)
        assert best
        adjusted = holm([best.p] + [1.0] * (family - 1))[0]
        assert adjusted is not None
        assert (adjusted <= 0.05) is reaches


def test_seeds_to_detect_are_the_t_tests() -> None:
    """34 pairs find half a standard deviation with 80 % power at 5 %, as G*Power says too."""
    assert seeds_to_detect(0.5, 1, 1) == 34
    found = seeds_to_detect(0.2, 0.14, 12)
    assert found
    for n, enough in ((found, True), (found - 1, False)):
        alpha = 0.05 / 12
        critical = stats.t.ppf(1 - alpha / 2, n - 1)
        centre = 0.2 / 0.14 * n**0.5
        power = stats.nct.sf(critical, n - 1, centre) + stats.nct.cdf(-critical, n - 1, centre)
        assert bool(power >= 0.8) is enough
    assert seeds_to_detect(0.2, 50, 12) is None
    assert seeds_to_detect(0.2, 1e-6, 12) == 2


def test_exact_where_feasible() -> None:
    assert sign_flip_test([0.1] * EXACT_UP_TO).p == 2 / 2**EXACT_UP_TO  # type: ignore[union-attr]
