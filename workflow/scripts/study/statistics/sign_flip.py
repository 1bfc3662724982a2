"""The one test of all that is compared over seeds, and its inversion into intervals.

The signs of a seed's differences are flipped in all contrasts of a family together. An interval is
the set of centres that the test does not reject, so test and interval can never disagree.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from study.statistics.methods import ALPHA, Interval

EXACT_UP_TO = 16  # seeds, which have 32,768 patterns of signs up to a change of all

RANDOM_PATTERNS = 99_999  # of signs, with more seeds than EXACT_UP_TO

SEED = 1  # of the random patterns, so that the same runs give the same figures

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SignFlip:
    """The sign-flip test of one contrast of a family.

    `p` <= ALPHA exactly if `interval` excludes zero, and `p_adjusted` <= ALPHA exactly if
    `simultaneous` does. An interval is None where it has no bounds, which is so with fewer than
    `least_seeds()` seeds.
    """

    mean: float
    p: float
    p_adjusted: float
    interval: Interval | None
    simultaneous: Interval | None
    name: str


def sign_flip_family(family: Sequence[ArrayLike]) -> list[SignFlip | None]:
    """Test the paired differences of all contrasts of a family, and invert the tests.

    The null hypothesis of a contrast with centre c is that its differences are symmetric around c.
    `p` is the sign-flip test of one contrast (Fisher 1935, The Design of Experiments, section 21);
    its interval goes from one mean of a subset of the values to another (Hartigan 1969, J. of the
    American Statistical Association 64, 1303-1317). Sum and t statistic give the same p, as flips
    leave the sum of squares unchanged.

    `p_adjusted` compares the contrast's t statistic with the largest of the family under the same
    flips (single-step maxT; Westfall and Young 1993, Resampling-Based Multiple Testing, chapter 2).
    For each pattern of signs, both "the flipped statistic of this contrast is as large" and "that
    of another contrast is as large" hold from a centre on towards the mean, so the adjusted test
    has an interval too. The other contrasts take part as they are and with their means removed,
    whichever is larger: without the second, large differences would narrow the others' intervals.
    The family's error rate holds if all differences of a seed may change sign together, and over
    the contrasts that could be tested.

    Args:
        family: for each contrast its differences, one for each seed in a common order; NaN where
            the seed has no pair of runs.

    Returns:
        None for a contrast without differences.

    Raises:
        ValueError: the contrasts have different numbers of seeds.
    """
    if len(family) == 0:
        return []
    try:
        values = np.array([np.asarray(one, float) for one in family])
    except ValueError as error:
        raise ValueError(
            "contrasts of a family must have the same seeds, NaN if missing"
        ) from error
    present = np.isfinite(values)
    used = present.any(axis=0)
    values, present = values[:, used], present[:, used]
    n = present.sum(axis=1)
    values = np.where(present, values, 0)
    flips = sign_patterns(values.shape[1])
    sums, counts = flips @ values.T, flips @ present.T.astype(float)  # [patterns, contrasts]
    others = _largest_of_others(values, n, sums, counts)
    name = f"sign-flip, {_kind(values.shape[1])}"
    return [
        _sign_flip(row[here], flipped, count, other, name) if here.any() else None
        for row, here, flipped, count, other in zip(
            values, present, sums.T, counts.T, others, strict=True
        )
    ]


def _sign_flip(
    sample: Floats, flipped: Floats, counts: Floats, others: Floats, name: str
) -> SignFlip:
    """Test and interval from the centres up to which each pattern counts against the mean.

    `flipped` and `counts` [patterns] are sum and number of the values whose sign changes; `others`
    [patterns] is the largest t statistic among the other contrasts.
    """
    n, total = len(sample), float(sample.sum())
    mean = total / n
    with np.errstate(divide="ignore", invalid="ignore"):
        changed, kept = flipped / counts, (total - flipped) / (n - counts)
    trivial = (counts == 0) | (counts == n)
    below = np.where(trivial, -np.inf, np.minimum(changed, kept))
    above = np.where(trivial, np.inf, np.maximum(changed, kept))
    error = float(sample.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    # Equal values must count as equal despite rounding: all are put on one grid.
    step = float(np.abs(sample).max()) * 2.0**-30 or 1.0
    alone = np.rint(below / step) * step, np.rint(above / step) * step
    joint = (
        np.minimum(alone[0], np.rint((mean - others * error) / step) * step),
        np.maximum(alone[1], np.rint((mean + others * error) / step) * step),
    )
    return SignFlip(
        mean, _p(mean, *alone), _p(mean, *joint), _inverted(*alone), _inverted(*joint), name
    )


def _p(mean: float, below: Floats, above: Floats) -> float:
    """The share of patterns that count against the mean when the centre is zero."""
    return float(np.mean(below <= 0 if mean > 0 else above >= 0))


def _inverted(below: Floats, above: Floats) -> Interval | None:
    """The centres whose p-value is above ALPHA."""
    rank = math.floor(ALPHA * len(below) + 1e-9)
    low = float(np.partition(below, rank)[rank])
    high = float(np.partition(above, len(above) - 1 - rank)[len(above) - 1 - rank])
    return Interval(low, high, "sign-flip") if math.isfinite(low) else None


def _largest_of_others(values: Floats, n: NDArray, sums: Floats, counts: Floats) -> Floats:
    """For each contrast and pattern, the largest absolute t statistic of the other contrasts.

    A contrast with fewer seeds than a verdict takes is left out, as it can have none.
    """
    t = np.zeros((len(n), len(sums)))
    for place, size in enumerate(n):
        if size < least_seeds():
            continue
        row, flipped, count = values[place], sums[:, place], counts[:, place]
        total, squares = row.sum(), (row**2).sum()
        mean = total / size
        t[place] = np.maximum(
            _t(total - 2 * flipped, squares, size),
            _t(2 * (flipped - count * mean), max(squares - size * mean**2, 0), size),
        )
    if len(n) == 1:
        return np.zeros_like(t)
    first = t.argmax(axis=0)
    largest, second = -np.partition(-t, 1, axis=0)[:2]
    return np.where(np.arange(len(n))[:, None] == first, second, largest)


def _t(total: Floats, squares: float, n: int) -> Floats:
    """The absolute t statistic of n values, from their sum and their sum of squares."""
    if squares < 1e-300:
        return np.zeros_like(total)
    share = np.minimum(total**2 / (n * squares), 1 - 1e-12)
    return np.sqrt((n - 1) * share / (1 - share))


@lru_cache(maxsize=2)
def sign_patterns(n: int) -> Floats:
    """Patterns of signs [patterns, n], 1 where a sign changes; the first changes none.

    Half of all suffice, since a two-sided test does not tell a pattern from its opposite. With
    more than EXACT_UP_TO seeds, RANDOM_PATTERNS and the one without a change, which keeps the
    test valid (Phipson and Smyth 2010, Statistical Applications in Genetics and Molecular
    Biology 9, 39).
    """
    if n == 0:
        return np.zeros((1, 0))
    if n <= EXACT_UP_TO:
        return (np.arange(2 ** (n - 1))[:, None] >> np.arange(n) & 1).astype(float)
    random = np.random.default_rng([SEED, n])
    patterns = random.integers(0, 2, (RANDOM_PATTERNS + 1, n)).astype(float)
    patterns[0] = 0
    return patterns


def _kind(n: int) -> str:
    return "exact" if n <= EXACT_UP_TO else f"{RANDOM_PATTERNS:,} random patterns"


def least_seeds() -> int:
    """The fewest seeds with which the test can reach ALPHA, in a family of any size.

    The p-value is at least 2 / 2**n, adjusted or not.
    """
    return math.ceil(math.log2(2 / ALPHA))
