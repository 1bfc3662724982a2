"""The figures of contrasts and interactions."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from study.figures.contrasts import ForestRow, forest_figure
from study.figures.interactions import interactions_figure
from study.figures.style import GREEN, VERMILLION, style
from study.runs.measures import MEASURES
from study.statistics.findings import BETTER, NO_PAIR, TOO_FEW, WORSE

ACCURACY = MEASURES["accuracy"]


def forest_row(verdict: str = "worse", **changes: Any) -> ForestRow:
    row: dict[str, Any] = {
        "name": "b vs a",
        "detail": "kernel",
        "points": (-0.5, -0.4),
        "mean": -0.45,
        "interval": (-1.0, 0.1),
    }
    return ForestRow(**row | changes, verdict=verdict)


def test_the_forest_plot_has_a_row_for_each_contrast() -> None:
    nothing = forest_row(NO_PAIR, points=(), mean=None, interval=None)
    figure = forest_figure(
        [forest_row(), nothing, forest_row(TOO_FEW, interval=None)], 0.2, "Title", ACCURACY
    )
    (axes,) = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["b vs a\nkernel; n = 2", "b vs a\nkernel; n = 0", "b vs a\nkernel; n = 2"]
    assert [text.get_text() for text in axes.texts] == [
        "worse",
        "no pair of finished\nruns",
        "too few seeds to tell",
    ]
    figure.draw_without_rendering()
    empty = forest_figure([], 0.2, "Title", ACCURACY)
    assert empty.axes[0].texts[0].get_text() == "no contrast in this study"


def test_the_forest_plot_shows_each_contrast_at_its_row() -> None:
    """From top to bottom, in its colour: seeds, interval, mean; behind them the margin."""
    better = forest_row(BETTER, points=(0.7, 0.8), mean=0.75, interval=(0.6, 0.9))
    (axes,) = forest_figure([forest_row(WORSE), better], 0.2, "Title", ACCURACY).axes
    assert axes.yaxis_inverted()
    zero, *drawn = axes.lines
    assert np.asarray(zero.get_xdata()).tolist() == [0, 0]
    assert [
        (line.get_color(), np.asarray(line.get_xdata()).tolist(), {*np.asarray(line.get_ydata())})
        for line in drawn
    ] == [
        *((VERMILLION, values, {0}) for values in ([-0.5, -0.4], [-1.0, 0.1], [-0.45])),
        *((GREEN, values, {1}) for values in ([0.7, 0.8], [0.6, 0.9], [0.75])),
    ]
    (margin,) = axes.patches
    assert margin.get_extents().transformed(axes.transData.inverted()).intervalx.tolist() == (
        pytest.approx([-0.2, 0.2])
    )


def heights(axes: Axes) -> dict[str, list[float]]:
    """The values of the thick lines, which stand for the means, by the names in the legend."""
    return {
        str(line.get_label()): np.asarray(line.get_ydata(), float).tolist()
        for line in axes.lines
        if not str(line.get_label()).startswith("_")
    }


def test_the_interaction_plot_shows_cell_means() -> None:
    factors = {"depth": ["3"], "kernel": ["3", "5"], "dropout": ["with", "without"]}
    table = np.array([[99.0, 98.0, 97.0, 92.0], [99.2, 98.2, 97.2, 92.2]])
    figure = interactions_figure(factors, table, "Title", ACCURACY)
    drawn = [axes for axes in figure.axes if axes.axison]
    assert len(drawn) == 3  # each factor with two levels, and the two together
    kernel, together, dropout = drawn
    assert heights(kernel)["mean"] == pytest.approx([98.6, 94.6])
    assert heights(dropout)["mean"] == pytest.approx([98.1, 95.1])
    assert heights(together)["3"] == pytest.approx([99.1, 98.1])
    assert heights(together)["5"] == pytest.approx([97.1, 92.1])
    lines = {str(line.get_label()): line for line in together.lines}
    looks = [(lines[level].get_color(), lines[level].get_marker()) for level in ("3", "5")]
    assert looks == [style(0), style(1)]
    none = interactions_figure(factors, table[:0], "Title", ACCURACY)
    assert none.axes[0].texts[0].get_text() == "no seed is finished"
