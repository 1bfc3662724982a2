"""Evaluate a run: its scores on the test images, and figures of what it learned and got wrong."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from study.data.prepared import load_prepared
from study.errors import StudyError
from study.figures.history import history_figure, loss_name
from study.figures.kernels import kernels_figure
from study.figures.mistakes import COLUMNS, ROWS, confusion_figure, mistakes_figure
from study.figures.style import save
from study.logs import script_log
from study.runs.evaluation import write_evaluation
from study.runs.finished import check_accuracy, check_history
from study.runs.history import read_history
from study.runs.metrics import read_metrics
from study.runs.predictions import read_probabilities
from study.runs.weights import read_kernels
from study.statistics.scores import ClassScore, class_scores, confusion, evaluate, worst_mistakes
from study.tables import write_records

if TYPE_CHECKING:
    snakemake: Any


def evaluate_run(
    files: Mapping[str, str],
    output: Mapping[str, str],
    title: str,
    loss: str,
    validation: str,
    dpi: int,
) -> None:
    """Write the scores and the figures of the run in `files` to `output`.

    Both have the names of the rule; `loss` is Keras's name, `validation` that of the setting.

    Raises:
        StudyError: a file is damaged, or the predictions are not of these test images.
    """
    predictions = read_probabilities(files["predictions"])
    if not predictions.are_finite:
        raise StudyError(f"{files['predictions']}: probabilities are not all finite")
    data, _ = load_prepared(files["data"], files["manifest"])
    if predictions.labels.tolist() != data["y_test"].tolist():
        raise StudyError(
            f"{files['predictions']}: its labels are not those of {files['data']}; "
            "delete it and run again"
        )
    (metrics,) = read_metrics([files["metrics"]]).values()
    history = read_history(files["history"])
    check_history(files["metrics"], metrics, files["history"], history)
    check_accuracy(files["metrics"], metrics, files["predictions"])
    epoch = metrics.get("chosen_epoch")
    curve = partial(history_figure, history, title=title, validation=validation, chosen_epoch=epoch)
    worst = worst_mistakes(predictions, ROWS * COLUMNS)
    figures = {
        "loss": curve("loss", loss_name(loss)),
        "accuracy": curve("accuracy", "Accuracy"),
        "kernels": kernels_figure(read_kernels(files["weights"]), title),
        "confusion": confusion_figure(confusion(predictions), title),
        "mistakes": mistakes_figure(worst, data["x_test"], title),
    }
    write_evaluation(output["evaluation"], evaluate(predictions, epoch))
    write_records(output["classes"], ClassScore, class_scores(predictions))
    for name, figure in figures.items():
        save(figure, output[name], dpi)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        params = snakemake.params
        evaluate_run(
            dict(snakemake.input.items()),
            dict(snakemake.output.items()),
            title=params.title,
            loss=params.loss,
            validation=params.validation,
            dpi=params.dpi,
        )
