"""The sign-flip test, its inversion and its power, against direct computation."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from study.statistics.methods import ALPHA
from study.statistics.power import attained_level, power, seeds_to_detect
from study.statistics.sign_flip import (
    EXACT_UP_TO,
    SignFlip,
    least_seeds,
    sign_flip_family,
    sign_patterns,
)

# Heights of Darwin's 15 pairs of maize, crossed less self-fertilized, in eighths of an inch.
# Fisher (1935), The Design of Experiments, sections 17 and 21.
MAIZE: list[float] = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
# Additional hours of sleep by one drug over another. Student (1908), Biometrika 6, 20.
SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]

SAMPLES: dict[str, list[float]] = {
    "sleep": SLEEP,
    "two of either sign": [-0.2, 0.5],
    "three": [0.12, -0.03, 0.2],
    "a tie": [0.1, 0.1, -0.2, 0.3],
    "ties that rounding tears": [0.9944 - 0.9943, 0.9801 - 0.98, 0.9943 - 0.9944, 0.99 - 0.9899],
    "sum of zero": [0.1, 0.2, -0.3, 0.0, 0.0],
    "six of one sign": [0.41, 0.52, 0.33, 0.48, 0.29, 0.3],
    "all the same": [0.1] * 7,
    "one outlier": [0.1, 0.12, 0.09, 0.11, 0.1, 0.13, 40.0],
    "images of 360": [100 * k / 360 for k in (1, 3, -2, 0, 5, 1, 1)],
    "whole numbers": [1, 3, -2, 0, 5, 1, 1],
    "ten of none": [0.1, -0.1, 0.05, -0.07, 0.02, -0.02, 0.11, -0.12, 0.0, 0.03],
    "huge": [1e9, 3e9, -1e9, 2e9, 2e9, 2e9, 4e9],
}


def sign_flip(values: list[float]) -> SignFlip:
    """The test of one contrast alone."""
    (found,) = sign_flip_family([values])
    assert found
    return found


def enumerated_p(values: list[float], centre: Fraction = Fraction(0)) -> Fraction:
    """The two-sided sign-flip p-value that the centre is so, with exact fractions."""
    exact = [Fraction(value).limit_denominator(10**6) - centre for value in values]
    sums = [
        abs(sum((sign * value for sign, value in zip(signs, exact, strict=True)), Fraction(0)))
        for signs in itertools.product((1, -1), repeat=len(exact))
    ]
    return Fraction(sum(total >= sums[0] for total in sums), len(sums))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_test_goes_through_all_signs(name: str) -> None:
    found = sign_flip(SAMPLES[name])
    assert found.name == "sign-flip, exact"
    assert found.p == pytest.approx(float(enumerated_p(SAMPLES[name])), abs=1e-12)


def test_the_test_is_fishers() -> None:
    """863 of the 32,768 patterns of signs give a sum as large as Darwin's (Fisher, section 21)."""
    found = sign_flip(MAIZE)
    assert found.p == pytest.approx(2 * 863 / 32768, abs=1e-12)


@pytest.mark.parametrize("name", ["sleep", "whole numbers", "six of one sign", "ten of none"])
def test_the_interval_holds_what_the_test_does_not_reject(name: str) -> None:
    values = [round(value, 6) for value in SAMPLES[name]]
    (found,) = sign_flip_family([values])
    assert found and found.interval
    for bound in (found.interval.low, found.interval.high):
        centre = Fraction(bound).limit_denominator(10**7)
        outside = Fraction(1, 10**5) * (1 if bound == found.interval.high else -1)
        assert enumerated_p(values, centre) > ALPHA
        assert enumerated_p(values, centre + outside) <= ALPHA


def t_of(values: NDArray[np.float64]) -> float:
    spread = values.std(ddof=1)
    return abs(values.mean()) / (spread / math.sqrt(len(values)) or 1e-300)


def enumerated_adjusted(family: NDArray[np.float64], place: int) -> float:
    """The single-step maxT p-value by definition, with the others' means kept and removed."""
    own, rest = family[place], [row for at, row in enumerate(family) if at != place]
    hits, patterns = 0, list(itertools.product((1, -1), repeat=family.shape[1]))
    for signs in np.array(patterns):
        largest = max(
            [t_of(own * signs)]
            + [t_of(row * signs) for row in rest]
            + [t_of((row - row.mean()) * signs) for row in rest]
        )
        hits += largest >= t_of(own) * (1 - 1e-9)
    return hits / len(patterns)


@pytest.mark.parametrize("n", [6, 7, 8])
def test_adjusted_p_is_the_share_of_larger_maxima(n: int) -> None:
    random = np.random.default_rng(n)
    family = np.round(random.normal([[0.3], [0.1], [0.0], [0.0]], 0.15, (4, n)), 2)
    for place, found in enumerate(sign_flip_family(family.tolist())):
        assert found
        assert found.p_adjusted == pytest.approx(enumerated_adjusted(family, place), abs=1e-12)


@pytest.mark.parametrize("n", [7, 10, 20])
def test_the_simultaneous_interval_inverts_the_adjusted_test(n: int) -> None:
    random = np.random.default_rng(n)
    family = random.normal([[0.3], [0.1], [0.0]], 0.15, (3, n))
    for place, found in enumerate(sign_flip_family(family.tolist())):
        assert found and found.simultaneous
        for bound, outwards in ((found.simultaneous.low, -1), (found.simultaneous.high, 1)):
            for step, inside in ((-1e-6, True), (1e-6, False)):
                shifted = family.copy()
                shifted[place] -= bound + outwards * step
                moved = sign_flip_family(shifted.tolist())[place]
                assert moved
                assert (moved.p_adjusted > ALPHA) is inside


def test_sum_and_t_statistic_give_the_same_p() -> None:
    """Flips leave the sum of squares unchanged, so t grows with the sum."""
    random = np.random.default_rng(2)
    signs = np.array(list(itertools.product((1, -1), repeat=8)))
    for values in 1 - random.exponential(size=(20, 8)):
        t = np.array([t_of(values * row) for row in signs])
        found = sign_flip(values)
        assert found.p == pytest.approx(np.mean(t >= t_of(values) * (1 - 1e-9)), abs=1e-12)


def test_a_family_of_one_needs_no_adjustment() -> None:
    (found,) = sign_flip_family([SLEEP])
    assert found
    assert found.p_adjusted == found.p
    assert found.simultaneous == found.interval


def test_a_larger_family_has_wider_intervals() -> None:
    family = np.random.default_rng(4).normal(0.1, 0.15, (12, 10)).tolist()
    for found in sign_flip_family(family):
        assert found and found.interval and found.simultaneous
        assert found.p_adjusted >= found.p
        assert found.simultaneous.low <= found.interval.low <= found.mean
        assert found.mean <= found.interval.high <= found.simultaneous.high


@pytest.mark.parametrize("family", [1, 2, 12, 60])
def test_six_seeds_can_reach_five_percent_in_any_family(family: int) -> None:
    assert least_seeds() == 6
    random = np.random.default_rng(family)
    for n, reaches in ((5, False), (6, True)):
        rows = random.normal(size=(family, n))
        rows[0] = 5 + 0.01 * rows[0]
        found = sign_flip_family(rows.tolist())[0]
        assert found
        assert (found.p_adjusted <= ALPHA) is reaches
        assert (found.simultaneous is not None) is reaches
        assert found.p_adjusted >= 2 / 2**n


def test_of_many_seeds_random_signs_are_tried() -> None:
    values = [0.3, -0.1, 0.05] * 8
    found = sign_flip(values)
    assert found.name == "sign-flip, 99,999 random patterns"
    sign_patterns.cache_clear()
    assert found == sign_flip(values)
    z = (abs(sum(values)) - 0.05) / math.hypot(*values)  # close to normal with this variance
    assert found.p == pytest.approx(2 * stats.norm.sf(z), abs=0.02)


def test_missing_seeds() -> None:
    random = np.random.default_rng(6)
    row, other = random.normal(0.2, 0.1, 8), random.normal(0.2, 0.1, 8)
    few = [math.nan] * 5 + [0.5, 0.51, 0.52]
    alone = sign_flip_family([row, other])
    beside = sign_flip_family([row, other, few, [math.nan] * 8])
    # A contrast too short for a verdict does not change those of the others.
    assert beside[:2] == alone
    assert beside[2] and beside[2].simultaneous is None and beside[2].p_adjusted >= 0.25
    assert beside[3] is None
    gap = [*row[:7], math.nan]
    (with_gap,), (without,) = sign_flip_family([gap]), sign_flip_family([row[:7]])
    assert with_gap and without
    assert (with_gap.p, with_gap.interval) == (without.p, without.interval)


def test_contrasts_must_have_the_same_seeds() -> None:
    with pytest.raises(ValueError, match="same seeds"):
        sign_flip_family([[0.1, 0.2], [0.1]])


def test_degenerate_families() -> None:
    assert sign_flip_family([]) == []
    assert sign_flip_family([[]]) == [None]
    (zeros,) = sign_flip_family([[0.0] * 8])
    assert zeros and zeros.p == zeros.p_adjusted == 1
    (constant,) = sign_flip_family([[0.1] * 6])
    assert constant and constant.p == 2 / 2**6
    assert constant.interval and constant.interval.low == constant.interval.high == 0.1


def test_power_is_the_t_tests() -> None:
    """34 pairs find half a standard deviation with 80 % power at 5 %, as G*Power says too."""
    assert seeds_to_detect(0.5, 1, 1) == 34
    assert attained_level(6) == 1 / 32
    assert power(1, 5, 1) == 0
    for effect, n, family in ((1.4, 10, 12), (0.5, 40, 1), (2.1, 8, 12)):
        divisor = family * (1 + 6 / n) if family > 1 else 1
        critical = stats.t.isf(attained_level(n) / divisor / 2, n - 1)
        expected = stats.nct.sf(critical, n - 1, effect * n**0.5)
        assert power(effect, n, family) == pytest.approx(expected, rel=1e-6)
    assert seeds_to_detect(0.2, 50, 12) is None
    assert seeds_to_detect(0.2, 1e-6, 12) == 6


@pytest.mark.parametrize(("effect", "n", "family"), [(1.4, 8, 1), (1.4, 11, 12), (2.1, 8, 12)])
def test_power_is_that_of_the_test_used(effect: float, n: int, family: int) -> None:
    random, studies = np.random.default_rng(n), 300
    hits = 0
    for _ in range(studies):
        rows = random.normal(size=(family, n))
        rows[0] += effect
        found = sign_flip_family(rows.tolist())[0]
        hits += found is not None and found.p_adjusted <= ALPHA and found.mean > 0
    assert hits / studies == pytest.approx(power(effect, n, family), abs=0.1)


def test_exact_where_feasible() -> None:
    assert sign_flip([0.1] * EXACT_UP_TO).p == 2 / 2**EXACT_UP_TO
