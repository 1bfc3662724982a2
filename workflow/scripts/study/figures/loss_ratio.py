"""Test loss against train loss, with the limits of the verdict."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from study.figures.points import Point
from study.summary.overfitting import Thresholds


def draw_losses(
    axes: Axes, points: Sequence[Point], colours: Mapping[str, Any], thresholds: Thresholds
) -> None:
    """Numbers on log axes; a threshold on test / train loss is a diagonal."""
    drawn = [
        (place, point, point.losses)
        for place, point in enumerate(points, start=1)
        if point.losses and all(0 < loss < math.inf for loss in point.losses)
    ]
    axes.set_box_aspect(1)
    axes.set_anchor("N")
    axes.set_xlabel("Train error (loss, last epoch)")
    axes.set_ylabel("Test error (loss)")
    if not drawn:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no finished run", ha="center", transform=axes.transAxes)
        return
    axes.set_xscale("log")
    axes.set_yscale("log")
    for place, point, (train, test) in drawn:
        axes.plot(train, test, "o", color=colours[point.depth], markersize=13, alpha=0.85)
        axes.annotate(
            str(place), (train, test), ha="center", va="center", fontsize=7.5, color="white"
        )
    trains, tests = [losses[0] for *_, losses in drawn], [losses[1] for *_, losses in drawn]
    limits_x, limits_y = _log_limits(trains), _log_limits(tests)
    bounds = [float(threshold["below"]) for threshold in thresholds if "below" in threshold]
    for bound in bounds:
        axes.plot(limits_x, [bound * x for x in limits_x], "--", color="0.45", linewidth=1)
        _name_line(axes, bound, limits_x, limits_y)
    axes.set_xlim(limits_x)
    axes.set_ylim(limits_y)
    for axis, (low, high) in ((axes.xaxis, limits_x), (axes.yaxis, limits_y)):
        axis.set_major_locator(FixedLocator(_log_ticks(low, high)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.4)
    axes.set_axisbelow(True)
    _name_regions(axes, thresholds, bounds)


def _log_limits(values: Sequence[float]) -> tuple[float, float]:
    """Around the values, with room for the markers, and never less than a decade."""
    low, high = min(values) / 1.7, max(values) * 1.7
    widen = max(1.0, 10 * low / high) ** 0.5
    return low / widen, high * widen


def _name_line(
    axes: Axes, bound: float, limits_x: tuple[float, float], limits_y: tuple[float, float]
) -> None:
    """Write `r = bound` on the line near its upper end inside the panel, if it crosses it."""
    x = min(limits_x[1], limits_y[1] / bound) / 1.25
    y = bound * x
    if limits_x[0] < x and limits_y[0] < y:
        axes.text(
            x,
            y,
            f"r = {bound:g}",
            ha="center",
            va="center",
            fontsize="small",
            color="0.3",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )


def _log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 in every decade between, thinned to the decades over a wide range."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 1000 else (1,)
    return [t for d in decades for s in steps if low <= (t := s * 10.0**d) <= high]


def _name_regions(axes: Axes, thresholds: Thresholds, bounds: Sequence[float]) -> None:
    """Below the panel, the verdict of every region between the lines."""
    lines = []
    lower = 0.0
    for threshold in thresholds:
        upper = threshold.get("below")
        rule = f"r < {upper:g}" if upper is not None else f"r ≥ {lower:g}" if bounds else "any r"
        if lower and upper is not None:
            rule = f"{lower:g} ≤ {rule}"
        lines.append(f"{rule}: {threshold['text']}")
        lower = upper or lower
    axes.legend(
        handles=[Line2D([], [], linestyle="none", label=line) for line in lines],
        title="r = test error / train error (dashed: the verdict's limits)",
        fontsize="small",
        title_fontsize="small",
        handlelength=0,
        handletextpad=0,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        frameon=False,
    )
