"""Ensembles over seeds: how accurate the mean prediction of several runs of one network is.

Which runs are taken is left to chance, never to the test images, so that the figures are those that
anyone may expect who trains so many.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from study.runs.metrics import RunKey
from study.runs.predictions import Probabilities, check_same_images, read_probabilities

LEAST_SEEDS = 3
"""Of two seeds there is one ensemble, which shows no spread."""

MOST_SUBSETS = 50

MOST_MEMBERS = 10
"""The largest ensembles."""

SUBSETS_SEED = 0


@dataclass(frozen=True)
class EnsembleRow:
    """The ensembles of `members` seeds of one network: a line of ensembles.csv.

    `accuracy` is the mean over `subsets` of the network's `n` seeds, which are all there are or a
    random choice (`taken`), and `sd` their standard deviation, None of one subset. With one member
    these are the single networks. Accuracies are fractions.
    """

    variant: str
    n: int
    members: int
    subsets: int
    taken: str
    accuracy: float
    sd: float | None


def ensemble_rows(paths: Sequence[str], names: Sequence[tuple[str, int]]) -> list[EnsembleRow]:
    """The ensembles of each network, from the predictions of the runs (variant, seed).

    The files of one network are read together, those of the next when they are done with. A network
    of fewer than LEAST_SEEDS runs has no row.

    Raises:
        StudyError: a file is damaged, or the runs predict different images.
    """
    first: dict[str, Probabilities] = {}
    rows = []
    for variant, files in _by_variant(paths, names):
        found = {path: read_probabilities(path) for path in files}
        usable = {path: each for path, each in found.items() if each.are_finite}
        check_same_images({path: each.decided for path, each in (first | usable).items()})
        first = first or dict(itertools.islice(usable.items(), 1))
        if len(usable) >= LEAST_SEEDS:
            rows += ensembles_of(variant, list(usable.values()))
    return rows


def _by_variant(
    paths: Sequence[str], names: Sequence[tuple[str, int]]
) -> Iterable[tuple[str, list[str]]]:
    by_variant: dict[str, list[str]] = {}
    for path, key in zip(paths, (RunKey(*name) for name in names), strict=True):
        by_variant.setdefault(key.variant, []).append(path)
    return by_variant.items()


def ensembles_of(variant: str, runs: Sequence[Probabilities]) -> list[EnsembleRow]:
    """The single networks, then the ensembles of 2, 3, ... of these runs of one network.

    An ensemble predicts the class whose mean probability over its members is highest, the first on
    ties.
    """
    n, labels = len(runs), runs[0].labels
    stacked = np.stack([run.values for run in runs]).astype(np.float64)  # [n, images, classes]
    rows = []
    for members in range(1, min(n, MOST_MEMBERS) + 1):
        chosen = subsets(n, members)
        accuracies = [
            float(np.mean(stacked[list(subset)].sum(axis=0).argmax(axis=1) == labels))
            for subset in chosen
        ]
        rows.append(
            EnsembleRow(
                variant,
                n,
                members,
                len(chosen),
                "all" if len(chosen) == math.comb(n, members) else "random",
                fmean(accuracies),
                float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None,
            )
        )
    return rows


def subsets(n: int, members: int) -> list[tuple[int, ...]]:
    """The subsets of so many of `n` things: all, or MOST_SUBSETS different random ones.

    The same for the same numbers, and every thing alone where `members` is 1.
    """
    if members == 1 or math.comb(n, members) <= MOST_SUBSETS:
        return list(itertools.combinations(range(n), members))
    random = np.random.default_rng([SUBSETS_SEED, n, members])
    found: dict[tuple[int, ...], None] = {}
    while len(found) < MOST_SUBSETS:
        found[_sorted(random.choice(n, members, replace=False))] = None
    return list(found)


def _sorted(chosen: NDArray[np.intp]) -> tuple[int, ...]:
    return tuple(sorted(chosen.tolist()))
