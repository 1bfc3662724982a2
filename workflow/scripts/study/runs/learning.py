"""Whether a run has learned anything, compared with guessing."""

import math
from collections.abc import Mapping, Sequence

from study.runs.metrics import Metrics, RunKey, reported_accuracy

FOCAL_ALPHA, FOCAL_GAMMA = 0.25, 2.0
"""Keras's defaults for the focal loss."""


def guessing_loss(loss: str, classes: int) -> float:
    """The loss, by its Keras name, of giving each class the same probability."""
    p = 1 / classes
    match loss:
        case "categorical_crossentropy":
            return math.log(classes)
        case "categorical_focal_crossentropy":
            return FOCAL_ALPHA * (1 - p) ** FOCAL_GAMMA * math.log(classes)
        case "mean_squared_error":
            return p * (1 - p)
    raise ValueError(f"no such loss: {loss}")  # the schema admits no other


def why_not_learned(run: Metrics, per_class: Sequence[int]) -> str | None:
    """What shows that a run did not learn; None if it did.

    It did not if its loss on the training images after the last epoch is above that of guessing,
    dropout on and dropout off alike, or if its accuracy is not above the share of the largest
    class. `per_class` has the number of test images of each class.
    """
    guessing = guessing_loss(run["settings"]["loss"], len(per_class))
    losses = [run[name] for name in ("train_loss", "train_loss_eval")]
    if not any(loss <= guessing for loss in losses):
        return f"train error {losses[0]:.4g} above that of guessing, {guessing:.4g}"
    accuracy, share = reported_accuracy(run), max(per_class) / sum(per_class)
    if accuracy <= share:
        return f"accuracy {accuracy:.2%} not above the largest class's share, {share:.2%}"
    return None


def unlearned_runs(runs: Mapping[RunKey, Metrics], per_class: Sequence[int]) -> dict[RunKey, str]:
    """Of the finished runs those that did not learn, each with what shows it."""
    found = {key: why_not_learned(run, per_class) for key, run in runs.items()}
    return {key: reason for key, reason in found.items() if reason}
