"""Draw all variants in one figure: test accuracy, and test loss against train loss."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures.loss_ratio import draw_losses
from study.figures.points import Point
from study.figures.style import Style, fit, scale_accuracy, set_title, styles
from study.summary.overfitting import Thresholds
from study.words import depth_in_words

ROW_HEIGHT, DENSE_ROW_HEIGHT = 0.3, 0.2  # inches

DENSE = 40  # rows, beyond which they are lower and their labels smaller

LABEL_WIDTH, STATUS_WIDTH = 2.4, 3.0  # inches

LEGEND: dict[str, Any] = {"frameon": False, "fontsize": "small", "ncols": 2}


def comparison_figure(points: Sequence[Point], thresholds: Thresholds, title: str) -> Figure:
    """Left: accuracy, a numbered row per variant. Right: the numbers by train and test loss."""
    dense = len(points) > DENSE
    size, lines = ("x-small", 1) if dense else ("medium", 2)
    labels = [_row_label(point, place, size, lines) for place, point in enumerate(points, start=1)]
    row = DENSE_ROW_HEIGHT if dense else ROW_HEIGHT + 0.12 * any("\n" in text for text in labels)
    rules = 5.9 + 0.23 * (len(thresholds) + 1)  # the square panel, and the legend below it
    height = max(rules, row * (len(points) + len(_groups(points))) + 1.8)
    figure = Figure(figsize=(12, height), layout="constrained")
    set_title(figure, title)
    left, right = figure.subfigures(1, 2, width_ratios=(1.2, 1))  # type: ignore[misc]
    by_depth = styles(point.depth for point in points)
    axes = left.add_subplot()
    _draw_accuracies(axes, points, labels, by_depth)
    axes.tick_params(axis="y", length=0, labelsize=size)
    left.legend(handles=_accuracy_legend(points), loc="outside lower center", **LEGEND)
    draw_losses(right.add_subplot(), points, by_depth, thresholds)
    return figure


def _groups(points: Sequence[Point]) -> list[tuple[int | None, list[int]]]:
    """Neighbouring rows of one depth: (depth, their places), as in the table."""
    places = range(len(points))
    grouped = itertools.groupby(places, key=lambda place: points[place].depth)
    return [(depth, list(group)) for depth, group in grouped]


def _draw_accuracies(
    axes: Axes, points: Sequence[Point], labels: Sequence[str], by_depth: Mapping[int | None, Style]
) -> None:
    several = any(len(point.accuracies) > 1 for point in points)
    rows: list[int] = []
    y = 0
    for depth, places in _groups(points):
        _draw_heading(axes, depth, y, by_depth[depth])
        for place in places:
            y += 1
            rows.append(y)
            _draw_row(axes, points[place], y, by_depth[depth], several)
        y += 1
    _scale_accuracies(axes, points)
    axes.set_yticks(rows, labels)
    axes.set_ylim(y - 0.3, -0.7)
    axes.grid(axis="x", alpha=0.4)
    axes.set_axisbelow(True)


def _draw_heading(axes: Axes, depth: int | None, y: float, look: Style) -> None:
    colour, marker = look
    axes.plot(0.025, y, marker, color=colour, transform=axes.get_yaxis_transform())
    axes.annotate(
        depth_in_words(depth),
        (0.025, y),
        xycoords=("axes fraction", "data"),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize="small",
        fontweight="bold",
    )
    axes.axhline(y - 0.5, color="0.85", linewidth=0.8)


def _accuracy_legend(points: Sequence[Point]) -> list[Line2D]:
    several = any(len(point.accuracies) > 1 for point in points)
    handles = [_marker("o", "Mean over seeds" if several else "Measured")]
    methods = sorted({point.method for point in points if point.method})
    if methods:
        bars = f"95 % interval ({', '.join(methods)})"
        handles.append(Line2D([], [], color="0.3", label=bars))
    if several:
        handles.append(_marker("|", "One seed"))
    if any(point.reference is not None for point in points):
        handles.append(_marker("d", "Published (one run)", markerfacecolor="none"))
    return handles


def _row_label(point: Point, place: int, size: str, lines: int) -> str:
    """The label and the row's number, with a mark where only some seeds have finished."""
    partly = point.accuracies and point.status != "complete"
    mark = f" ({point.status.split(',')[0]})" if partly else ""
    return f"{fit(point.label, LABEL_WIDTH, size, lines)}{mark}  {place}"


def _draw_row(axes: Axes, point: Point, y: float, look: Style, several: bool) -> None:
    colour, marker = look
    if point.reference is not None:
        axes.plot(point.reference, y, "d", color="0.25", markerfacecolor="none", zorder=3)
    if point.accuracy is None:
        axes.annotate(
            fit(point.status, STATUS_WIDTH, "small"),
            (0.98, y),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="center",
            fontsize="small",
            style="italic",
            color="0.35",
        )
        return
    if point.interval:
        axes.plot(point.interval, [y, y], color=colour, linewidth=1.5)
    if several:
        axes.plot(point.accuracies, [y] * len(point.accuracies), "|", color=colour, markersize=9)
    axes.plot(point.accuracy, y, marker, color=colour)


def _scale_accuracies(axes: Axes, points: Sequence[Point]) -> None:
    means = [point.accuracy for point in points if point.accuracy is not None]
    beside = [v for p in points for v in (*p.accuracies, *(p.interval or ()))]
    beside += [point.reference for point in points if point.reference is not None]
    axes.set_xlabel("Test accuracy (%)" + scale_accuracy(axes, "x", means, beside))


def _marker(marker: str, label: str, **style: Any) -> Line2D:
    return Line2D([], [], marker=marker, color="0.3", linestyle="none", label=label, **style)
