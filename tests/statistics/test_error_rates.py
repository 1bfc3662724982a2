"""A short version of the simulation that docs/statistics.md records."""

import numpy as np
import pytest
from scipy import stats

from error_rates import (
    FAILURE,
    FAILURE_RATE,
    MARGIN,
    World,
    detected,
    false_verdicts,
    judged,
    random_for,
    share,
    worlds,
)
from paired_runs import contrast
from study.config.contrasts import Contrast

STUDIES = 60


def nine() -> list[Contrast]:
    """Three networks against the first of each of three depths."""
    return [contrast(f"{d}{v}", f"{d}k3") for d in "357" for v in ("k5", "no-bn", "no-dropout")]


SAFE = [name for name in worlds(nine()) if "fails" not in name or "equal means" not in name]


@pytest.mark.parametrize("name", SAFE)
def test_networks_without_a_typical_difference_are_rarely_called_different(name: str) -> None:
    world = worlds(nine())[name]
    whole, without = false_verdicts(nine(), world, 8, STUDIES, random_for(name))
    most = stats.binom.ppf(0.999, STUDIES, 0.05)
    assert sum(whole) <= most
    assert sum(without) <= most


def test_rare_failures_hide_a_difference_of_means() -> None:
    """What the test does not do: it judges typical runs, not means that rare failures pull down."""
    world = worlds(nine())["one network fails in 1 run of 10, equal means"]
    whole, _ = false_verdicts(nine(), world, 8, 20, random_for("means"))
    assert sum(whole) >= 4
    assert world.means["3k3"] == FAILURE * FAILURE_RATE


def test_half_a_point_is_found_with_eight_seeds() -> None:
    world = World(means={"3k5": -0.5})
    found, _ = detected(nine(), world, 8, 20, random_for("half a point"))
    assert sum(found) >= 19


def test_leaving_out_failed_trainings_finds_more() -> None:
    world = World(means={"3k5": -0.5}, failing=frozenset(["3k3"]))
    whole, without = detected(nine(), world, 10, 30, random_for("failing"))
    assert sum(without) >= sum(whole) + 5


def test_nine_contrasts_at_the_margin_are_rarely_called_equal() -> None:
    means = {f"{depth}{name}": -MARGIN for depth in "357" for name in ("k5", "no-bn", "no-dropout")}
    random = random_for("margin")
    wrong = [
        any(finding.is_small for finding in judged(nine(), World(means=means), 10, random))
        for _ in range(STUDIES)
    ]
    assert sum(wrong) <= stats.binom.ppf(0.999, STUDIES, 0.05)


def test_lines_have_random_numbers_that_depend_on_their_text_alone() -> None:
    assert random_for("a").random() == random_for("a").random() != random_for("b").random()


def test_a_share_in_words() -> None:
    assert share([True, False, False, False]) == "25.0 % (1 of 4)"
    assert share(np.array([True, True])) == "100.0 % (2 of 2)"
