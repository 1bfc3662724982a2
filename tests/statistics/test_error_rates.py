"""Simulated studies with a known truth; docs/statistics.md has the long version."""

import math

import pytest
from scipy import stats

from error_rates import NOISES, covered, false_verdicts, found
from paired_runs import contrast
from study.config.contrasts import Contrast
from study.statistics.methods import student_interval


def nine() -> list[Contrast]:
    return [contrast(f"{d}{v}", f"{d}k3") for d in "357" for v in ("k5", "no-bn", "no-dropout")]


def test_equal_networks_are_rarely_called_different() -> None:
    wrong = false_verdicts(nine(), seeds=10, studies=40, noise=NOISES["normal"])
    assert sum(wrong) <= stats.binom.ppf(0.999, 40, 0.05)


def test_half_a_point_is_found_with_ten_seeds() -> None:
    assert sum(found(nine(), 0.5, seeds=10, studies=20)) >= 19


@pytest.mark.parametrize("seeds", [3, 10])
def test_intervals_cover(seeds: int) -> None:
    hits = sum(covered(student_interval, seeds, 400, NOISES["normal"]))
    assert abs(hits - 380) < 4 * math.sqrt(400 * 0.95 * 0.05)
