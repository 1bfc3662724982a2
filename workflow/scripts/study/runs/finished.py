"""The files of finished runs, read together and compared with each other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.errors import StudyError
from study.runs.choice import ACCURACY, best_place
from study.runs.evaluation import Evaluation, read_evaluations
from study.runs.history import History, read_histories
from study.runs.metrics import Metrics, RunKey, read_metrics, reported_accuracy
from study.runs.predictions import LAST, REPORTED, read_predictions
from study.words import count_of


@dataclass(frozen=True)
class Finished:
    """What finished runs have left, by run, in one order."""

    metrics: Mapping[RunKey, Metrics]
    histories: Mapping[RunKey, History]
    evaluations: Mapping[RunKey, Evaluation]


def read_finished(
    metrics: Sequence[str], histories: Sequence[str], evaluations: Sequence[str]
) -> Finished:
    """The files of runs; all three kinds are in one order.

    Raises:
        StudyError: a file is damaged, or the figures of a run do not agree.
    """
    found = read_metrics(metrics)
    by_run = dict(zip(found, read_histories(histories), strict=True))
    evaluated = dict(zip(found, read_evaluations(evaluations), strict=True))
    for place, (key, run) in enumerate(found.items()):
        check_history(metrics[place], run, histories[place], by_run[key])
        check_evaluation(metrics[place], run, evaluations[place], evaluated[key])
    return Finished(found, by_run, evaluated)


def check_history(path: str | Path, run: Metrics, file: str | Path, history: History) -> None:
    """Check a run's metrics, read from `path`, against its history, read from `file`.

    Raises:
        StudyError: the one does not follow from the other.
    """
    if len(history) != run["epochs"]:
        raise StudyError(
            f"{file}: has {count_of(len(history), 'epoch')}, but {path} says epochs: "
            f"{run['epochs']}; delete it and run again"
        )
    last, metric = history.iloc[-1], run["settings"]["metric"] or ACCURACY
    expected = {
        "train_loss": last["loss"],
        "best_epoch": best_place(metric, history["val_metric"].tolist()) + 1,
        "seconds_per_epoch": history["seconds"].median(),
    }
    if run["validation"] == "test":
        expected |= {"test_loss": last["val_loss"], "test_accuracy": last["val_accuracy"]}
    for key, value in expected.items():
        if not _agree(run[key], value):
            raise StudyError(
                f"{path}: {key}: {run[key]:.10g}, but by {file} it is {value:.10g}; delete both "
                "and run again"
            )


def check_evaluation(
    path: str | Path, run: Metrics, file: str | Path, evaluation: Evaluation
) -> None:
    """Check a run's metrics, read from `path`, against its evaluation, read from `file`.

    Raises:
        StudyError: they are not of one network.
    """
    epoch = run.get("chosen_epoch") or "last"
    if evaluation["epoch"] != epoch:
        raise StudyError(
            f"{file}: epoch: {evaluation['epoch']}, but by {path} it is {epoch}; delete it and run "
            "again"
        )
    accuracy = reported_accuracy(run)
    if not _agree(evaluation["accuracy"], accuracy):
        raise StudyError(
            f"{file}: accuracy: {evaluation['accuracy']:.10g}, but by {path} it is "
            f"{accuracy:.10g}; delete it and run again"
        )


def check_accuracy(path: str | Path, run: Metrics, file: str | Path) -> None:
    """Check a run's accuracies, read from `path`, against the predictions in `file`.

    Raises:
        StudyError: the predictions are damaged or have another accuracy.
    """
    has_chosen = run.get("chosen_epoch") is not None
    names = {"chosen_test_accuracy" if has_chosen else "test_accuracy": REPORTED}
    if has_chosen:
        names["test_accuracy"] = LAST
    for key, name in names.items():
        predictions = read_predictions(file, name)
        if predictions is not None and not _agree(run[key], predictions.accuracy):
            raise StudyError(
                f"{path}: {key}: {run[key]:.10g}, but by {file} it is {predictions.accuracy:.10g}; "
                "delete both and run again"
            )


def _agree(stored: float, computed: float) -> bool:
    """Whether two figures are equal but for rounding, or both not numbers."""
    return math.isclose(stored, computed, rel_tol=1e-6) or (
        math.isnan(stored) and math.isnan(computed)
    )
