"""One network's mistakes, drawn: the confusion matrix, and the most confident ones."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from study.statistics.scores import Mistake

COLUMNS, ROWS = 6, 4  # of the gallery


READABLE = 30  # classes, beyond which numbers in the cells do not fit


def confusion_figure(matrix: NDArray[np.integer], title: str) -> Figure:
    """Counts by true and predicted class; the colour shows mistakes alone.

    On one scale with the right answers, a few mistakes among a thousand would be invisible.
    """
    classes = len(matrix)
    side = min(12.0, max(4.2, 0.48 * classes + 1.2))
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    axes = figure.add_subplot()
    mistakes = np.where(np.eye(classes, dtype=bool), 0, matrix)
    most = max(1, int(mistakes.max()))
    shown = np.ma.masked_where(np.eye(classes, dtype=bool), mistakes)
    # the square root keeps single mistakes visible beside a frequent one
    image = axes.imshow(shown, cmap="Reds", norm=PowerNorm(0.5, 0, most))
    axes.set_facecolor("0.93")
    if classes <= READABLE:
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                axes.text(
                    column,
                    row,
                    f"{count}",
                    ha="center",
                    va="center",
                    fontsize=8 if classes <= 12 else 6,
                    color="white" if row != column and count > 0.3 * most > 0.6 else "0.2",
                )
    ticks = range(0, classes, math.ceil(classes / READABLE))
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.tick_params(length=0)
    axes.set_xlabel("Predicted class")
    axes.set_ylabel("True class")
    right, images = int(np.trace(matrix)), int(matrix.sum())
    axes.set_title(
        f"{title}\n{images - right:,} of {images:,} test images wrong", fontsize="medium"
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.set_label("Wrong predictions")
    bar.set_ticks(sorted({0, 1, *(round(most * share) for share in (0.25, 0.5, 1))}))
    bar.outline.set_visible(False)
    return figure


def mistakes_figure(mistakes: Sequence[Mistake], images: NDArray[np.uint8], title: str) -> Figure:
    """A gallery of `mistakes` among the test `images` [n, h, w] or [n, h, w, c], worst first."""
    rows = max(1, math.ceil(len(mistakes) / COLUMNS))
    figure = Figure(figsize=(1.5 * COLUMNS, 1.85 * rows + 0.7), layout="constrained")
    if not mistakes:
        figure.suptitle(title)
        figure.text(0.5, 0.4, "No test image is wrong.", ha="center", fontsize="x-large")
        return figure
    figure.suptitle(f"{title}\nWrong and most confident; p: probability of the predicted class")
    for place, mistake in enumerate(mistakes, start=1):
        axes = figure.add_subplot(rows, COLUMNS, place)
        # one channel is a grey image; black on white, as on paper
        picture = images[mistake.position].squeeze()
        axes.imshow(picture, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(
            f"true {mistake.label}, predicted {mistake.predicted}\np = {mistake.confidence:.3f}",
            fontsize="x-small",
        )
        axes.set_xlabel(f"image {mistake.position}", fontsize="xx-small", color="0.4", labelpad=2)
        axes.set_xticks([])
        axes.set_yticks([])
    return figure
