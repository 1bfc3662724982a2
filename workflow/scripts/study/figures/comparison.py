"""Draw all variants in one figure: test accuracy, and test loss against train loss."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures.loss_ratio import draw_losses
from study.figures.points import Point
from study.figures.style import depth_colours, scale_accuracy
from study.summary.overfitting import Thresholds

ROW_HEIGHT = 0.3  # inches


LEGEND: dict[str, Any] = {"frameon": False, "fontsize": "small", "ncols": 2}


def comparison_figure(points: Sequence[Point], thresholds: Thresholds, title: str) -> Figure:
    """Left: accuracy, a numbered row per variant. Right: the numbers by train and test loss."""
    rules = 5.9 + 0.23 * (len(thresholds) + 1)  # the square panel, and the legend below it
    height = max(rules, ROW_HEIGHT * (len(points) + len(_groups(points))) + 1.8)
    figure = Figure(figsize=(12, height), layout="constrained")
    figure.suptitle(title)
    left, right = figure.subfigures(1, 2, width_ratios=(1.2, 1))  # type: ignore[misc]
    colours = depth_colours(point.depth for point in points)
    _draw_accuracies(left.add_subplot(), points, colours)
    left.legend(handles=_accuracy_legend(points), loc="outside lower center", **LEGEND)
    draw_losses(right.add_subplot(), points, colours, thresholds)
    return figure


def _groups(points: Sequence[Point]) -> list[tuple[str, list[int]]]:
    """Neighbouring rows of one depth: (depth, their places), as in the table."""
    groups: list[tuple[str, list[int]]] = []
    for place, point in enumerate(points):
        if groups and groups[-1][0] == point.depth:
            groups[-1][1].append(place)
        else:
            groups.append((point.depth, [place]))
    return groups


def _draw_accuracies(axes: Axes, points: Sequence[Point], colours: Mapping[str, Any]) -> None:
    rows: dict[int, float] = {}
    y = 0.0
    for depth, places in _groups(points):
        name = f"{depth} convolution{'s' * (depth != '1')}"
        axes.annotate(
            name,
            (0, y),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
            fontweight="bold",
            color=colours[depth],
        )
        axes.axhline(y - 0.5, color="0.85", linewidth=0.8)
        for place in places:
            y += 1
            rows[place] = y
        y += 1
    several = any(len(point.accuracies) > 1 for point in points)
    for place, point in enumerate(points):
        _draw_row(axes, point, rows[place], colours[point.depth], several)
    _scale_accuracies(axes, points)
    axes.set_yticks(
        [rows[place] for place in range(len(points))],
        [_row_label(point, place) for place, point in enumerate(points, start=1)],
    )
    axes.set_ylim(y - 0.3, -0.7)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.4)
    axes.set_axisbelow(True)


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
        handles.append(_marker("D", "Published (one run)", markerfacecolor="none"))
    return handles


def _row_label(point: Point, place: int) -> str:
    """The label and the row's number, with a mark where only some seeds have finished."""
    partly = point.accuracies and point.status != "complete"
    mark = f" ({point.status.split(',')[0]})" if partly else ""
    return f"{point.label}{mark}  {place}"


def _draw_row(axes: Axes, point: Point, y: float, colour: Any, several: bool) -> None:
    if point.reference is not None:
        axes.plot(point.reference, y, "D", color="0.25", markerfacecolor="none", zorder=3)
    if point.accuracy is None:
        axes.annotate(
            point.status,
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
    axes.plot(point.accuracy, y, "o", color=colour)


def _scale_accuracies(axes: Axes, points: Sequence[Point]) -> None:
    means = [point.accuracy for point in points if point.accuracy is not None]
    beside = [v for p in points for v in (*p.accuracies, *(p.interval or ()))]
    beside += [point.reference for point in points if point.reference is not None]
    axes.set_xlabel("Test accuracy (%)" + scale_accuracy(axes, "x", means, beside))


def _marker(marker: str, label: str, **style: Any) -> Line2D:
    return Line2D([], [], marker=marker, color="0.3", linestyle="none", label=label, **style)
