"""All variants by epoch: learning curves, and the gap between validation and train error."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from study.figures.style import PALETTE, scale_accuracy
from study.runs.history import History
from study.runs.metrics import RunKey
from study.summary.rows import Row

MOST_CURVES = len(PALETTE)  # in one facet


COLUMNS = 4


WIDTH, HEIGHT = 3.7, 2.8  # inches of one panel


LINEAR_GAP = 0.01  # the gap's axis is linear up to here, and logarithmic beyond


Values = Callable[[History], NDArray[np.floating]]
"""What is drawn of a history, one value per epoch."""


@dataclass(frozen=True)
class Curve:
    """A variant and the histories of its finished seeds."""

    label: str
    histories: Sequence[History]


@dataclass(frozen=True)
class Facet:
    """The curves of one depth, or of a part of its variants where there are too many."""

    title: str
    curves: Sequence[Curve]


def facets(rows: Sequence[Row], histories: Mapping[RunKey, History]) -> list[Facet]:
    """The variants that have a finished run, by depth, at most MOST_CURVES in a facet."""
    of_variant: dict[str, list[History]] = defaultdict(list)
    for key, history in histories.items():
        of_variant[key.variant].append(history)
    by_depth: dict[int, list[Curve]] = defaultdict(list)
    for row in rows:
        if row.id in of_variant:
            by_depth[row.depth].append(Curve(row.label, of_variant[row.id]))
    found = []
    for depth, curves in by_depth.items():
        name = f"{depth} convolution{'s' * (depth != 1)}"
        parts = math.ceil(len(curves) / MOST_CURVES)
        size = math.ceil(len(curves) / parts)
        for part in range(parts):
            title = name if parts == 1 else f"{name} ({part + 1} of {parts})"
            found.append(Facet(title, curves[part * size : (part + 1) * size]))
    return found


def learning_curves_figure(found: Sequence[Facet], title: str) -> Figure:
    """Validation accuracy by epoch; below it validation (solid) and train error (dashed)."""
    figure, panels = _layout(found, 2, title)
    every = [100 * share for history in _histories(found) for share in history["val_accuracy"]]
    for facet, (upper, lower) in zip(found, panels, strict=True):
        _draw(upper, facet, lambda history: 100 * history["val_accuracy"].to_numpy())
        _draw(lower, facet, lambda history: _positive(history["val_loss"].to_numpy()))
        _draw(lower, facet, lambda history: _positive(history["loss"].to_numpy()), linestyle="--")
        scaled = scale_accuracy(upper, "y", every)  # the same for all, to compare them
        lower.set_yscale("log")
        upper.set_ylabel("Validation accuracy (%)" + scaled.replace(", ", "\n"))
        lower.set_ylabel("Error (loss)")
    _share_scales(panels)
    styles = [
        Line2D([], [], color="0.3", label="validation"),
        Line2D([], [], color="0.3", linestyle="--", label="train, dropout on"),
    ]
    _legend(figure, found, panels, styles)
    return figure


def gap_figure(found: Sequence[Facet], title: str) -> Figure:
    """Validation error minus train error by epoch; above zero a network overfits."""
    figure, panels = _layout(found, 1, title)
    for facet, (axes,) in zip(found, panels, strict=True):
        axes.axhline(0, color="0.3", linewidth=1)
        _draw(axes, facet, lambda history: (history["val_loss"] - history["loss"]).to_numpy())
        axes.set_yscale("symlog", linthresh=LINEAR_GAP)
        axes.set_ylabel("Validation error − train error")
    _share_scales(panels)
    _legend(figure, found, panels, [])
    return figure


def _histories(found: Sequence[Facet]) -> list[History]:
    return [history for facet in found for curve in facet.curves for history in curve.histories]


def _positive(losses: NDArray[np.floating]) -> NDArray[np.floating]:
    """The losses, with a hole where there is no logarithm."""
    return np.where(losses > 0, losses, np.nan)


def _layout(
    found: Sequence[Facet], height: int, title: str
) -> tuple[Figure, list[tuple[Axes, ...]]]:
    """A figure, and the axes of every facet, `height` of them from top to bottom."""
    columns = max(1, min(COLUMNS, len(found)))
    rows = max(1, math.ceil(len(found) / columns))
    size = (WIDTH * columns + 0.8, HEIGHT * rows * height + 1.1)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title)
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
            panel.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
            panel.grid(alpha=0.4)
            panel.set_axisbelow(True)
        panels.append(axes)
    return figure, panels


def _draw(axes: Axes, facet: Facet, values: Values, linestyle: str = "-") -> None:
    """A line per curve: the mean over seeds, in a band from the lowest to the highest seed."""
    for colour, curve in zip(PALETTE, facet.curves, strict=False):
        seeds = np.array([values(history) for history in curve.histories])
        epochs = curve.histories[0]["epoch"]
        marker = "o" if len(epochs) == 1 else ""
        axes.plot(epochs, seeds.mean(axis=0), linestyle, color=colour, marker=marker, linewidth=1.4)
        if len(seeds) > 1:
            low, high = seeds.min(axis=0), seeds.max(axis=0)
            axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)


def _share_scales(panels: Sequence[tuple[Axes, ...]]) -> None:
    """Give the same rows of all facets the same limits, and names to the left ones alone."""
    for rows in zip(*panels, strict=True):
        low = min(axes.get_ylim()[0] for axes in rows)
        high = max(axes.get_ylim()[1] for axes in rows)
        for place, axes in enumerate(rows):
            axes.set_ylim(low, high)
            axes.tick_params(labelsize="small")
            if place % COLUMNS:
                axes.set_ylabel("")


def _legend(
    figure: Figure,
    found: Sequence[Facet],
    panels: Sequence[tuple[Axes, ...]],
    styles: Sequence[Artist],
) -> None:
    """One legend for all facets if they hold the same labels, else one under each."""

    def handles(facet: Facet) -> list[Line2D]:
        return [
            Line2D([], [], color=colour, linewidth=2, label=curve.label)
            for colour, curve in zip(PALETTE, facet.curves, strict=False)
        ]

    several = any(len(curve.histories) > 1 for facet in found for curve in facet.curves)
    if several:
        band = Patch(color="0.3", alpha=0.2, linewidth=0, label="band: lowest to highest seed")
        styles = [*styles, band]
    if len({tuple(curve.label for curve in facet.curves) for facet in found}) == 1:
        styles = [*handles(found[0]), *styles]
    else:
        for facet, axes in zip(found, panels, strict=True):
            axes[-1].legend(
                handles=handles(facet),
                loc="upper center",
                bbox_to_anchor=(0.5, -0.22),
                fontsize="x-small",
                frameon=False,
                ncols=1 if max(len(c.label) for c in facet.curves) > 24 else 2,
            )
    if styles:
        figure.legend(
            handles=styles,
            loc="outside lower center",
            ncols=max(1, min(6, 2 * len(found))),
            fontsize="small",
            frameon=False,
        )
