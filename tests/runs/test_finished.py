"""The files of finished runs: each figure is checked, and those of a run must agree."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from study.errors import StudyError
from study.files import write_json
from study.runs.evaluation import read_evaluations, write_evaluation
from study.runs.finished import check_accuracy, read_finished
from study.runs.history import read_history, write_history
from study.runs.metrics import RunKey, read_metrics
from synthetic import evaluation, metrics, predictions, write_metrics, write_predictions

Files = tuple[Path, Path, Path]
EPOCHS = 3


def rows(**last: float) -> list[dict[str, float]]:
    """A history of three epochs; `last` replaces figures of the third."""
    epochs: list[dict[str, float]] = [
        {
            **{"epoch": epoch, "loss": 1 / epoch, "accuracy": 0.5, "loss_eval": 0.1},
            **{"accuracy_eval": 0.9, "val_loss": 0.5, "val_accuracy": 0.6 + 0.1 * epoch},
            "val_metric": 0.6 + 0.1 * epoch,
            **{"seconds": 2.0, "train_seconds": 1.0, "load": 0.5, "learning_rate": 0.001},
        }
        for epoch in range(1, EPOCHS + 1)
    ]
    return [*epochs[:-1], epochs[-1] | last]


def write_run(folder: Path, **changes: Any) -> Files:
    """The files of a sound run with an accuracy of 0.9; `changes` are of its metrics."""
    history = rows()
    figures: dict[str, Any] = {
        **{"epochs": EPOCHS, "settings__epochs": EPOCHS, "train_loss": history[-1]["loss"]},
        **{"test_loss": 0.5, "test_accuracy": 0.9, "best_epoch": 3, "seconds_per_epoch": 2.0},
    }
    content = metrics(**figures)
    path = write_metrics(folder, content | changes)
    write_history(path.with_name("history.csv"), history)
    write_predictions(path.with_name("predictions.npz"), predictions([3], images=10))
    write_json(path.with_name("evaluation.json"), evaluation())
    return path, path.with_name("history.csv"), path.with_name("predictions.npz")


def message_of(files: Files) -> str:
    """The one line that refuses the run."""
    path, history, predicted = files
    with pytest.raises(StudyError) as caught:
        read_finished([str(path)], [str(history)], [str(path.with_name("evaluation.json"))])
        for run in read_metrics([path]).values():
            check_accuracy(path, run, predicted)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("run again")
    return str(caught.value)


def test_a_sound_run_is_read(tmp_path: Path) -> None:
    path, history, _ = write_run(tmp_path)
    evaluation = path.with_name("evaluation.json")
    found = read_finished([str(path)], [str(history)], [str(evaluation)])
    assert [*found.metrics] == [*found.histories] == [*found.evaluations] == [RunKey("conv3-k3", 1)]
    assert len(found.histories[RunKey("conv3-k3", 1)]) == EPOCHS
    assert found.evaluations[RunKey("conv3-k3", 1)]["correct"] == 9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_accuracy": 1.5}, "test_accuracy: 1.5 is not a number from 0 to 1"),
        ({"test_accuracy": "high"}, 'test_accuracy: "high" is not a number from 0 to 1'),
        ({"test_accuracy": None}, "test_accuracy: null is not a number from 0 to 1"),
        ({"test_accuracy": True}, "test_accuracy: true is not a number from 0 to 1"),
        ({"test_accuracy": float("nan")}, "test_accuracy: NaN is not a number from 0 to 1"),
        ({"train_loss": -0.1}, "train_loss: -0.1 is not a number of at least 0"),
        ({"epochs": 2.5}, "epochs: 2.5 is not a whole number of at least 1"),
        ({"parameters": [1]}, "parameters: [1] is not a whole number of at least 0"),
        ({"seed": "1"}, 'seed: "1" is not a whole number of at least 0'),
        ({"settings": None}, "settings.batch_size, settings.early_stopping, settings.epochs, "),
        ({"settings": {}}, "settings.batch_size, settings.early_stopping, settings.epochs, "),
        ({"versions": "2.21"}, "versions.keras, versions.numpy, "),
        ({"onednn": "on"}, 'onednn: "on" is not true or false'),
        ({"best_epoch": 4}, "best_epoch: 4 of 3 epochs"),
        ({"epochs": 2, "best_epoch": 1}, "epochs: 2, but settings.epochs is 3"),
        ({"validation": "holdout"}, "validation: 'holdout', but settings.validation is 'test'"),
        ({"chosen_epoch": 2}, "chosen_epoch, chosen_test_accuracy, chosen_test_loss: only some"),
    ],
)
def test_an_impossible_figure_is_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    files = write_run(tmp_path, **changes)
    text = message_of(files)
    assert text.startswith(f"{files[0]}: ")
    assert message in text


def test_a_run_that_stopped_early_has_fewer_epochs_than_its_settings(tmp_path: Path) -> None:
    files = write_run(tmp_path)
    content = json.loads(files[0].read_text())
    for patience, epochs in ((1, 4), (None, 3)):
        content["settings"]["early_stopping"] = patience and {"patience": patience}
        content["settings"]["epochs"] = epochs
        files[0].write_text(json.dumps(content))
        read_metrics(files[:1])
    content["settings"]["epochs"] = 4
    files[0].write_text(json.dumps(content))
    assert "epochs: 3, but settings.epochs is 4" in message_of(files)


def test_metrics_in_the_folder_of_another_run_are_refused(tmp_path: Path) -> None:
    path, *_ = write_run(tmp_path)
    for place in ("conv3-k5/seed-1", "conv3-k3/seed-2"):
        copy = tmp_path / "runs" / place / "metrics.json"
        copy.parent.mkdir(parents=True)
        copy.write_bytes(path.read_bytes())
        with pytest.raises(StudyError, match="but it is in the folder of"):
            read_metrics([path, copy])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_accuracy": 0.8}, "test_accuracy: 0.8, but by {history} it is 0.9"),
        ({"test_loss": 0.4}, "test_loss: 0.4, but by {history} it is 0.5"),
        ({"train_loss": 0.4}, "train_loss: 0.4, but by {history} it is 0.3333333333"),
        ({"best_epoch": 1}, "best_epoch: 1, but by {history} it is 3"),
        ({"seconds_per_epoch": 1.0}, "seconds_per_epoch: 1, but by {history} it is 2"),
    ],
)
def test_a_figure_that_the_history_contradicts_is_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    files = write_run(tmp_path, **changes)
    assert f"{files[0]}: {message.format(history=files[1])}" in message_of(files)


def test_predictions_of_another_accuracy_are_named(tmp_path: Path) -> None:
    files = write_run(tmp_path)
    write_predictions(files[2], predictions([3, 4], images=10))
    expected = f"{files[0]}: test_accuracy: 0.9, but by {files[2]} it is 0.8"
    assert expected in message_of(files)


def test_both_accuracies_of_a_run_that_chose_its_epoch_are_checked(tmp_path: Path) -> None:
    chosen = {"chosen_epoch": 3, "chosen_test_accuracy": 0.9, "chosen_test_loss": 0.2}
    path, history, file = write_run(tmp_path, test_accuracy=0.7, **chosen)
    content = json.loads(path.read_text())
    content["settings"]["validation"] = content["validation"] = "holdout"
    path.write_text(json.dumps(content))
    write_json(path.with_name("evaluation.json"), evaluation(epoch=3))
    last = predictions([1, 2], images=10)
    write_predictions(
        file,
        predictions([3], images=10),
        last_probabilities=np.eye(10, dtype=np.float32)[last.classes],
    )
    message = message_of((path, history, file))
    assert f"{path}: test_accuracy: 0.7, but by {file} it is 0.8" in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"correct": 8, "accuracy": 0.8}, "accuracy: 0.8, but by {metrics} it is 0.9"),
        ({"accuracy": 0.8}, "accuracy: 0.8 is not correct / n"),
        ({"epoch": 2}, "epoch: 2, but by {metrics} it is last"),
        ({"epoch": None}, 'epoch: null is not a whole number or "last"'),
        ({"brier": 2.5}, "brier: 2.5 is not a number from 0 to 2"),
        ({"nll": float("nan")}, "nll: NaN is not a number of at least 0"),
        ({"nll": None}, "nll: null is not a number of at least 0"),
        ({"n": 10.5}, "n: 10.5 is not a whole number of at least 1"),
    ],
)
def test_an_evaluation_that_is_wrong_or_of_another_network_is_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    files = write_run(tmp_path)
    file = files[0].with_name("evaluation.json")
    write_json(file, evaluation(**changes))
    assert f"{file}: {message.format(metrics=files[0])}" in message_of(files)


def test_an_evaluation_without_a_measure_is_refused_and_one_without_an_auc_is_not(
    tmp_path: Path,
) -> None:
    file = tmp_path / "evaluation.json"
    write_evaluation(file, evaluation(auc=None))
    assert read_evaluations([file])[0]["auc"] is None
    write_json(file, {name: value for name, value in evaluation().items() if name != "nll"})
    with pytest.raises(StudyError, match="not the evaluation of a run, nll missing; delete it"):
        read_evaluations([file])
    with pytest.raises(ValueError, match="nll: NaN is not"):
        write_evaluation(file, evaluation(nll=float("nan")))


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ([0, 1], "has 2 epochs, but {metrics} says epochs: 3"),
        ([2], "epoch: 3 in row 1, where epoch 1 is missing"),
        ([0, 2], "epoch: 3 in row 2, where epoch 2 is missing"),
        ([0, 2, 1], "epoch: 3 in row 2, where epoch 2 is missing"),
        ([0, 1, 2, 2], "epoch: 3 in row 4, where epoch 4 is missing"),
    ],
)
def test_epochs_that_are_missing_are_named(tmp_path: Path, kept: list[int], message: str) -> None:
    files = write_run(tmp_path)
    history = rows()
    write_history(files[1], [history[place] for place in kept])
    assert f"{files[1]}: {message.format(metrics=files[0])}" in message_of(files)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"val_accuracy": 1.5}, "val_accuracy: 1.5 in row 3 is not a number from 0 to 1"),
        ({"accuracy": -0.5}, "accuracy: -0.5 in row 3 is not a number from 0 to 1"),
        ({"loss": -2.0}, "loss: -2 in row 3 is not a number of at least 0"),
    ],
)
def test_a_figure_out_of_range_in_a_history_is_named(
    tmp_path: Path, change: dict[str, float], message: str
) -> None:
    path = tmp_path / "history.csv"
    write_history(path, rows(**change))
    with pytest.raises(StudyError) as caught:
        read_history(path)
    assert str(caught.value) == f"{path}: {message}; delete it and run again"
