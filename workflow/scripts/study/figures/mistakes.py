"""One network's mistakes, drawn: the confusion matrix, and the most confident ones."""

import math
from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from study.figures.style import fit, set_title
from study.statistics.scores import Mistake

COLUMNS, ROWS = 6, 4  # of the gallery

READABLE = 30  # classes, beyond which numbers in the cells do not fit

MOST_CHANNELS = 16  # of an image, drawn as tiles


def confusion_figure(matrix: NDArray[np.integer], title: str) -> Figure:
    """Counts by true and predicted class; the colour shows mistakes alone.

    On one scale with the right answers, a few mistakes among a thousand would be invisible.
    """
    classes = len(matrix)
    side = min(12.0, max(4.2, 0.48 * classes + 1.2))
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    axes = figure.add_subplot()
    diagonal = np.eye(classes, dtype=bool)
    most = max(1, int(matrix[~diagonal].max(initial=0)))
    cells = {
        "annot": np.where(matrix > 0, matrix.astype(str), "") if classes <= READABLE else False,
        "fmt": "",
        "annot_kws": {"fontsize": 8 if classes <= 12 else 6},
        "xticklabels": math.ceil(classes / READABLE),
        "yticklabels": math.ceil(classes / READABLE),
        "square": True,
        "ax": axes,
    }
    sns.heatmap(
        matrix,
        mask=diagonal,
        cmap="Reds",
        # the square root keeps single mistakes visible beside a frequent one
        norm=PowerNorm(0.5, 0, most),
        cbar_kws={
            "shrink": 0.8,
            "pad": 0.02,
            "label": "Wrong predictions",
            "ticks": sorted({0, 1, *(round(most * share) for share in (0.25, 0.5, 1))}),
        },
        **cells,
    )
    sns.heatmap(matrix, mask=~diagonal, cmap=ListedColormap(["0.93"]), cbar=False, **cells)
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.tick_params(length=0, labelrotation=0)
    axes.set_xlabel("Predicted class")
    axes.set_ylabel("True class")
    right, images = int(np.trace(matrix)), int(matrix.sum())
    axes.set_title(
        f"{fit(title, side, lines=2)}\n{images - right:,} of {images:,} test images wrong",
        fontsize="medium",
    )
    return figure


def mistakes_figure(mistakes: Sequence[Mistake], images: NDArray[np.uint8], title: str) -> Figure:
    """A gallery of `mistakes` among the test `images` [n, h, w] or [n, h, w, c], worst first."""
    rows = max(1, math.ceil(len(mistakes) / COLUMNS))
    figure = Figure(figsize=(1.5 * COLUMNS, 1.85 * rows + 0.9), layout="constrained")
    if not mistakes:
        set_title(figure, title)
        figure.text(0.5, 0.4, "No test image is wrong.", ha="center", fontsize="x-large")
        return figure
    channels = images.shape[3] if images.ndim == 4 else 1
    notes = ["Wrong and most confident; p: probability of the predicted class"]
    if channels not in (1, 3):
        which = "The" if channels <= MOST_CHANNELS else f"The first {MOST_CHANNELS} of the"
        notes.append(f"{which} {channels} channels of each image one by one")
    set_title(figure, title, *notes)
    for place, mistake in enumerate(mistakes, start=1):
        axes = figure.add_subplot(rows, COLUMNS, place)
        axes.imshow(
            picture(images[mistake.position]),
            cmap="gray_r",  # black on white, as on paper
            vmin=0,
            vmax=255,
            interpolation="nearest",
        )
        axes.set_title(
            f"true {mistake.label}, predicted {mistake.predicted}\np = {mistake.confidence:.3f}",
            fontsize="x-small",
        )
        axes.set_xlabel(f"image {mistake.position}", fontsize="xx-small", color="0.4", labelpad=2)
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def picture(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is drawn of an image [h, w] or [h, w, c]: in grey, in colour, or its channels as tiles.

    Three channels are red, green and blue. Any other number is laid out in rows of tiles with grey
    lines between them.
    """
    if image.ndim == 2 or image.shape[2] == 3:
        return image
    tiles = np.moveaxis(image, 2, 0)[:MOST_CHANNELS]
    if len(tiles) == 1:
        return tiles[0]
    columns = math.ceil(len(tiles) ** 0.5)
    rows = math.ceil(len(tiles) / columns)
    height, width = image.shape[:2]
    line = max(1, max(height, width) // 14)
    board = np.full((rows * (height + line) - line, columns * (width + line) - line), 128, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (place // columns) * (height + line), (place % columns) * (width + line)
        board[top : top + height, left : left + width] = tile
    return board
