"""Draw contrasts as a forest plot, and a factorial design as interaction plots."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from study.statistics.findings import BETTER, WORSE

ROW_HEIGHT = 0.55  # inches
PANEL = 2.7  # inches
COLOURS = {BETTER: "#3f8f5b", WORSE: "#c44e52"}
DECIDED, OPEN = "#4c72b0", "0.45"
PALETTE = ("#4c72b0", "#c44e52", "#3f8f5b", "#8172b3", "#937860", "#b0578f", "#5f5f5f")


@dataclass(frozen=True)
class ForestRow:
    """One contrast as it is drawn, in percentage points; None where there is no figure."""

    name: str
    detail: str
    points: tuple[float, ...]
    mean: float | None
    interval: tuple[float, float] | None
    verdict: str


def forest_figure(rows: Sequence[ForestRow], margin: float, title: str) -> Figure:
    """A row per contrast: the mean difference with its interval, every seed, and the verdict."""
    figure = Figure(figsize=(11, 1.9 + ROW_HEIGHT * max(1, len(rows))), layout="constrained")
    figure.suptitle(title)
    axes = figure.add_subplot()
    axes.set_yticks(range(len(rows)), [_row_label(row) for row in rows])
    axes.tick_params(axis="y", length=0, labelsize="small")
    axes.set_xlabel("Difference in test accuracy, variant minus baseline (percentage points)")
    if not rows:
        _say(axes, "no contrast in this study")
        return figure
    axes.axvspan(-margin, margin, color="0.92", zorder=0)
    axes.axvline(0, color="0.5", linewidth=1)
    for y, row in enumerate(rows):
        _draw_row(axes, y, row)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.margins(x=0.08)
    axes.grid(axis="x", alpha=0.4)
    axes.set_axisbelow(True)
    figure.legend(
        handles=[
            Line2D([], [], marker="o", color="0.3", label="mean, with its 95 % interval"),
            Line2D([], [], marker="|", color="0.3", linestyle="none", label="one seed"),
            Patch(color="0.92", label=f"no difference that matters (±{margin:g})"),
        ],
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize="small",
    )
    return figure


def _row_label(row: ForestRow) -> str:
    return f"{row.name}\n{fill(f'{row.detail}; n = {len(row.points)}', 70)}"


def _draw_row(axes: Axes, y: int, row: ForestRow) -> None:
    colour = COLOURS.get(row.verdict, DECIDED if row.verdict.startswith("no diff") else OPEN)
    axes.plot(row.points, [y] * len(row.points), "|", color=colour, alpha=0.6, markersize=9)
    if row.interval:
        axes.plot(row.interval, [y, y], color=colour, linewidth=2)
    if row.mean is not None:
        axes.plot(row.mean, y, "o", color=colour)
    axes.annotate(
        fill(row.verdict, 22),
        (1.01, y),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize="small",
        color=colour,
        annotation_clip=False,
    )


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
        _say(figure.add_subplot(), missing)
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


def _say(axes: Axes, text: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("")
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
