"""Contrasts as a forest plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from study.figures.style import say
from study.statistics.findings import BETTER, WORSE

ROW_HEIGHT = 0.55  # inches


COLOURS = {BETTER: "#3f8f5b", WORSE: "#c44e52"}


DECIDED, OPEN = "#4c72b0", "0.45"


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
        say(axes, "no contrast in this study")
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
