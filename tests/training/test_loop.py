"""What is recorded of each epoch, of the result, and when a training ends early."""

import os
import signal
from pathlib import Path

import pytest

from small_training import EPOCHS, make_training, random_images
from study.training.loop import Diverged, best_epoch, train
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
    assert evaluation is not None
    assert evaluation[0] == on_held_out
    assert all(0 < row["train_seconds"] < row["seconds"] for row in training.progress.rows)


def test_the_best_epoch_is_the_first_of_the_highest_validation_accuracy() -> None:
    assert best_epoch([{"val_accuracy": value} for value in (0.5, 0.9, 0.7, 0.9)]) == 2


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
