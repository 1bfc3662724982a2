"""What is recorded of each epoch, of the result, and when a training ends early."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from small_training import EPOCHS, make_training, random_images
from study.errors import StudyError
from study.runs.choice import check_measurable
from study.training.loop import Diverged, best_epoch, train
from study.training.model import named_weights
from study.training.run import describe_result
from study.training.stop import StopRequest
from study.training.trainer import Score


def test_a_row_says_how_the_network_does_on_each_part_of_the_images(
    default_config, tmp_path: Path
) -> None:
    fitted, some, held_out = (random_images(seed) for seed in (5, 6, 7))
    training = make_training(default_config, fitted, tmp_path / "checkpoint.npz")
    evaluation = train(training, some, held_out, StopRequest())
    *_, last = training.progress.rows
    assert [row["epoch"] for row in training.progress.rows] == [*range(1, EPOCHS + 1)]
    on_some, _ = training.trainer.evaluate(*some)
    on_held_out, _ = training.trainer.evaluate(*held_out)
    assert (last["loss_eval"], last["accuracy_eval"]) == (on_some.loss, on_some.accuracy)
    assert (last["val_loss"], last["val_accuracy"]) == (on_held_out.loss, on_held_out.accuracy)
    assert last["val_metric"] == on_held_out.accuracy
    assert evaluation is not None
    assert evaluation[0] == on_held_out
    assert all(0 < row["train_seconds"] < row["seconds"] for row in training.progress.rows)


@pytest.mark.parametrize(
    ("metric", "best"),
    [(None, 2), ("accuracy", 2), ("balanced_accuracy", 2), ("auc", 2), ("nll", 3), ("brier", 3)],
)
def test_the_best_epoch_is_the_first_of_the_best_value(metric: str | None, best: int) -> None:
    rows = [{"val_metric": value} for value in (0.5, 0.9, 0.1, 0.9, 0.1)]
    assert best_epoch(rows, metric) == best


def test_the_epoch_is_chosen_by_the_measure_of_the_held_out_images(
    default_config, tmp_path: Path
) -> None:
    """Wrong labels, on which the likelihood falls with every epoch while the accuracy may not."""
    fitted = random_images()
    held_out = fitted[0][::2], np.roll(fitted[1], 4)[::2]
    changed = {"validation": "holdout", "metric": "nll", "epochs": 2, "learning_rate": 0.01}
    training = make_training(default_config, fitted, tmp_path / "checkpoint.npz", **changed)
    evaluation = train(training, fitted, held_out, StopRequest())
    assert evaluation is not None
    _, probabilities = evaluation
    rows = training.progress.rows
    of_true_class = probabilities[np.arange(len(held_out[1])), held_out[1]].astype(float)
    assert rows[1]["val_metric"] == pytest.approx(-np.log(of_true_class).mean(), rel=1e-6)
    assert rows[0]["val_metric"] < rows[1]["val_metric"]
    assert describe_result(training, *[Score(0, 1)] * 3)["chosen_epoch"] == 1
    chosen, last = training.chosen, named_weights(training.trainer.model)
    assert any((chosen[name] != last[name]).any() for name in last)


def test_validation_images_that_leave_the_measure_undefined_are_refused() -> None:
    labels = [0, 1, 1, 3]
    for metric in (None, "accuracy", "nll"):
        check_measurable(metric, labels, 5)
    with pytest.raises(StudyError, match=r"^comparison.metric: auc .* none of class 2, 4; use"):
        check_measurable("auc", labels, 5)


def test_a_last_step_that_breaks_the_network_is_noticed(default_config, tmp_path: Path) -> None:
    """The loss of a step is from before it, so here the validation is the first to see."""
    changed = {"optimizer": "sgd", "learning_rate": 1e38, "batch_size": 70}
    images = random_images()
    training = make_training(default_config, images, tmp_path / "checkpoint.npz", **changed)
    with pytest.raises(Diverged, match=r"^a run: loss is .* in epoch 1 .*; try a smaller") as error:
        train(training, images, images, StopRequest())
    assert (error.value.epoch, error.value.rows) == (1, [])


def test_the_result_says_what_each_figure_was_measured_on(default_config, tmp_path: Path) -> None:
    training = make_training(default_config, random_images(), tmp_path / "checkpoint.npz")
    accuracies, seconds = (0.5, 0.9, 0.7), (10.0, 30.0, 11.0)
    training.progress.rows = [
        {"epoch": n, "loss": 1 / n, "accuracy": n / 10, "val_loss": 2 / n, "val_accuracy": accuracy}
        | {"val_metric": accuracy}
        | {"seconds": second, "train_seconds": second - 2, "load": float(n)}
        for n, accuracy, second in zip((1, 2, 3), accuracies, seconds, strict=True)
    ]
    fitted, tested, chosen = Score(0.1, 0.98), Score(0.2, 0.96), Score(0.3, 0.97)
    found = describe_result(training, fitted, tested, chosen)
    expected = {
        **{"epochs": 3, "train_loss": 1 / 3, "train_accuracy": 0.3},
        **{"train_loss_eval": 0.1, "train_accuracy_eval": 0.98},
        **{"validation_loss": 2 / 3, "validation_accuracy": 0.7},
        **{"test_loss": 0.2, "test_accuracy": 0.96, "best_epoch": 2, "chosen_epoch": 2},
        **{"chosen_test_loss": 0.3, "chosen_test_accuracy": 0.97},
        **{"seconds_per_epoch": 11.0, "train_seconds_per_epoch": 9.0},
        "load": {"mean": 2.0, "cores": os.cpu_count()},
    }
    assert {name: found[name] for name in expected} == expected
    of_last = describe_result(training, fitted, tested, None)
    assert {of_last[f"chosen_{name}"] for name in ("epoch", "test_loss", "test_accuracy")} == {None}


def test_a_stop_is_asked_for_by_a_signal_or_by_the_death_of_snakemake(monkeypatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    stop = StopRequest()
    with stop.listening():
        assert not stop.came()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.came()
    assert stop.signal == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before
    monkeypatch.setattr("study.training.stop.PARENT", -1)
    orphan = StopRequest()
    assert orphan.came()
    assert orphan.signal == signal.SIGHUP
