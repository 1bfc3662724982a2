"""Draw the whole study: accuracies, learning curves, gaps, and time against accuracy."""

from typing import TYPE_CHECKING, Any

from study.data.prepared import read_images
from study.figures.comparison import comparison_figure
from study.figures.learning_curves import facets, gap_figure, learning_curves_figure
from study.figures.points import comparison_points
from study.figures.style import save
from study.figures.time_accuracy import time_accuracy_figure
from study.logs import script_log
from study.runs.history import read_histories
from study.runs.metrics import read_failures, read_metrics
from study.summary.rows import summarize

if TYPE_CHECKING:
    snakemake: Any


def main() -> None:
    files, params, output = snakemake.input, snakemake.params, snakemake.output
    metrics = read_metrics(files.metrics)
    # read_metrics keeps the files' order, in which the histories stand too
    histories = dict(zip(metrics, read_histories(files.histories), strict=True))
    rows = summarize(
        params.variants,
        params.runs,
        metrics,
        read_failures(params.failed),
        params.verdict,
        test_images=read_images(files.manifest)[1],
    )
    points = comparison_points(rows, list(metrics.values()))
    curves = facets(rows, histories)
    data = params.data
    for name, figure in {
        "comparison": comparison_figure(
            points, params.verdict, f"Test accuracy and overfitting on {data}"
        ),
        "learning_curves": learning_curves_figure(curves, f"Learning curves on {data}"),
        "gap": gap_figure(curves, f"Gap between validation and train error on {data}"),
        "time_accuracy": time_accuracy_figure(rows, f"Time and test accuracy on {data}"),
    }.items():
        save(figure, output[name], params.dpi)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
