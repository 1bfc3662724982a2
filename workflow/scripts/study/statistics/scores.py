"""Scores and mistakes of one network on the test images."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from study.runs.measures import MEASURES
from study.runs.predictions import Probabilities
from study.runs.scoring import measured
from study.statistics.methods import wilson_interval

CALIBRATION_BINS = 15


@dataclass(frozen=True)
class ClassScore:
    """How well one class is recognized; None where the denominator is zero.

    classes.csv has one column per field, in this order.
    """

    label: int
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


def class_scores(predictions: Probabilities) -> list[ClassScore]:
    """Precision, recall, F1 and number of test images (`support`) of every class."""
    precision, recall, f1, support = precision_recall_fscore_support(
        predictions.labels,
        predictions.predicted,
        labels=np.arange(predictions.values.shape[1]),
        zero_division=np.nan,
    )
    return [
        ClassScore(
            label,
            _or_none(precision[label]),
            _or_none(recall[label]),
            _or_none(f1[label]),
            int(support[label]),
        )
        for label in range(len(support))
    ]


def _or_none(share: float) -> float | None:
    return None if np.isnan(share) else float(share)


@dataclass(frozen=True)
class CalibrationBin:
    """The predictions whose confidence lies in (low, high]; means, None without images."""

    low: float
    high: float
    images: int
    confidence: float | None
    accuracy: float | None


def calibration_bins(
    predictions: Probabilities, bins: int = CALIBRATION_BINS
) -> list[CalibrationBin]:
    """Accuracy by confidence, the probability of the predicted class, in bins of equal width."""
    place, edges = _placed(predictions, bins)
    images = np.bincount(place, minlength=bins)
    confidence = np.bincount(place, weights=predictions.confidence, minlength=bins)
    right = np.bincount(place, weights=predictions.decided.right, minlength=bins)
    return [
        CalibrationBin(
            float(edges[bin]),
            float(edges[bin + 1]),
            int(images[bin]),
            float(confidence[bin] / images[bin]) if images[bin] else None,
            float(right[bin] / images[bin]) if images[bin] else None,
        )
        for bin in range(bins)
    ]


def _placed(predictions: Probabilities, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """The bin of each image, and the edges of the bins."""
    edges = np.linspace(0, 1, bins + 1)
    return np.digitize(predictions.confidence.astype(float), edges[1:-1], right=True), edges


def expected_calibration_error(predictions: Probabilities, bins: int = CALIBRATION_BINS) -> float:
    """Mean distance of accuracy and confidence over `bins` of equal width, weighted by images.

    The bins are the intervals ((b - 1) / bins, b / bins] of the confidence, the probability of the
    predicted class. Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural
    networks, equation 3.
    """
    confidence = predictions.confidence.astype(float)
    right = predictions.decided.right
    place, _ = _placed(predictions, bins)
    # |accuracy - confidence| of a bin, times its images, is the distance of the two sums
    distances = np.abs(np.bincount(place, weights=right - confidence, minlength=bins))
    return float(distances.sum() / len(confidence))


def evaluate(predictions: Probabilities, chosen_epoch: int | None) -> dict[str, Any]:
    """The content of evaluation.json; accuracies, F1 and calibration error are fractions.

    The measures of MEASURES are as `measured` defines them, the AUC None where it is undefined.
    """
    found = predictions.decided
    n = len(found.labels)
    interval = wilson_interval(found.correct, n)
    f1 = [score.f1 for score in class_scores(predictions) if score.f1 is not None]
    return {
        "epoch": "last" if chosen_epoch is None else chosen_epoch,
        "n": n,
        "correct": found.correct,
        **{name: measured(name, predictions) for name in MEASURES},
        "accuracy_low": interval.low,
        "accuracy_high": interval.high,
        "accuracy_interval": f"{interval.method}, 95 %",
        "macro_f1": sum(f1) / len(f1),
        "expected_calibration_error": expected_calibration_error(predictions),
        "calibration_bins": f"{CALIBRATION_BINS} of equal width, by the largest probability",
    }


def confusion(predictions: Probabilities) -> np.ndarray:
    """Number of test images by true class (rows) and predicted class (columns)."""
    classes = predictions.values.shape[1]
    return confusion_matrix(predictions.labels, predictions.predicted, labels=np.arange(classes))


@dataclass(frozen=True)
class Mistake:
    """A misclassified test image."""

    position: int
    label: int
    predicted: int
    confidence: float


def worst_mistakes(predictions: Probabilities, most: int) -> list[Mistake]:
    """The `most` wrong predictions of highest confidence; earlier images first on ties."""
    wrong = np.flatnonzero(~predictions.decided.right)
    order = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")][:most]
    return [
        Mistake(
            int(position),
            int(predictions.labels[position]),
            int(predictions.predicted[position]),
            float(predictions.confidence[position]),
        )
        for position in order
    ]
