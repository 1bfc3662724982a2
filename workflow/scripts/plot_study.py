"""Draw the whole study: accuracies, learning curves, gaps, time against accuracy, and ensembles."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from study.data.manifest import read_manifest
from study.figures.comparison import comparison_figure
from study.figures.ensembles import ensembles_figure
from study.figures.facets import facets
from study.figures.learning_curves import gap_figure, learning_curves_figure
from study.figures.points import comparison_points
from study.figures.style import save
from study.figures.time_accuracy import time_accuracy_figure
from study.logs import script_log
from study.runs.finished import read_finished
from study.runs.metrics import read_failures
from study.statistics.ensembles import EnsembleRow
from study.summary.overfitting import Thresholds
from study.summary.rows import summarize
from study.tables import read_records

if TYPE_CHECKING:
    snakemake: Any


def plot_study(
    files: Mapping[str, Any],
    output: Mapping[str, str],
    *,
    variants: Sequence[Mapping[str, Any]],
    runs: Sequence[Sequence[Any]],
    failed: Sequence[str],
    verdict: Thresholds,
    data: str,
    dpi: int,
) -> None:
    """Draw the study's five figures.

    Args:
        files: paths of manifest and ensembles, and metrics, histories and evaluations of the
            finished runs, in one order.
        output: paths of comparison, learning_curves, gap, time_accuracy and ensembles.
        variants, runs, verdict: as `summarize` takes them.
        failed: the records of failed runs.
        data: the data set's name in the titles.

    Raises:
        StudyError: a file is damaged, or the figures of a run do not agree.
    """
    finished = read_finished(files["metrics"], files["histories"], files["evaluations"])
    metrics = finished.metrics
    test_images = read_manifest(files["manifest"]).test_images
    rows = summarize(variants, runs, metrics, read_failures(failed), verdict, test_images)
    points = comparison_points(rows, list(metrics.values()))
    curves = facets(rows, finished.histories)
    title = f"Test accuracy and overfitting on {data}"
    figures = {
        "comparison": comparison_figure(points, verdict, title),
        "learning_curves": learning_curves_figure(curves, f"Learning curves on {data}"),
        "gap": gap_figure(curves, f"Gap between validation and train error on {data}"),
        "time_accuracy": time_accuracy_figure(rows, f"Time and test accuracy on {data}"),
        "ensembles": ensembles_figure(
            read_records(files["ensembles"], EnsembleRow),
            {row.id: row.label for row in rows},
            f"Ensembles over seeds on {data}",
        ),
    }
    for name, figure in figures.items():
        save(figure, output[name], dpi)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        params = snakemake.params
        plot_study(
            dict(snakemake.input.items()),
            dict(snakemake.output.items()),
            variants=params.variants,
            runs=params.runs,
            failed=params.failed,
            verdict=params.verdict,
            data=params.data,
            dpi=params.dpi,
        )
