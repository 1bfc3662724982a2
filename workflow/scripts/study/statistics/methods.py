"""Statistics of paired runs: intervals, tests and numbers of seeds, by scipy and statsmodels.

docs/statistics.md says why these, with sources and measured error rates.
"""

import math
import warnings
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

CONFIDENCE = 0.95


ALPHA = 0.05


POWER = 0.8


BCA_FROM = 50  # values; the bootstrap of fewer covers too rarely, see docs/statistics.md


EXACT_UP_TO = 16  # values, of which there are 65,536 patterns of signs


RESAMPLES = 9_999  # of the bootstrap


FLIPS = 99_999  # random patterns of signs, beyond EXACT_UP_TO


MOST_SEEDS = 1_000


SEED = 1  # of the resampling, so that the same runs give the same figures


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval and the name of its method."""

    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Test:
    """A two-sided p-value and the name of its test."""

    p: float
    name: str


def mean_interval(values: ArrayLike) -> Interval | None:
    """The interval of the mean of `values` [n]; None where they show no spread, or are one.

    Student's t below BCA_FROM values, else the bootstrap.
    """
    sample = np.asarray(values, float)
    if not has_spread(sample):
        return None
    return bca_interval(sample) if len(sample) >= BCA_FROM else student_interval(sample)


def student_interval(sample: NDArray[np.float64]) -> Interval:
    """The interval of the mean by Student's t."""
    low, high = stats.ttest_1samp(sample, 0).confidence_interval(CONFIDENCE)
    return Interval(float(low), float(high), "Student t")


def bca_interval(sample: NDArray[np.float64]) -> Interval:
    """The interval of the mean by the bias-corrected and accelerated bootstrap (Efron 1987,
    Journal of the American Statistical Association 82, 171-185).
    """
    low, high = stats.bootstrap(
        (sample,),
        np.mean,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        method="BCa",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return Interval(float(low), float(high), "BCa bootstrap")


def has_spread(values: ArrayLike) -> bool:
    """Whether the values differ by more than the rounding of floating-point numbers."""
    sample = np.asarray(values, float)
    return len(sample) > 1 and bool(np.ptp(sample) > 1e-9 * np.abs(sample).max())


def sign_flip_test(differences: ArrayLike) -> Test | None:
    """Test that paired `differences` [n] are as likely to have either sign; None for fewer than 2.

    All patterns of signs up to EXACT_UP_TO differences (Fisher 1935, The Design of Experiments,
    section 21), else FLIPS random ones. The statistic is the sum.
    """
    sample = np.asarray(differences, float)
    if len(sample) < 2:
        return None
    exact = len(sample) <= EXACT_UP_TO
    # Sums that are equal but for rounding must count as equal, so they are counted in steps that
    # are small beside the largest difference: halves of it 30 times over.
    step = float(np.abs(sample).max()) * 2.0**-30 or 1.0
    result = stats.permutation_test(
        (sample,),
        lambda flipped, axis: np.rint(np.sum(flipped, axis=axis) / step),
        vectorized=True,
        permutation_type="samples",
        n_resamples=2**EXACT_UP_TO if exact else FLIPS,
        batch=4096,
        rng=np.random.default_rng(SEED),
    )
    kind = "exact" if exact else f"{FLIPS:,} random patterns"
    return Test(float(result.pvalue), f"sign-flip permutation, {kind}")


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """The p-values of one family adjusted by Holm (1979, Scandinavian J. of Statistics 6, 65-70).

    None, where a test could not be made, stays None and counts as a p of 1: what is missing must
    not make the others easier to prove.
    """
    if not p_values:
        return []
    adjusted = multipletests([1.0 if p is None else p for p in p_values], method="holm")[1]
    return [
        None if p is None else float(value) for p, value in zip(p_values, adjusted, strict=True)
    ]


def mcnemar_test(right: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """The exact two-sided p-value that two classifiers err equally often on the same images.

    `right` and `other` [images] say which images each got right (McNemar 1947, Psychometrika 12,
    153-157). 1 where they err on the same images.
    """
    table = [
        [np.sum(right & other), np.sum(right & ~other)],
        [np.sum(~right & other), np.sum(~right & ~other)],
    ]
    return float(mcnemar(table, exact=True).pvalue)


def wilson_interval(right: int, total: int) -> Interval:
    """The interval of a share (Wilson 1927, J. of the American Statistical Association 22)."""
    low, high = proportion_confint(right, total, alpha=1 - CONFIDENCE, method="wilson")
    return Interval(float(low), float(high), "Wilson")


def least_seeds(family: int) -> int:
    """The fewest seeds with which a sign-flip test can reach ALPHA in a family of so many.

    Its p-value is at least 2 / 2**n, and Holm multiplies the smallest of a family by its size.
    """
    return math.ceil(math.log2(2 * family / ALPHA))


def seeds_to_detect(difference: float, sd: float, family: int) -> int | None:
    """About how many seeds find a mean difference with POWER in a family of so many tests.

    Of the paired t-test at ALPHA / `family`, which the sign-flip test comes close to. `difference`
    and `sd` (of the paired differences) have the same unit. None stands for more than MOST_SEEDS.
    """
    solver = TTestPower()

    def enough(n: int) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            power = solver.power(difference / sd, n, ALPHA / family)
        return not power < POWER  # near 1 it may be NaN

    seeds = range(2, MOST_SEEDS + 1)
    place = bisect_left(seeds, True, key=enough)
    return seeds[place] if place < len(seeds) else None
