"""Evaluate a run on the test images: scores, classes, and its mistakes in two figures."""

from typing import TYPE_CHECKING, Any

from study.data import load_prepared
from study.errors import StudyError
from study.evaluation import ClassScore, class_scores, confusion, evaluate, worst_mistakes
from study.evaluation_figures import COLUMNS, ROWS, confusion_figure, mistakes_figure
from study.figures import save
from study.files import write_json
from study.logs import script_log
from study.metrics import read_metrics
from study.predictions import read_probabilities
from study.records import write_records

if TYPE_CHECKING:
    snakemake: Any


def main() -> None:
    files, output, params = snakemake.input, snakemake.output, snakemake.params
    predictions = read_probabilities(files.predictions)
    if not predictions.are_finite:
        raise StudyError(f"{files.predictions}: probabilities that are not finite say nothing")
    (metrics,) = read_metrics([files.metrics]).values()
    data, _ = load_prepared(files.data, files.manifest)
    if predictions.labels.tolist() != data["y_test"].tolist():
        raise StudyError(
            f"{files.predictions}: its labels are not those of {files.data}; "
            "delete it and run again"
        )
    write_json(output.evaluation, evaluate(predictions, metrics.get("chosen_epoch")))
    write_records(output.classes, ClassScore, class_scores(predictions))
    save(confusion_figure(confusion(predictions), params.title), output.confusion, params.dpi)
    mistakes = worst_mistakes(predictions, ROWS * COLUMNS)
    save(mistakes_figure(mistakes, data["x_test"], params.title), output.mistakes, params.dpi)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
