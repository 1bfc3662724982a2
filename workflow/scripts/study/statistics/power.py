"""How many seeds a study needs: the power of the sign-flip test."""

import math
from bisect import bisect_left

from scipy import special

from study.statistics.methods import ALPHA
from study.statistics.sign_flip import least_seeds

POWER = 0.8

MOST_SEEDS = 1_000


def attained_level(n: int) -> float:
    """The largest p-value up to ALPHA that the test can have with n seeds."""
    patterns = 2.0 ** (min(n, 40) - 1)
    return math.floor(ALPHA * patterns) / patterns


def power(effect: float, n: int, family: int) -> float:
    """About the probability that a true mean difference is found, with its sign.

    That of the t-test of normal differences, at the attained level divided by the size of the
    family and, with several contrasts, by 1 + 6 / n: with few seeds, flips that change few of
    the signs of a clear difference still leave it large. The 6 is fitted to simulations of
    families of 2 to 30; benchmarks/error_rates.py compares the result with further ones.

    Args:
        effect: the difference divided by the standard deviation of the paired differences.
        n: number of seeds.
        family: number of contrasts.
    """
    divisor = family * (1 + 6 / n) if family > 1 else 1
    level, freedom = attained_level(n) / divisor, n - 1
    if level == 0:
        return 0.0
    critical, centre = special.stdtrit(freedom, 1 - level / 2), abs(effect) * math.sqrt(n)
    if centre > critical + 10:  # where the noncentral distribution cannot be computed
        return 1.0
    return 1 - float(special.nctdtr(freedom, centre, critical))


def seeds_to_detect(difference: float, sd: float, family: int) -> int | None:
    """At least how many seeds find a true mean difference with POWER; None beyond MOST_SEEDS.

    `difference` and `sd` (of the paired differences) have the same unit.
    """
    seeds = range(least_seeds(), MOST_SEEDS + 1)
    place = bisect_left(seeds, True, key=lambda n: power(difference / sd, n, family) >= POWER)
    return seeds[place] if place < len(seeds) else None
