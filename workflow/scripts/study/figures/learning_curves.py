"""All variants by epoch: learning curves, and the gap between validation and train error."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from study.figures.facets import Facet
from study.figures.style import (
    fit,
    label_log_axis,
    legend_columns,
    plain_number,
    scale_accuracy,
    set_title,
    style,
)

COLUMNS = 4

WIDTH, HEIGHT = 3.7, 2.8  # inches of one panel

LINE_HEIGHT = 0.17  # inches of one line of a legend below a panel

SHORT = 20  # letters of a label of which two fit beside each other

LINEAR_GAP = 0.01  # the gap's axis is linear up to here, and logarithmic beyond


def learning_curves_figure(found: Sequence[Facet], title: str) -> Figure:
    """Validation accuracy by epoch; below it validation (solid) and train error (dashed)."""
    figure, panels = _layout(found, 2, title)
    every = [percent for facet in found for percent in facet.epochs["percent"]]
    for facet, (upper, lower) in zip(found, panels, strict=True):
        _draw(upper, facet, "percent")
        _draw(lower, facet, "val_loss", positive=True)
        _draw(lower, facet, "loss", "--", positive=True)
        scaled = scale_accuracy(upper, "y", every)  # the same for all, to compare them
        lower.set_yscale("log")
        upper.set_ylabel("Validation accuracy (%)" + scaled.replace(", ", "\n"))
        lower.set_ylabel("Error (loss)")
    _share_scales(panels)
    lines = [
        Line2D([], [], color="0.3", label="validation"),
        Line2D([], [], color="0.3", linestyle="--", label="train, dropout on"),
    ]
    _legend(figure, found, panels, lines)
    return figure


def gap_figure(found: Sequence[Facet], title: str) -> Figure:
    """Validation error minus train error by epoch; above zero a network overfits."""
    figure, panels = _layout(found, 1, title)
    for facet, (axes,) in zip(found, panels, strict=True):
        axes.axhline(0, color="0.3", linewidth=1)
        _draw(axes, facet, "gap")
        axes.set_yscale("symlog", linthresh=LINEAR_GAP)
        axes.yaxis.set_major_formatter(FuncFormatter(plain_number))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel("Validation error − train error")
    _share_scales(panels)
    _legend(figure, found, panels, [])
    return figure


def _layout(
    found: Sequence[Facet], height: int, title: str
) -> tuple[Figure, list[tuple[Axes, ...]]]:
    """A figure, and the axes of every facet, `height` of them from top to bottom."""
    columns = max(1, min(COLUMNS, len(found)))
    rows = max(1, math.ceil(len(found) / columns))
    below = 0 if _share_labels(found) else LINE_HEIGHT * max(map(_legend_lines, found), default=0)
    size = (WIDTH * columns + 0.8, (HEIGHT * height + below) * rows + 1.1)
    figure = Figure(figsize=size, layout="constrained")
    set_title(figure, title)
    if not found:
        figure.text(0.5, 0.5, "no finished run", ha="center")
    panels = []
    for place, facet in enumerate(found):
        row, column = divmod(place, columns)
        axes = tuple(
            figure.add_subplot(rows * height, columns, (row * height + part) * columns + column + 1)
            for part in range(height)
        )
        axes[0].set_title(facet.title, fontsize="medium")
        axes[-1].set_xlabel("Epoch")
        for panel in axes:
            panel.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True, min_n_ticks=1))
            if facet.epochs["epoch"].nunique() == 1:
                panel.set_xlim(facet.epochs["epoch"].iloc[0] + np.array([-0.5, 0.5]))
            panel.grid(alpha=0.4)
            panel.set_axisbelow(True)
        panels.append(axes)
    return figure, panels


# Not seaborn's lineplot, which takes 0.35 s for a panel of 8 networks, 10 seeds and 100 epochs,
# and this 0.02 s.
def _draw(
    axes: Axes, facet: Facet, quantity: str, linestyle: str = "-", positive: bool = False
) -> None:
    """A line per curve: the mean over seeds, in a band from the lowest to the highest seed, up to
    the epoch that all of the network's seeds have reached.

    With `positive` a value that has no logarithm is left out.
    """
    frame = facet.epochs
    if positive:
        frame = frame[frame[quantity] > 0]
    by_epoch = frame.groupby(["variant", "epoch"])[quantity].agg(["mean", "min", "max", "count"])
    for place, variant in enumerate(facet.labels):
        if variant not in by_epoch.index:
            continue
        curve = by_epoch.loc[variant]
        curve = curve[curve["count"] == curve["count"].max()]
        colour, marker = style(place)
        every = max(1, len(curve) // 5)
        axes.plot(
            curve.index,
            curve["mean"],
            linestyle,
            color=colour,
            linewidth=1.4,
            marker=marker,
            markersize=4.5,
            # not all curves at the same epochs, where they would hide one another
            markevery=(place % every, every),
        )
        if (curve["max"] > curve["min"]).any():
            axes.fill_between(
                curve.index, curve["min"], curve["max"], color=colour, alpha=0.2, linewidth=0
            )


def _share_scales(panels: Sequence[tuple[Axes, ...]]) -> None:
    """Give the same rows of all facets the same limits, and names to the left ones alone."""
    for rows in zip(*panels, strict=True):
        low = min(axes.get_ylim()[0] for axes in rows)
        high = max(axes.get_ylim()[1] for axes in rows)
        for place, axes in enumerate(rows):
            axes.set_ylim(low, high)
            if axes.get_yscale() == "log":
                label_log_axis(axes.yaxis)
            axes.tick_params(labelsize="small")
            if place % COLUMNS:
                axes.set_ylabel("")


def _share_labels(found: Sequence[Facet]) -> bool:
    return len({tuple(facet.labels.values()) for facet in found}) <= 1


def _legend_ncols(facet: Facet) -> int:
    return 1 if max(map(len, facet.labels.values())) > SHORT else 2


def _legend_lines(facet: Facet) -> int:
    return math.ceil(len(facet.labels) / _legend_ncols(facet))


def _legend(
    figure: Figure,
    found: Sequence[Facet],
    panels: Sequence[tuple[Axes, ...]],
    lines: Sequence[Artist],
) -> None:
    """One legend for all facets if they hold the same labels, else one under each."""

    def handles(facet: Facet, inches: float, size: str) -> list[Line2D]:
        labels = [fit(label, inches, size) for label in facet.labels.values()]
        looks = map(style, range(len(labels)))
        return [
            Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=2, label=label)
            for (colour, marker), label in zip(looks, labels, strict=True)
        ]

    if any(facet.epochs.duplicated(["variant", "epoch"]).any() for facet in found):
        band = Patch(color="0.3", alpha=0.2, linewidth=0, label="band: lowest to highest seed")
        lines = [*lines, band]
    if found and _share_labels(found):
        lines = [*handles(found[0], figure.get_figwidth() - 1, "small"), *lines]
    else:
        for facet, axes in zip(found, panels, strict=True):
            axes[-1].legend(
                handles=handles(facet, WIDTH - 0.7, "x-small"),
                loc="upper center",
                bbox_to_anchor=(0.5, -0.22),
                fontsize="x-small",
                frameon=False,
                ncols=_legend_ncols(facet),
            )
    if lines:
        labels = [str(line.get_label()) for line in lines]
        figure.legend(
            handles=lines,
            loc="outside lower center",
            ncols=legend_columns(figure, labels, 6),
            fontsize="small",
            frameon=False,
        )
