"""The measures computed, by scikit-learn's functions."""

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, recall_score, roc_auc_score

from study.runs.choice import ACCURACY
from study.runs.predictions import Probabilities


def measured(metric: str, predictions: Probabilities) -> float | None:
    """The value of a measure of MEASURES; None where these labels leave it undefined.

    - balanced_accuracy: the mean over the classes of the share of their images that are right;
      over the classes that occur.
    - auc: the area under the ROC curve of each class against the rest, a mean over classes; None
      if a class has no image.
    - nll: the mean over images of -ln p of the true class, whatever loss was trained. scikit-learn
      raises a p below 2.2e-16, float64's epsilon, to that: an image adds at most 36.04.
    - brier: the mean over images of the sum over classes of (p - y)^2, y being 1 for the true
      class and 0 for the others: from 0 to 2, for two classes too.

    Probabilities are taken as float64 and divided by their sum over classes, which float32 leaves
    within rounding of 1.
    """
    labels, values = predictions.labels, predictions.values.astype(np.float64)
    classes = np.arange(values.shape[1])
    match metric:
        case "balanced_accuracy":
            # What balanced_accuracy_score is, without its warning where a predicted class has no
            # image.
            occurring = np.unique(labels)
            return float(
                recall_score(labels, predictions.predicted, labels=occurring, average="macro")
            )
        case "auc":
            if len(np.unique(labels)) < len(classes):
                return None
            return float(roc_auc_score(labels[:, None] == classes, values, average="macro"))
    if metric == ACCURACY:
        return predictions.decided.accuracy
    values /= values.sum(axis=1, keepdims=True)
    if metric == "nll":
        return float(log_loss(labels, values, labels=classes))
    return float(brier_score_loss(labels, values, labels=classes, scale_by_half=False))
