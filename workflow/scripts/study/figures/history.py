"""A run's history, drawn: loss or accuracy by epoch, on training and on validation images."""

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from study.runs.history import History

TRAIN_COLOUR, VALIDATION_COLOUR = "#c44e52", "#4c72b0"


VALIDATION_NAMES = {"test": "Validation (test set)", "holdout": "Validation (held-out part)"}


def loss_name(loss: str) -> str:
    """A Keras loss in words: categorical_crossentropy -> Categorical cross-entropy loss."""
    words = loss.replace("crossentropy", "cross-entropy").replace("_", " ").strip()
    words = words[:1].upper() + words[1:]
    return words if words.lower().endswith("loss") else f"{words} loss"


def history_figure(
    history: History,
    quantity: str,
    ylabel: str,
    title: str,
    validation: str,
    chosen_epoch: int | None = None,
) -> Figure:
    """`quantity` ("loss" or "accuracy") by epoch, on the training and on the validation images.

    `validation` ("test" or "holdout") says in the legend what the second curve was measured on;
    `chosen_epoch` is marked, if there is one.
    """
    epochs = history["epoch"].to_list()
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
    if chosen_epoch is not None:
        axes.axvline(
            chosen_epoch, color="0.35", linestyle="--", label=f"Chosen epoch: {chosen_epoch}"
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
