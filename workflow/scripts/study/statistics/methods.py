"""Intervals and tests of single samples: Student's t, P(A > B), McNemar, Wilson.

The test that judges contrasts, effects and conditions is in sign_flip.py. docs/statistics.md says
why these, with sources and measured error rates.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

CONFIDENCE = 0.95

ALPHA = 0.05


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval and the name of its method."""

    low: float
    high: float
    method: str

    def excludes(self, value: float) -> bool:
        """Whether the value lies outside; the bounds belong to the interval."""
        return value < self.low or value > self.high

    def lies_within(self, margin: float) -> bool:
        """Whether every value in the interval is at most `margin` from zero, but for rounding."""
        return max(-self.low, self.high) <= margin * (1 + 1e-6)

    def moved(self, by: float) -> "Interval":
        """The interval moved upwards."""
        return Interval(self.low + by, self.high + by, self.method)


@dataclass(frozen=True)
class Test:
    """A two-sided p-value and the name of its test."""

    p: float
    name: str


def student_interval(values: ArrayLike) -> Interval | None:
    """Student's t interval of the mean, for normal values; None where they show no spread.

    It describes single samples and values too few for the sign-flip test; no verdict uses it.
    """
    sample = np.asarray(values, float)
    if not has_spread(sample):
        return None
    n = len(sample)
    quantile = float(special.stdtrit(n - 1, (1 + CONFIDENCE) / 2))
    mean, half = float(sample.mean()), quantile * float(sample.std(ddof=1)) / math.sqrt(n)
    return Interval(mean - half, mean + half, "Student t")


def has_spread(values: ArrayLike) -> bool:
    """Whether the values differ by more than the rounding of floating-point numbers."""
    sample = np.asarray(values, float)
    return len(sample) > 1 and bool(np.ptp(sample) > 1e-9 * np.abs(sample).max())


@dataclass(frozen=True)
class Superiority:
    """The probability that a variant beats its baseline with one seed, and its interval."""

    estimate: float
    interval: Interval


def probability_of_superiority(differences: ArrayLike) -> Superiority | None:
    """P(A > B) of paired runs (Bouthillier et al. 2021, Accounting for variance in machine
    learning benchmarks, MLSys 3); None without differences.

    The share of seeds with a positive difference; a difference of zero counts as half. The
    interval is that of Clopper and Pearson (1934, Biometrika 26, 404-413), which covers at its
    nominal rate with every number of seeds and every distribution of the differences.
    """
    sample = np.asarray(differences, float)
    if not len(sample):
        return None
    n, tail = len(sample), (1 - CONFIDENCE) / 2
    wins = float(np.sum(sample > 0) + np.sum(sample == 0) / 2)
    low = special.betaincinv(wins, n - wins + 1, tail) if wins else 0.0
    high = special.betaincinv(wins + 1, n - wins, 1 - tail) if wins < n else 1.0
    return Superiority(wins / n, Interval(float(low), float(high), "Clopper-Pearson"))


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
