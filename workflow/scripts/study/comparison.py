"""Draw all variants in one figure: test accuracy, and test loss against train loss."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from study.figures import depth_colours, scale_accuracy
from study.summary.overfitting import Thresholds
from study.summary.rows import Metrics, Row, reported_accuracy

ROW_HEIGHT = 0.3  # inches
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": "small", "ncols": 2}


@dataclass(frozen=True)
class Point:
    """One variant as it is drawn: accuracies in percent, None or empty where there is none."""

    label: str
    depth: str
    status: str
    accuracies: tuple[float, ...]
    interval: tuple[float, float] | None
    method: str | None
    reference: float | None
    losses: tuple[float, float] | None

    @property
    def accuracy(self) -> float | None:
        return sum(self.accuracies) / len(self.accuracies) if self.accuracies else None


def comparison_points(rows: Sequence[Row], runs: Sequence[Metrics]) -> list[Point]:
    """The variants' rows, with the accuracy of every seed from the metrics of their `runs`."""
    accuracies: dict[str, list[float]] = {}
    for run in sorted(runs, key=lambda run: run["seed"]):
        accuracies.setdefault(run["variant"], []).append(100 * reported_accuracy(run))
    return [_point(row, accuracies.get(row.id, [])) for row in rows]


def _point(row: Row, accuracies: Sequence[float]) -> Point:
    interval = None
    if row.accuracy_low is not None and row.accuracy_high is not None:
        interval = 100 * row.accuracy_low, 100 * row.accuracy_high
    losses = None
    if row.train_loss is not None and row.test_loss is not None:
        losses = row.train_loss, row.test_loss
    return Point(
        label=row.label,
        depth=str(row.depth),
        status=row.status,
        accuracies=tuple(accuracies),
        interval=interval,
        method=row.accuracy_interval,
        reference=None if row.reference_accuracy is None else 100 * row.reference_accuracy,
        losses=losses,
    )


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
    _draw_losses(right.add_subplot(), points, colours, thresholds)
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


def _draw_losses(
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


def _marker(marker: str, label: str, **style: Any) -> Line2D:
    return Line2D([], [], marker=marker, color="0.3", linestyle="none", label=label, **style)
