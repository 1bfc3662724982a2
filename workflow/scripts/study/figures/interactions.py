"""Interaction plots of a factorial design."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from study.figures.style import fit, say, set_title, style
from study.runs.measures import Measure
from study.words import count_of

PANEL = 2.7  # inches

MEAN = "mean"


def interactions_figure(
    factors: Mapping[str, Sequence[str]],
    points: NDArray[np.float64],
    title: str,
    measure: Measure,
) -> Figure:
    """Mean of the measure by level: on the diagonal of each factor, above it of each two of them.

    `points` are its values [seeds, variants], accuracies in percent; the variants are every
    combination of levels, the last factor varying fastest.
    """
    varied = [factor for factor, levels in factors.items() if len(levels) > 1]
    size = max(1, len(varied))
    figure = Figure(figsize=(PANEL * size + 1.5, PANEL * size + 0.6), layout="constrained")
    seeds = [f"{count_of(len(points), 'seed')}, thin lines"] if len(points) else []
    set_title(figure, f"{title} by factor", *seeds)
    if not len(points) or not varied:
        missing = "no factor has two levels" if len(points) else "no seed is finished"
        say(figure.add_subplot(), missing)
        return figure
    frame = values_frame(factors, points)
    panels = figure.subplots(size, size, sharey=True, squeeze=False)
    for (row, lines), (column, along) in itertools.product(enumerate(varied), enumerate(varied)):
        axes = panels[row, column]
        if column < row:
            axes.set_axis_off()
            continue
        _draw(axes, frame, factors, along, lines)
        if row == column:
            axes.set_ylabel(measure.axis)
            axes.tick_params(labelleft=True)
    return figure


def values_frame(factors: Mapping[str, Sequence[str]], points: NDArray[np.float64]) -> pd.DataFrame:
    """One row for each seed and network: its level of every factor, `seed` and `value`."""
    levels = pd.DataFrame(itertools.product(*factors.values()), columns=list(factors))
    frame = pd.concat([levels] * len(points), ignore_index=True)
    return frame.assign(seed=np.repeat(range(len(points)), len(levels)), value=points.ravel())


def _draw(
    axes: Axes,
    frame: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    along: str,
    lines: str,
) -> None:
    """Mean value by the levels of `along`, a line for each level of `lines`."""
    levels = factors[along]
    if lines == along:
        _draw_line(axes, frame, along, levels, ("0.2", "o"), MEAN)
    else:
        for place, level in enumerate(factors[lines]):
            _draw_line(axes, frame[frame[lines] == level], along, levels, style(place), level)
        axes.legend(
            title=fit(_words(lines), 1.6, "x-small"), fontsize="x-small", title_fontsize="x-small"
        )
    room = max(0.5, PANEL / len(levels))
    axes.set_xticks(range(len(levels)), [fit(level, room, lines=2) for level in levels])
    axes.margins(x=0.2)
    axes.grid(axis="y", alpha=0.4)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(fit(_words(along), PANEL))


def _draw_line(
    axes: Axes,
    frame: pd.DataFrame,
    along: str,
    levels: Sequence[str],
    look: tuple[str, str],
    label: str,
) -> None:
    """The mean value over seeds by level, and a thin line for each of several seeds."""
    colour, marker = look
    seeds = frame.pivot_table("value", "seed", along, sort=False)[list(levels)]
    places = range(len(levels))
    if len(seeds) > 1:
        axes.plot(places, seeds.to_numpy().T, color=colour, linewidth=0.6, alpha=0.5)
    label = fit(label, 1.6, "x-small")
    axes.plot(places, seeds.mean().to_numpy(), f"{marker}-", color=colour, label=label)


def _words(factor: str) -> str:
    return factor.replace("_", " ")
