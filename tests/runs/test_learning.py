"""A run that is no better than guessing did not learn."""

from typing import Any

import keras
import numpy as np
import pytest

from study.runs.learning import guessing_loss, unlearned_runs, why_not_learned
from study.runs.metrics import RunKey
from synthetic import metrics

LOSSES = ["categorical_crossentropy", "categorical_focal_crossentropy", "mean_squared_error"]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("classes", [2, 10, 256])
def test_guessing_has_the_loss_that_keras_gives_a_constant(loss: str, classes: int) -> None:
    guess = np.full((classes, classes), 1 / classes, np.float32)
    expected = getattr(keras.losses, loss)(np.eye(classes, dtype=np.float32), guess)
    assert guessing_loss(loss, classes) == pytest.approx(float(np.mean(expected)), rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"test_loss": 5.0}, None),  # overfitted, but learned
        ({"train_loss": 3.0, "train_loss_eval": 0.1}, None),  # dropout of nearly all
        ({"train_loss": 0.1, "train_loss_eval": 9.0}, None),  # moving averages that lag behind
        (
            {"train_loss": 3.7e8, "train_loss_eval": 1e9},
            "train error 3.7e+08 above that of guessing, 2.303",
        ),
        (
            {"train_loss": float("inf"), "train_loss_eval": float("nan")},
            "train error inf above that of guessing, 2.303",
        ),
        (
            {"test_accuracy": 0.12},
            "accuracy 12.00% not above the largest class's share, 12.00%",
        ),
        ({"test_accuracy": 0.121}, None),
        (
            {"chosen_test_accuracy": 0.1},
            "accuracy 10.00% not above the largest class's share, 12.00%",
        ),
    ],
)
def test_why_a_run_did_not_learn(changes: dict[str, Any], reason: str | None) -> None:
    assert why_not_learned(metrics(**changes), [12, 8, *[10] * 8]) == reason


def test_only_the_runs_that_did_not_learn_are_found() -> None:
    runs = {
        RunKey("conv3-k3", 1): metrics("conv3-k3"),
        RunKey("conv3-k5", 1): metrics("conv3-k5", test_accuracy=0.1),
    }
    assert unlearned_runs(runs, [10] * 10) == {
        RunKey("conv3-k5", 1): "accuracy 10.00% not above the largest class's share, 10.00%"
    }
