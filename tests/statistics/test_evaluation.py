"""What one network gets right and wrong: scores, calibration, confusion, worst mistakes."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from study.errors import StudyError
from study.runs.predictions import Probabilities, read_probabilities
from study.statistics.scores import (
    class_scores,
    confusion,
    evaluate,
    expected_calibration_error,
    worst_mistakes,
)


def certain(predicted: list[int], labels: list[int], classes: int) -> Probabilities:
    """Predictions of probability 1."""
    return Probabilities(np.eye(classes)[predicted], np.array(labels))


def binary(confidences: list[float], right: list[bool]) -> Probabilities:
    """Predictions of class 0 with these probabilities."""
    values = np.array([[c, 1 - c] for c in confidences])
    return Probabilities(values, np.where(right, 0, 1))


def random_predictions(n: int = 500, classes: int = 7) -> Probabilities:
    generator = np.random.default_rng(1)
    values = generator.dirichlet(np.ones(classes) * 0.5, n)
    labels = np.where(generator.random(n) < 0.6, values.argmax(1), generator.integers(classes))
    return Probabilities(values, labels)


def test_calibration_error_of_four_predictions_by_hand() -> None:
    """With 5 bins: 0.9 right, 0.9 wrong and 0.85 right share a bin, 0.6 wrong ends the third.

    |2 - 2.65| / 4 + |0 - 0.6| / 4 = 0.3125.
    """
    found = binary([0.9, 0.9, 0.85, 0.6], [True, False, True, False])
    assert expected_calibration_error(found, bins=5) == pytest.approx(0.3125)


def test_bins_are_closed_above() -> None:
    """(0.5, 0.75] holds 0.75: with 0.6 wrong in it, |1 - 1.35| / 2; apart, (0.25 + 0.6) / 2."""
    found = binary([0.75, 0.6], [True, False])
    assert expected_calibration_error(found, bins=4) == pytest.approx(0.175)
    apart = binary([0.75 + 1e-9, 0.6], [True, False])
    assert expected_calibration_error(apart, bins=4) == pytest.approx(0.425)


def test_calibration_error_is_none_for_honest_and_all_for_bold_predictions() -> None:
    honest = binary([0.75] * 4, [True, True, True, False])
    assert expected_calibration_error(honest) == pytest.approx(0)
    assert expected_calibration_error(certain([1, 1], [0, 0], 2)) == pytest.approx(1)


def test_class_scores_agree_with_scikit_learn() -> None:
    found = random_predictions()
    scores = class_scores(found)
    for name, function in (
        ("precision", precision_score),
        ("recall", recall_score),
        ("f1", f1_score),
    ):
        expected = function(found.labels, found.predicted, average=None)
        assert [getattr(score, name) for score in scores] == pytest.approx(list(expected))
    assert [score.support for score in scores] == list(np.bincount(found.labels, minlength=7))


def test_a_share_of_nothing_is_no_figure() -> None:
    """Class 1 is never predicted, class 2 is neither there nor predicted."""
    one, other, none = class_scores(certain([0, 0, 0], [0, 0, 1], 3))
    assert (one.precision, one.recall, one.f1) == pytest.approx((2 / 3, 1, 0.8))
    assert (other.precision, other.recall, other.support) == (None, 0, 1)
    assert (none.precision, none.recall, none.f1, none.support) == (None, None, None, 0)


def test_wilson_interval_of_the_accuracy() -> None:
    """Newcombe (1998, Statistics in Medicine 17, 857-872), table I: 81 of 263."""
    content = evaluate(certain([0] * 263, [0] * 81 + [1] * 182, 2), None)
    low, high = content["accuracy_low"], content["accuracy_high"]
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert (content["n"], content["correct"], content["epoch"]) == (263, 81, "last")
    assert content["accuracy_interval"] == "Wilson, 95 %"


def test_all_right_is_no_certainty() -> None:
    content = evaluate(certain([0, 1] * 50, [0, 1] * 50, 2), chosen_epoch=4)
    assert (content["accuracy"], content["macro_f1"], content["epoch"]) == (1, 1, 4)
    assert content["accuracy_high"] == pytest.approx(1)
    assert 0.95 < content["accuracy_low"] < 0.97


def test_confusion_counts_true_classes_by_row() -> None:
    assert confusion(certain([0, 1, 1, 1], [0, 0, 0, 1], 3)).tolist() == [
        [1, 2, 0],
        [0, 1, 0],
        [0, 0, 0],
    ]


def test_worst_mistakes_come_first_and_right_answers_not_at_all() -> None:
    found = binary([0.9, 0.99, 0.7, 0.95, 0.95], [True, True, False, False, False])
    assert [(m.position, m.label, m.predicted) for m in worst_mistakes(found, 10)] == [
        *((3, 1, 0), (4, 1, 0), (2, 1, 0))
    ]
    assert [m.confidence for m in worst_mistakes(found, 2)] == [0.95, 0.95]


def test_the_chosen_epoch_counts_where_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "predictions.npz"
    labels = np.array([0, 1], np.uint8)
    final, chosen = np.eye(2)[[0, 0]], np.eye(2)[[0, 1]]
    np.savez(file, probabilities=final, labels=labels)
    assert evaluate(read_probabilities(file), None)["accuracy"] == 0.5
    np.savez(file, probabilities=chosen, last_probabilities=final, labels=labels)
    assert evaluate(read_probabilities(file), 3)["accuracy"] == 1


@pytest.mark.parametrize(
    "arrays",
    [
        {"labels": np.zeros(3, int)},
        {"probabilities": np.eye(2), "labels": np.zeros(3, int)},
        {"probabilities": np.zeros(2), "labels": np.zeros(2, int)},
        {"probabilities": np.eye(2), "labels": np.array([0, 2])},
        {"probabilities": np.zeros((0, 2)), "labels": np.zeros(0, int)},
    ],
)
def test_unfit_predictions_are_named(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "predictions.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match=r"predictions\.npz: .*delete it and run again"):
        read_probabilities(tmp_path / "predictions.npz")


def test_probabilities_that_are_not_finite_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "predictions.npz"
    for factor, finite in ((1, True), (np.nan, False), (np.inf, False)):
        np.savez(file, probabilities=np.full((2, 2), 0.5 * factor), labels=np.array([0, 1]))
        assert read_probabilities(file).are_finite == finite
