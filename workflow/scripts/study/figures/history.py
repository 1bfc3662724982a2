"""A run's history, drawn: loss or accuracy by epoch, on training and on validation images."""

import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from study.figures.style import BLUE, VERMILLION, fit
from study.runs.history import History

TRAIN = "Train"

VALIDATION_NAMES = {
    "test": "Validation (test set)",
    "holdout": "Validation (held-out part)",
    "given": "Validation (given part)",
}

WIDTH = 6.4  # inches

MARKED = 30  # epochs, beyond which a row of markers is unreadable


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

    `validation` ("test", "holdout" or "given") says in the legend what the second curve was
    measured on; `chosen_epoch` is marked, if there is one.
    """
    validated = VALIDATION_NAMES.get(validation, f"Validation ({validation})")
    columns = {f"val_{quantity}": validated, quantity: TRAIN}
    frame = history.rename(columns=columns)
    figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    axes = figure.add_subplot()
    sns.lineplot(
        frame.melt("epoch", list(columns.values()), "images", quantity),
        x="epoch",
        y=quantity,
        hue="images",
        style="images",
        palette={validated: BLUE, TRAIN: VERMILLION},
        dashes={validated: "", TRAIN: (4, 1.5)},
        markers={validated: "o", TRAIN: "s"} if len(frame) <= MARKED else False,
        markersize=5,
        estimator=None,
        errorbar=None,
        ax=axes,
    )
    if chosen_epoch is not None:
        axes.axvline(
            chosen_epoch, color="0.35", linestyle=":", label=f"Chosen epoch: {chosen_epoch}"
        )
    epochs = frame["epoch"]
    axes.xaxis.set_major_locator(
        FixedLocator(epochs.tolist()) if len(epochs) <= 20 else MaxNLocator(nbins=12, integer=True)
    )
    margin = max(0.5, 0.02 * (epochs.max() - epochs.min()))
    axes.set_xlim(epochs.min() - margin, epochs.max() + margin)
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.set_xlabel("Epoch")
    axes.set_ylabel(fit(ylabel, 3.6))
    axes.set_title(fit(title, WIDTH - 1, lines=2), fontsize="medium")
    axes.grid(alpha=0.4)
    axes.set_axisbelow(True)
    axes.legend()
    return figure
