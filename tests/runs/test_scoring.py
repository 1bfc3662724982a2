"""The measures, against values by hand on which other conventions would differ."""

import math
import warnings

import numpy as np
import pytest

from study.runs.measures import MEASURES
from study.runs.predictions import Probabilities
from study.runs.scoring import measured

FOUR = Probabilities(
    np.array([[0.7, 0.2, 0.1], [0.15, 0.4, 0.45], [0.2, 0.5, 0.3], [0.15, 0.25, 0.6]], np.float32),
    np.array([0, 0, 1, 2], np.uint8),
)
BY_HAND = {
    "accuracy": 3 / 4,
    # Class 0 has one of two right: a mean over classes, not over images.
    "balanced_accuracy": (1 / 2 + 1 + 1) / 3,
    # Class 0: of four pairs, 0.7 wins two, 0.15 loses one and ties one. Weighted by the images of
    # each class it would be 0.8125.
    "auc": (2.5 / 4 + 1 + 1) / 3,
    "nll": -(math.log(0.7) + math.log(0.15) + math.log(0.5) + math.log(0.6)) / 4,
    # Summed over classes: half of it, or a third, by other conventions.
    "brier": (0.14 + (0.7225 + 0.16 + 0.2025) + 0.38 + (0.0225 + 0.0625 + 0.16)) / 4,
}


def one(probabilities: list[float], label: int) -> Probabilities:
    """The prediction of one image, as float32."""
    return Probabilities(np.array([probabilities], np.float32), np.array([label]))


@pytest.mark.parametrize("metric", MEASURES)
def test_four_images_by_hand(metric: str) -> None:
    assert measured(metric, FOUR) == pytest.approx(BY_HAND[metric], rel=1e-6)


def test_two_classes_follow_the_same_conventions() -> None:
    """scikit-learn by default halves the Brier score of two classes, and no other."""
    assert measured("brier", one([0.9, 0.1], 1)) == pytest.approx(2 * 0.81, rel=1e-6)
    two = Probabilities(np.array([[0.6, 0.4], [0.3, 0.7], [0.8, 0.2]]), np.array([0, 1, 1]))
    assert measured("auc", two) == pytest.approx(1 / 2)
    assert measured("balanced_accuracy", two) == pytest.approx(3 / 4)


def test_small_probabilities_count_down_to_the_epsilon_of_float64() -> None:
    assert measured("nll", one([1, 1e-10], 1)) == pytest.approx(-math.log(1e-10), rel=1e-6)
    for least in (0, 1e-20):
        assert measured("nll", one([1, least], 1)) == pytest.approx(36.04365, abs=1e-5)
    assert measured("nll", one([1, 0], 0)) == pytest.approx(0, abs=1e-12)


def test_rounded_probabilities_are_divided_by_their_sum_without_a_warning() -> None:
    rounded = one([0.5005, 0.5], 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert measured("nll", rounded) == pytest.approx(-math.log(0.5005 / 1.0005), rel=1e-6)


def test_a_class_without_images_leaves_only_the_auc_undefined() -> None:
    """Class 2 has none, and is predicted once."""
    absent = Probabilities(FOUR.values[:3], FOUR.labels[:3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = {metric: measured(metric, absent) for metric in MEASURES}
    assert found["auc"] is None
    assert found["balanced_accuracy"] == pytest.approx(3 / 4)
    assert found["nll"] == pytest.approx(
        -(math.log(0.7) + math.log(0.15) + math.log(0.5)) / 3, rel=1e-6
    )
    assert found["brier"] == pytest.approx((0.14 + 1.085 + 0.38) / 3, rel=1e-6)
