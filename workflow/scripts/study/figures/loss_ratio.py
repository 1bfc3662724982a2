"""Test loss against train loss, with the limits of the verdict."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from study.figures.points import Point
from study.figures.style import Style, fit, ink, label_log_axis
from study.summary.overfitting import Thresholds

LEGEND_WIDTH = 4.8  # inches

NAME = 0.13  # width of a limit's name, as a share of the panel's

Limits = tuple[float, float]


def draw_losses(
    axes: Axes,
    points: Sequence[Point],
    by_depth: Mapping[int | None, Style],
    thresholds: Thresholds,
) -> None:
    """Numbers on log axes; a threshold on test / train loss is a diagonal."""
    numbered = [(n, point, point.losses) for n, point in enumerate(points, 1) if point.losses]
    drawn = [
        (number, point, losses)
        for number, point, losses in numbered
        if all(0 < loss < math.inf for loss in losses)
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
    size = 13 if len(drawn) <= 40 else 10
    for number, point, (train, test) in drawn:
        colour, marker = by_depth[point.depth]
        axes.plot(train, test, marker, color=colour, markersize=size, alpha=0.85)
        axes.annotate(
            str(number),
            (train, test),
            ha="center",
            va="center",
            fontsize=7.5 if size == 13 else 5,
            color=ink(colour),
        )
    trains, tests = [losses[0] for *_, losses in drawn], [losses[1] for *_, losses in drawn]
    limits_x, limits_y = _log_limits(trains), _log_limits(tests)
    bounds = [float(threshold["below"]) for threshold in thresholds if "below" in threshold]
    for bound in bounds:
        axes.plot(limits_x, [bound * x for x in limits_x], "--", color="0.45", linewidth=1)
    _name_lines(axes, bounds, limits_x, limits_y)
    axes.set_xlim(limits_x)
    axes.set_ylim(limits_y)
    label_log_axis(axes.xaxis)
    label_log_axis(axes.yaxis)
    axes.grid(alpha=0.4)
    axes.set_axisbelow(True)
    left_out = [str(number) for number, *_ in numbered if number not in {n for n, *_ in drawn}]
    _name_regions(axes, thresholds, bounds, left_out)


def _log_limits(values: Sequence[float]) -> Limits:
    """Around the values, with room for the markers, and never less than a decade."""
    low, high = min(values) / 1.7, max(values) * 1.7
    widen = max(1.0, 10 * low / high) ** 0.5
    return low / widen, high * widen


def _name_lines(axes: Axes, bounds: Sequence[float], limits_x: Limits, limits_y: Limits) -> None:
    """Write `r = bound` outside the frame, where the line leaves it: no point lies there.

    A name moves outwards where it would touch the previous one on the same side.
    """
    last: dict[bool, tuple[float, int]] = {}
    for bound in bounds:
        above = bound * limits_x[1] > limits_y[1]
        end, limits = (limits_y[1] / bound, limits_x) if above else (bound * limits_x[1], limits_y)
        share = _share(end, limits)
        if share <= 0:
            continue  # it does not cross the panel
        place, step = last.get(above, (math.inf, 0))
        step = step + 1 if abs(share - place) < (NAME if above else NAME / 3) else 0
        last[above] = share, step
        axes.annotate(
            f"r = {bound:g}",
            (share, 1) if above else (1, share),
            xycoords="axes fraction",
            xytext=(0, 3 + 11 * step) if above else (4 + 46 * step, 0),
            textcoords="offset points",
            ha="center" if above else "left",
            va="bottom" if above else "center",
            fontsize="small",
            color="0.3",
            annotation_clip=False,
        )


def _share(value: float, limits: Limits) -> float:
    """Where the value lies on a log axis, from 0 to 1."""
    low, high = limits
    return math.log(value / low) / math.log(high / low)


def _name_regions(
    axes: Axes, thresholds: Thresholds, bounds: Sequence[float], left_out: Sequence[str]
) -> None:
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
    if left_out:
        lines.append(f"Not drawn, a loss is zero or not finite: {', '.join(left_out)}")
    axes.legend(
        handles=[
            Line2D([], [], linestyle="none", label=fit(line, LEGEND_WIDTH, "small", 2))
            for line in lines
        ],
        title="r = test error / train error (dashed: the verdict's limits)",
        fontsize="small",
        title_fontsize="small",
        handlelength=0,
        handletextpad=0,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        frameon=False,
    )
