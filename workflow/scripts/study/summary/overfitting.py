"""The verdict on a network: how its test loss compares with its train loss."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from study.errors import StudyError
from study.runs.metrics import Metrics
from study.words import count_of

Thresholds = Sequence[Mapping[str, Any]]
"""As in the configuration: [{below: 0.75, text: ...}, ..., {text: ...}], `below` ascending."""


def verdict(train_loss: float, test_loss: float, thresholds: Thresholds) -> str:
    """The text of the first threshold above r = test_loss / train_loss.

    The last threshold has no `below` and holds for any larger r, including the infinite one of a
    train loss of zero. If r is undefined, the text gives the reason.

    Raises:
        StudyError: r lies above all thresholds.
    """
    if not (math.isfinite(train_loss) and math.isfinite(test_loss)):
        return "No verdict: a loss is not finite"
    if train_loss < 0 or test_loss < 0:
        return "No verdict: a loss is negative"
    if train_loss == test_loss == 0:
        return "No verdict: both losses are zero"
    ratio = test_loss / train_loss if train_loss > 0 else math.inf
    for threshold in thresholds:
        if ratio < threshold.get("below", math.inf) or "below" not in threshold:
            return str(threshold["text"])
    raise StudyError(f"verdict: r = {ratio:g} lies below no threshold; leave out the last `below`")


def describe(thresholds: Thresholds) -> str:
    """The rule in words, for the text below the table."""
    parts = []
    lower = ""
    for threshold in thresholds:
        if "below" in threshold:
            upper = f"{threshold['below']:g}"
            where = f"{lower} ≤ r < {upper}" if lower else f"r < {upper}"
            lower = upper
        else:
            where = f"r ≥ {lower}" if lower else "any r"
        parts.append(f"“{threshold['text']}” for {where}")
    return "Performance follows from r = test error / train error of the last epoch: " + (
        "; ".join(parts) + "."
    )


def train_errors(runs: Sequence[Metrics]) -> list[str]:
    """What makes a train error differ from a test error beside overfitting, where it is in use."""
    causes = {
        "augment": "of images that `augment` has changed",
        "ema": "of the weights before `ema` averages them",
    }
    found = [words for name, words in causes.items() if any(r["settings"].get(name) for r in runs)]
    stopped = [run for run in runs if run["epochs"] < run["settings"]["epochs"]]
    texts = []
    if found:
        texts.append(
            f"Train errors are {' and '.join(found)}, test errors are not: there r says less of "
            "overfitting."
        )
    if stopped:
        texts.append(f"{count_of(len(stopped), 'training')} of {len(runs)} stopped early.")
    return [" ".join(texts)] if texts else []
