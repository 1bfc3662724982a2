"""Failed trainings: runs far below the other seeds of the same network."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from study.runs.metrics import RunKey
from study.runs.predictions import Runs

LEAST_RUNS = 3
"""Of two runs that differ, nothing tells which one is unusual."""

SPREADS = 5.0
"""Scaled median absolute deviations of the other seeds."""

STANDARD_ERRORS = 5.0
"""Binomial standard errors of an accuracy on the test images."""

ODDS = 2.0
"""The factor by which the odds of an error must have grown."""

_TO_SD = 1.4826  # of a median absolute deviation, of normal values


def failed_trainings(accuracies: ArrayLike, images: int) -> list[bool]:
    """Which runs of one network did not learn, by their test accuracies (fractions) over seeds.

    A run did not learn if its accuracy lies below the median of the network's other seeds by more
    than each of

    - SPREADS scaled median absolute deviations of the other seeds (Hampel 1974, J. of the
      American Statistical Association 69, 383-393),
    - STANDARD_ERRORS binomial standard errors at that median, for `images` test images,
    - the distance at which the odds of an error are ODDS times as large.

    The first alone fails with few seeds, whose spread may be tiny by chance. NaN marks a run
    without figures, which is not judged. With fewer than LEAST_RUNS runs none is recognized, nor
    where half of the runs or more have failed.
    """
    values = np.asarray(accuracies, float)
    known = np.flatnonzero(np.isfinite(values))
    failed = np.zeros(len(values), bool)
    if len(known) >= LEAST_RUNS:
        count = len(known)
        others = np.tile(values[known], (count, 1))[~np.eye(count, dtype=bool)]
        others = others.reshape(count, count - 1)
        median = np.median(others, axis=1)
        spread = _TO_SD * np.median(np.abs(others - median[:, None]), axis=1)
        floor = [smallest_failure(accuracy, images) for accuracy in median.tolist()]
        failed[known] = median - values[known] > np.maximum(SPREADS * spread, floor)
    return [bool(one) for one in failed]


def smallest_failure(accuracy: float, images: int) -> float:
    """The least drop below `accuracy` (fractions) that can count as a failed training."""
    error = min(max(1 - accuracy, 0.5 / images), 1 - 0.5 / images)
    odds = ODDS * error / (1 - error)
    return max(STANDARD_ERRORS * math.sqrt(error * (1 - error) / images), odds / (1 + odds) - error)


@dataclass(frozen=True)
class Failures:
    """The failed trainings among the runs of a study; `accuracies` (fractions) are of all runs."""

    accuracies: Mapping[RunKey, float]
    failed: frozenset[RunKey]

    def has(self, networks: Iterable[str], seed: int) -> bool:
        """Whether a training of one of the networks with this seed has failed."""
        return any(RunKey(network, seed) in self.failed for network in networks)

    def names(self, networks: Iterable[str]) -> str:
        """The failed runs of these networks: `conv3-k3 seed 7`."""
        wanted = [key for name in networks for key in self._of(name) if key in self.failed]
        return ", ".join(f"{key.variant} seed {key.seed}" for key in wanted)

    def in_words(self, networks: Iterable[str]) -> list[str]:
        """`1 of 10 runs of conv3-k3 did not learn (seed 7: 96.31 %).` for each that has some."""
        sentences = []
        for name in networks:
            runs = self._of(name)
            seeds = [
                f"seed {key.seed}: {100 * self.accuracies[key]:.2f} %"
                for key in runs
                if key in self.failed
            ]
            if seeds:
                sentences.append(
                    f"{len(seeds)} of {len(runs)} runs of {name} did not learn "
                    f"({', '.join(seeds)})."
                )
        return sentences

    def _of(self, network: str) -> list[RunKey]:
        return sorted(key for key in self.accuracies if key.variant == network)


def find_failures(accuracies: Mapping[RunKey, float], images: int) -> Failures:
    """Look for failed trainings in every network; accuracies are of `images` test images."""
    runs: dict[str, list[RunKey]] = defaultdict(list)
    for key in accuracies:
        runs[key.variant].append(key)
    failed = [
        key
        for keys in runs.values()
        for key, has_failed in zip(
            keys, failed_trainings([accuracies[key] for key in keys], images), strict=True
        )
        if has_failed
    ]
    return Failures(accuracies, frozenset(failed))


def failures_of(runs: Runs) -> Failures:
    """The failed trainings, by the predictions of the runs."""
    images = len(next(iter(runs.values())).labels) if runs else 1
    return find_failures({key: run.accuracy for key, run in runs.items()}, images)


def unseen_failure_rate(runs: int) -> float:
    """The failure rate that `runs` trainings without a failure leave possible, at 95 %.

    The upper bound of Clopper and Pearson (1934, Biometrika 26, 404-413), about 3 / runs: no
    test over ten seeds can exclude that one training in four fails.
    """
    return 1 - 0.05 ** (1 / runs) if runs else 1.0
