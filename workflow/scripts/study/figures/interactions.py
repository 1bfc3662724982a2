"""Interaction plots of a factorial design."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from study.figures.style import say

PANEL = 2.7  # inches


PALETTE = ("#4c72b0", "#c44e52", "#3f8f5b", "#8172b3", "#937860", "#b0578f", "#5f5f5f")


def interactions_figure(
    factors: Mapping[str, Sequence[str]], points: NDArray[np.float64], title: str
) -> Figure:
    """Mean accuracy by level: on the diagonal of each factor, above it of each two of them.

    `points` are accuracies [seeds, variants] in percent; the variants are every combination of
    levels, the last factor varying fastest.
    """
    cells = points.reshape(len(points), *(len(levels) for levels in factors.values()))
    varied = [axis for axis, levels in enumerate(factors.values(), start=1) if len(levels) > 1]
    size = max(1, len(varied))
    figure = Figure(figsize=(PANEL * size + 1.5, PANEL * size + 0.6), layout="constrained")
    seeds = f"n = {len(points)} seed{'s' * (len(points) != 1)}, thin lines" if len(points) else ""
    figure.suptitle(f"{title} by factor" + (f" ({seeds})" if seeds else ""))
    if not len(points) or not varied:
        missing = "no factor has two levels" if len(points) else "no seed is finished"
        say(figure.add_subplot(), missing)
        return figure
    panels = figure.subplots(size, size, sharey=True, squeeze=False)
    names = {axis: name.replace("_", " ") for axis, name in enumerate(factors, start=1)}
    levels = dict(enumerate(factors.values(), start=1))
    for (row, lines), (column, along) in itertools.product(enumerate(varied), enumerate(varied)):
        panel = panels[row, column]
        if column < row:
            panel.set_axis_off()
            continue
        kept = tuple(dict.fromkeys((0, along, lines)))
        others = tuple(axis for axis in range(cells.ndim) if axis not in kept)
        means = cells.mean(axis=others)
        if lines == along:
            _draw_line(panel, means, "0.2", "mean")
        else:
            means = means if lines > along else means.swapaxes(1, 2)  # [seeds, along, lines]
            for place, level in enumerate(levels[lines]):
                _draw_line(panel, means[:, :, place], PALETTE[place % len(PALETTE)], level)
            panel.legend(title=names[lines], fontsize="x-small", title_fontsize="x-small")
        panel.set_xticks(range(len(levels[along])), levels[along])
        panel.margins(x=0.2)
        panel.grid(axis="y", alpha=0.4)
        panel.yaxis.set_major_locator(MaxNLocator(5))
        panel.set_xlabel(names[along])
        if row == column:
            panel.set_ylabel("Test accuracy (%)")
            panel.tick_params(labelleft=True)
    return figure


def _draw_line(axes: Axes, values: NDArray[np.float64], colour: str, label: str) -> None:
    """The mean over seeds of `values` [seeds, levels], and each seed."""
    places = range(values.shape[1])
    for seed in values if len(values) > 1 else []:
        axes.plot(places, seed, color=colour, linewidth=0.6, alpha=0.5)
    axes.plot(places, values.mean(axis=0), "o-", color=colour, label=label)
