"""Verdicts of small studies against those of a large one, on numbers whose answer is known."""

import sys

import numpy as np

from conftest import ROOT
from study.config.contrasts import Contrast

sys.path.insert(0, str(ROOT / "benchmarks"))

from judging import contradicts, drawn, judged, kind, print_resampled, subsets

PAIR = [Contrast("b vs a", "study", "a", "b", "")]
SPREAD = np.array([-0.02, 0.01, 0.0, 0.02, -0.01, 0.03, -0.03, 0.01])


def by_difference(points: float) -> dict[str, np.ndarray]:
    return {"a": 99 + 0 * SPREAD, "b": 99 + points + SPREAD}


def test_only_what_cannot_both_be_true_contradicts() -> None:
    verdicts = {
        points: judged(PAIR, by_difference(points))[0] for points in (-1.0, -0.1, 0.0, 0.1, 1.0)
    }
    assert [kind(finding) for finding in verdicts.values()] == [
        *("worse", "worse", "none larger", "better", "better")
    ]
    wrong = {
        (one, other)
        for one in verdicts
        for other in verdicts
        if contradicts(verdicts[one], verdicts[other])
    }
    # 0.1 points, better by less than the margin, agrees with no difference larger than it.
    far = {(1.0, small) for small in (-0.1, 0.0, 0.1)} | {(-1.0, s) for s in (-0.1, 0.0, 0.1)}
    opposite = {(1.0, -1.0), (0.1, -0.1)}
    expected = far | opposite
    assert wrong == expected | {(other, one) for one, other in expected}


def test_smaller_studies_are_different_sets_of_the_same_seeds() -> None:
    assert subsets(4, 3, 10, "") == [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]
    some = subsets(10, 5, 20, "a line")
    assert len({tuple(chosen) for chosen in some}) == 20
    assert some == subsets(10, 5, 20, "a line")
    accuracies = by_difference(1.0)
    assert drawn(accuracies, [5, 0])["b"].tolist() == accuracies["b"][[5, 0]].tolist()


def test_a_clear_difference_is_found_by_fewer_seeds(capsys) -> None:
    print_resampled(PAIR, by_difference(1.0), most=20)
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines()]
    found = {row[1].strip(): row[5].strip() for row in rows if len(row) > 6}
    assert found["5"] == "0.0 % (0 of 20)"  # 5 seeds cannot reach 5 %
    assert found["6"] == "100.0 % (20 of 20)"
