"""Time against accuracy: which networks are worth their time."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from study.figures.style import depth_colours, scale_accuracy
from study.summary.rows import Row


def best_for_their_time(rows: Sequence[Row]) -> list[Row]:
    """The rows than which none is both faster and more accurate, by time (the Pareto front)."""
    front: list[Row] = []
    for row in sorted(_measured(rows), key=lambda row: (_seconds(row), -_percent(row))):
        if not front or _percent(row) > _percent(front[-1]):
            front.append(row)
    return front


def time_accuracy_figure(rows: Sequence[Row], title: str) -> Figure:
    """Accuracy by seconds per epoch: a numbered point per variant, explained beside the panel."""
    figure = Figure(figsize=(11, max(5.2, 0.21 * len(rows) + 1.6)), layout="constrained")
    figure.suptitle(title)
    left, right = figure.subfigures(1, 2, width_ratios=(2.2, 1))  # type: ignore[misc]
    axes = left.add_subplot()
    axes.set_xlabel("Seconds per epoch, validation included")
    colours = depth_colours(row.depth for row in rows)
    drawn = _measured(rows)
    if not drawn:
        axes.text(0.5, 0.5, "no finished run", ha="center", transform=axes.transAxes)
    front = best_for_their_time(rows)
    axes.plot([*map(_seconds, front)], [*map(_percent, front)], color="0.6", linewidth=1, zorder=1)
    beside: list[float] = []
    for place, row in enumerate(rows, start=1):
        if row not in drawn:
            continue
        x, y, colour = _seconds(row), _percent(row), colours[row.depth]
        if row.accuracy_low is not None and row.accuracy_high is not None:
            span = 100 * row.accuracy_low, 100 * row.accuracy_high
            axes.plot([x, x], span, color=colour, linewidth=1, alpha=0.6)
            beside += span
        axes.plot(x, y, "o", color=colour, markersize=13, alpha=0.9)
        axes.annotate(str(place), (x, y), ha="center", va="center", fontsize=7.5, color="white")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("Test accuracy (%)" + scale_accuracy(axes, "y", map(_percent, drawn), beside))
    axes.grid(alpha=0.4)
    axes.set_axisbelow(True)
    handles = [
        Line2D(
            [],
            [],
            marker="o",
            linestyle="none",
            color=colours[row.depth],
            label=f"{place}  {_depth(row)}, {row.label}" + ("" if row in drawn else " (no figure)"),
        )
        for place, row in enumerate(rows, start=1)
    ]
    methods = sorted({row.accuracy_interval for row in rows if row.accuracy_interval})
    if methods:
        bars = f"95 % interval ({', '.join(methods)})"
        handles.append(Line2D([], [], color="0.3", linewidth=1, label=bars))
    if len(front) > 1:
        handles.append(Line2D([], [], color="0.6", label="none is faster and more accurate"))
    right.legend(handles=handles, loc="center left", fontsize="small", frameon=False)
    return figure


def _measured(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.accuracy is not None and row.seconds_per_epoch]


def _seconds(row: Row) -> float:
    assert row.seconds_per_epoch is not None
    return row.seconds_per_epoch


def _percent(row: Row) -> float:
    assert row.accuracy is not None
    return 100 * row.accuracy


def _depth(row: Row) -> str:
    return f"{row.depth} convolution{'s' * (row.depth != 1)}"
