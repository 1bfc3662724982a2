"""Draw a run's training: loss and accuracy by epoch, and its kernels before and after."""

from typing import TYPE_CHECKING, Any

from study.figures import save
from study.history import read_history
from study.history_plot import history_figure, loss_name
from study.kernels import kernels_figure, read_kernels
from study.logs import script_log
from study.metrics import read_metrics

if TYPE_CHECKING:
    snakemake: Any


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        files, output, params = snakemake.input, snakemake.output, snakemake.params
        (metrics,) = read_metrics([files.metrics]).values()
        history, kernels = read_history(files.history), read_kernels(files.weights)
        for quantity, ylabel in (("loss", loss_name(params.loss)), ("accuracy", "Accuracy")):
            figure = history_figure(
                history,
                quantity,
                ylabel,
                params.title,
                params.validation,
                metrics.get("chosen_epoch"),
            )
            save(figure, output[quantity], params.dpi)
        save(kernels_figure(kernels, params.title), output.kernels, params.dpi)
