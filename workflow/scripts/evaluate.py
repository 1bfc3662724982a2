"""Evaluate a run: its scores on the test images, and figures of what it learned and got wrong."""

from functools import partial
from typing import TYPE_CHECKING, Any

from study.data.prepared import load_prepared
from study.errors import StudyError
from study.figures.history import history_figure, loss_name
from study.figures.kernels import kernels_figure
from study.figures.mistakes import COLUMNS, ROWS, confusion_figure, mistakes_figure
from study.figures.style import save
from study.files import write_json
from study.logs import script_log
from study.runs.history import read_history
from study.runs.metrics import read_metrics
from study.runs.predictions import read_probabilities
from study.runs.weights import read_kernels
from study.statistics.scores import ClassScore, class_scores, confusion, evaluate, worst_mistakes
from study.tables import write_records

if TYPE_CHECKING:
    snakemake: Any


def main() -> None:
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    predictions = read_probabilities(files.predictions)
    if not predictions.are_finite:
        raise StudyError(f"{files.predictions}: probabilities that are not finite say nothing")
    data, _ = load_prepared(files.data, files.manifest)
    if predictions.labels.tolist() != data["y_test"].tolist():
        raise StudyError(
            f"{files.predictions}: its labels are not those of {files.data}; "
            "delete it and run again"
        )
    (metrics,) = read_metrics([files.metrics]).values()
    chosen_epoch = metrics.get("chosen_epoch")
    curve = partial(
        history_figure,
        read_history(files.history),
        title=params.title,
        validation=params.validation,
        chosen_epoch=chosen_epoch,
    )
    mistakes = worst_mistakes(predictions, ROWS * COLUMNS)
    figures = {
        "loss": curve("loss", loss_name(params.loss)),
        "accuracy": curve("accuracy", "Accuracy"),
        "kernels": kernels_figure(read_kernels(files.weights), params.title),
        "confusion": confusion_figure(confusion(predictions), params.title),
        "mistakes": mistakes_figure(mistakes, data["x_test"], params.title),
    }

    write_json(output.evaluation, evaluate(predictions, chosen_epoch))
    write_records(output.classes, ClassScore, class_scores(predictions))
    for name, figure in figures.items():
        save(figure, output[name], params.dpi)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
