"""Draw a run's learning curves: loss and accuracy by epoch, train and validation."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from study.errors import StudyError
from study.files import atomic
from study.logs import script_log

if TYPE_CHECKING:
    snakemake: Any

COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")
TRAIN_COLOUR, VALIDATION_COLOUR = "#c44e52", "#4c72b0"
VALIDATION_NAMES = {"test": "Validation (test set)", "holdout": "Validation (held-out part)"}


def read_history(path: str | Path) -> dict[str, list[float]]:
    """The columns of a history.csv, one value per epoch.

    Raises:
        StudyError: no epoch, a missing column, or a value that is no number.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            raise StudyError(f"{path}: holds no epoch; delete it and run again")
        return {column: [float(row[column]) for row in rows] for column in COLUMNS}
    except (KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: damaged, needs numbers in {', '.join(COLUMNS)}") from error


def loss_name(loss: str) -> str:
    """A Keras loss in words: categorical_crossentropy -> Categorical cross-entropy loss."""
    words = loss.replace("crossentropy", "cross-entropy").replace("_", " ").strip()
    words = words[:1].upper() + words[1:]
    return words if words.lower().endswith("loss") else f"{words} loss"


def history_figure(
    history: dict[str, list[float]], quantity: str, ylabel: str, title: str, validation: str
) -> Figure:
    """`quantity` ("loss" or "accuracy") by epoch, on the training and on the validation images.

    `validation` ("test" or "holdout") says in the legend what the second curve was measured on.
    """
    epochs = history["epoch"]
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    # One epoch makes no line, and many make a row of markers unreadable.
    marker = "o" if len(epochs) <= 30 else ""
    axes.plot(
        epochs,
        history[f"val_{quantity}"],
        color=VALIDATION_COLOUR,
        marker=marker,
        markersize=4,
        label=VALIDATION_NAMES.get(validation, f"Validation ({validation})"),
    )
    axes.plot(
        epochs,
        history[quantity],
        color=TRAIN_COLOUR,
        marker=marker,
        markersize=4,
        label="Train",
    )
    axes.xaxis.set_major_locator(
        FixedLocator(epochs) if len(epochs) <= 20 else MaxNLocator(nbins=12, integer=True)
    )
    margin = max(0.5, 0.02 * (epochs[-1] - epochs[0]))
    axes.set_xlim(epochs[0] - margin, epochs[-1] + margin)
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.set_xlabel("Epoch")
    axes.set_ylabel(ylabel)
    axes.set_title(title, fontsize="medium")
    axes.grid(alpha=0.4)
    axes.set_axisbelow(True)
    axes.legend()
    return figure


def save(figure: Figure, path: str | Path, dpi: int) -> None:
    """Write `figure` to `path`, whole or not at all."""
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=dpi)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        params = snakemake.params
        history = read_history(snakemake.input.history)
        for quantity, ylabel in (("loss", loss_name(params.loss)), ("accuracy", "Accuracy")):
            figure = history_figure(history, quantity, ylabel, params.title, params.validation)
            save(figure, snakemake.output[quantity], params.dpi)
