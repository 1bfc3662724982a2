"""Accuracy of ensembles over seeds by their size."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.figures.style import PALETTE, fit, say, scale_accuracy, set_title, style
from study.statistics.ensembles import LEAST_SEEDS

COLUMNS = 3

WIDTH, HEIGHT = 4.2, 3.6  # inches of one panel

MOST_CURVES = len(PALETTE)  # in one panel

APART = 0.05  # members between neighbouring curves, so that their bars can be told apart


def ensembles_figure(ensembles: pd.DataFrame, labels: Mapping[str, str], title: str) -> Figure:
    """Mean accuracy with its standard deviation over subsets of seeds, a curve for each network.

    `ensembles` is as in ensembles.csv; `labels` has the networks' by id, in the order to draw.
    """
    known = set(ensembles["variant"])
    drawn = [id_ for id_ in labels if id_ in known]
    parts = max(1, math.ceil(len(drawn) / MOST_CURVES))
    size = math.ceil(len(drawn) / parts)
    columns, rows = min(COLUMNS, parts), math.ceil(parts / COLUMNS)
    figure = Figure(figsize=(WIDTH * columns + 2, HEIGHT * rows + 1), layout="constrained")
    set_title(figure, title, "bars: one standard deviation over subsets of the same seeds")
    if not drawn:
        say(figure.add_subplot(), f"no network has {LEAST_SEEDS} finished seeds")
        return figure
    percents = (100 * ensembles["accuracy"]).tolist()
    for part in range(parts):
        axes = figure.add_subplot(rows, columns, part + 1)
        here = drawn[part * size : (part + 1) * size]
        scaled = scale_accuracy(axes, "y", percents)
        _draw(axes, ensembles, here, labels)
        axes.set_ylabel(f"Test accuracy (%){scaled}")
    return figure


def _draw(
    axes: Axes, ensembles: pd.DataFrame, ids: Sequence[str], labels: Mapping[str, str]
) -> None:
    """A curve for each of the networks; one member is the single network."""
    for place, id_ in enumerate(ids):
        found = ensembles[ensembles["variant"] == id_]
        colour, marker = style(place)
        axes.errorbar(
            found["members"] + APART * (place - (len(ids) - 1) / 2),
            100 * found["accuracy"],
            100 * found["sd"].astype(float).fillna(0),
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1.2,
            elinewidth=0.8,
            capsize=2,
            label=fit(f"{labels[id_]} ({id_})", 2.2, "x-small"),
        )
    axes.set_xlabel("Networks in the ensemble")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.4)
    axes.set_axisbelow(True)
    axes.legend(fontsize="x-small", frameon=False)
