"""Ensembles over seeds, by hand; no choice is made by the test images."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from study.errors import StudyError
from study.runs.predictions import Probabilities
from study.statistics.ensembles import (
    MOST_SUBSETS,
    EnsembleRow,
    ensemble_rows,
    ensembles_of,
    subsets,
)

# Probabilities of class 0, which both images have, by three networks.
FIRST, SECOND, THIRD = [0.9, 0.3], [0.4, 0.9], [0.4, 0.15]


def run_of(of_class_0: list[float]) -> Probabilities:
    values = np.array([[p, 1 - p] for p in of_class_0], np.float32)
    return Probabilities(values, np.zeros(len(of_class_0), np.uint8))


def write(folder: Path, name: str, run: Probabilities) -> str:
    np.savez(folder / f"{name}.npz", probabilities=run.values, labels=run.labels)
    return str(folder / f"{name}.npz")


def test_an_ensemble_of_three_networks_by_hand() -> None:
    """Singles get 1, 1 and 0 of 2 images right; pairs 2, 1 and 1; all three 1, where most votes get
    none and the largest probability 2.
    """
    rows = ensembles_of("a", [run_of(each) for each in (FIRST, SECOND, THIRD)])
    assert [row.accuracy for row in rows] == pytest.approx([1 / 3, 2 / 3, 1 / 2])
    assert [row.sd for row in rows[:2]] == pytest.approx([0.288675, 0.288675], abs=1e-6)
    assert rows[2] == EnsembleRow("a", 3, 3, 1, "all", rows[2].accuracy, None)
    assert [(row.members, row.subsets, row.taken) for row in rows[:2]] == [
        *((1, 3, "all"), (2, 3, "all")),
    ]


def test_all_subsets_are_taken_where_they_are_few_and_different_random_ones_else() -> None:
    assert subsets(4, 2) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert len(subsets(60, 1)) == 60  # the mean single network is that of all
    found = subsets(12, 4)
    assert found == subsets(12, 4)
    assert len(set(found)) == len(found) == MOST_SUBSETS < math.comb(12, 4)
    assert all(list(each) == sorted(set(each)) and len(each) == 4 for each in found)
    seen = Counter(seed for each in found for seed in each)
    assert set(seen) == set(range(12))
    assert max(seen.values()) < 2 * MOST_SUBSETS * 4 / 12


def test_networks_of_fewer_than_three_finished_seeds_have_none(tmp_path: Path) -> None:
    runs = [run_of(each) for each in (FIRST, SECOND, THIRD, FIRST, SECOND)]
    names = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2)]
    paths = [write(tmp_path, f"{v}{s}", run) for (v, s), run in zip(names, runs, strict=True)]
    rows = ensemble_rows(paths, names)
    assert [(row.variant, row.members) for row in rows] == [("a", 1), ("a", 2), ("a", 3)]


def test_runs_on_other_test_images_are_refused(tmp_path: Path) -> None:
    runs = [run_of(FIRST), Probabilities(run_of(SECOND).values, np.array([0, 1], np.uint8))]
    for names in ([("a", 1), ("a", 2)], [("a", 1), ("b", 1)]):
        paths = [write(tmp_path, f"{v}{s}", run) for (v, s), run in zip(names, runs, strict=True)]
        with pytest.raises(StudyError, match="its test images are not those of"):
            ensemble_rows(paths, names)
