"""Failed trainings are recognized, and ordinary runs are not."""

import math

import numpy as np
import pytest

from study.runs.metrics import RunKey
from study.statistics.failures import (
    failed_trainings,
    find_failures,
    smallest_failure,
    unseen_failure_rate,
)

IMAGES = 10_000


@pytest.mark.parametrize("n", [3, 4, 5, 10, 20])
def test_a_drop_of_three_points_is_found(n: int) -> None:
    random = np.random.default_rng(n)
    for _ in range(50):
        accuracies = random.normal(0.994, 0.001, n)
        assert not any(failed_trainings(accuracies, IMAGES))
        accuracies[1] -= 0.03
        assert failed_trainings(accuracies, IMAGES) == [place == 1 for place in range(n)]


@pytest.mark.parametrize(
    ("accuracies", "images", "failed"),
    [
        ([], IMAGES, []),
        ([0.99], IMAGES, [False]),
        ([0.99, 0.1], IMAGES, [False, False]),
        ([0.99, 0.1, math.nan], IMAGES, [False] * 3),
        ([0.99, 0.1, 0.99], IMAGES, [False, True, False]),
        ([0.994, 0.994, 0.9935], IMAGES, [False] * 3),  # no spread among the others
        ([1.0, 1.0, 0.9998], IMAGES, [False] * 3),
        ([1.0, 1.0, 0.99], IMAGES, [False, False, True]),
        ([0.99, 0.1, 0.1], IMAGES, [False] * 3),  # which are the failures?
        ([0.99, 0.1, 0.99, 0.1, 0.99], IMAGES, [False, True, False, True, False]),
        ([0.4, 0.42, 0.1, 0.41], IMAGES, [False, False, True, False]),  # chance level
        ([0.9, 0.88, 0.85], 360, [False] * 3),  # few test images
        ([0.95, 0.99, 0.991], IMAGES, [True, False, False]),
    ],
)
def test_cases(accuracies: list[float], images: int, failed: list[bool]) -> None:
    assert failed_trainings(accuracies, images) == failed


def test_runs_that_vary_widely_are_not_failures() -> None:
    assert not any(failed_trainings([0.99, 0.97, 0.95, 0.93, 0.91], IMAGES))


def test_the_smallest_failure() -> None:
    # 0.6 % errors: doubled odds are 1.193 %, five standard errors 0.386 points
    assert smallest_failure(0.994, IMAGES) == pytest.approx(0.012 / 1.006 - 0.006, abs=1e-4)
    assert smallest_failure(0.9, 100) == pytest.approx(5 * 0.03, abs=1e-9)


def test_in_words() -> None:
    accuracies = {1: 0.994, 2: 0.9631, 4: 0.9945}
    runs = {RunKey("conv3-k3", seed): accuracy for seed, accuracy in accuracies.items()}
    failures = find_failures(runs | {RunKey("other", 1): 0.5}, IMAGES)
    assert failures.in_words(["other", "conv3-k3"]) == [
        "1 of 3 runs of conv3-k3 did not learn (seed 2: 96.31 %)."
    ]
    assert failures.names(["other", "conv3-k3"]) == "conv3-k3 seed 2"
    assert failures.has(["other", "conv3-k3"], 2) and not failures.has(["conv3-k3"], 1)
    assert find_failures({}, IMAGES).in_words(["conv3-k3"]) == []


def test_failures_that_no_seed_has_shown() -> None:
    assert unseen_failure_rate(10) == pytest.approx(0.2589, abs=1e-4)
    assert (1 - unseen_failure_rate(5)) ** 5 == pytest.approx(0.05)
    assert unseen_failure_rate(0) == 1
