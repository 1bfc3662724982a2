"""Time against accuracy: which networks are worth their time."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures.style import (
    Style,
    fit,
    ink,
    label_log_axis,
    scale_accuracy,
    set_title,
    styles,
)
from study.summary.rows import Row
from study.words import depth_in_words

PANEL, LEGEND = 7.2, 3.8  # inches, the width of the panel and of each column of the legend

MOST_LINES = 50  # in a column of the legend


def best_for_their_time(rows: Sequence[Row]) -> list[Row]:
    """The Pareto front of time and accuracy, fastest first."""
    front: list[Row] = []
    for row in sorted(_measured(rows), key=lambda row: (_seconds(row), -_percent(row))):
        if not front or _percent(row) > _percent(front[-1]):
            front.append(row)
    return front


def time_accuracy_figure(rows: Sequence[Row], title: str) -> Figure:
    """Accuracy by seconds per epoch: a numbered point per variant, explained beside the panel."""
    columns = math.ceil((len(rows) + 2) / MOST_LINES)
    lines = math.ceil((len(rows) + 2) / columns)
    size = (PANEL + LEGEND * columns, max(5.2, 0.21 * lines + 1.2))
    figure = Figure(figsize=size, layout="constrained")
    set_title(figure, title)
    left, right = figure.subfigures(1, 2, width_ratios=(PANEL, LEGEND * columns))  # type: ignore[misc]
    axes = left.add_subplot()
    looks = styles(row.depth for row in rows)
    drawn = _measured(rows)
    if not drawn:
        axes.text(0.5, 0.5, "no finished run", ha="center", transform=axes.transAxes)
    front = best_for_their_time(rows)
    axes.plot([*map(_seconds, front)], [*map(_percent, front)], color="0.6", linewidth=1, zorder=1)
    beside = [
        bound for place, row in enumerate(rows, 1) for bound in _draw(axes, row, place, looks)
    ]
    axes.set_xscale("log")
    label_log_axis(axes.xaxis)
    axes.set_xlabel("Seconds per epoch, validation included")
    axes.set_ylabel("Test accuracy (%)" + scale_accuracy(axes, "y", map(_percent, drawn), beside))
    axes.grid(alpha=0.4)
    axes.set_axisbelow(True)
    handles = [_handle(row, place, looks[row.depth]) for place, row in enumerate(rows, start=1)]
    methods = sorted({row.accuracy_interval for row in rows if row.accuracy_interval})
    if methods:
        bars = f"95 % interval ({', '.join(methods)})"
        handles.append(Line2D([], [], color="0.3", linewidth=1, label=bars))
    if len(front) > 1:
        handles.append(Line2D([], [], color="0.6", label="Pareto front of time and accuracy"))
    right.legend(handles=handles, loc="center left", fontsize="small", frameon=False, ncols=columns)
    return figure


def _draw(axes: Axes, row: Row, place: int, looks: dict[int | None, Style]) -> tuple[float, ...]:
    """Draw the variant's numbered point and its interval, if it has finished; its interval."""
    if not _measured([row]):
        return ()
    x, y, (colour, marker) = _seconds(row), _percent(row), looks[row.depth]
    axes.plot(x, y, marker, color=colour, markersize=13, alpha=0.9)
    axes.annotate(str(place), (x, y), ha="center", va="center", fontsize=7, color=ink(colour))
    if row.accuracy_low is None or row.accuracy_high is None:
        return ()
    span = 100 * row.accuracy_low, 100 * row.accuracy_high
    axes.plot([x, x], span, color=colour, linewidth=1, alpha=0.6)
    return span


def _handle(row: Row, place: int, look: Style) -> Line2D:
    """The legend's line for a variant; the label is shortened, not what stands before it."""
    colour, marker = look
    number, missing = f"{place}  {depth_in_words(row.depth)}, ", " (no figure)"
    note = "" if _measured([row]) else missing
    label = number + fit(row.label, 1.9 - 0.7 * bool(note), "small") + note
    return Line2D([], [], marker=marker, linestyle="none", color=colour, label=label)


def _measured(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.accuracy is not None and row.seconds_per_epoch]


def _seconds(row: Row) -> float:
    assert row.seconds_per_epoch is not None
    return row.seconds_per_epoch


def _percent(row: Row) -> float:
    assert row.accuracy is not None
    return 100 * row.accuracy
