"""Contrasts as a forest plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from study.figures.style import BLUE, GREEN, VERMILLION, fit, say, set_title
from study.runs.measures import Measure
from study.statistics.contrasts import ContrastRow
from study.statistics.findings import BETTER, WORSE

ROW_HEIGHT, DENSE_ROW_HEIGHT = 0.55, 0.22  # inches

DENSE = 40  # contrasts, beyond which a row has one line

NAME_WIDTH = 4.4  # inches

COLOURS = {BETTER: GREEN, WORSE: VERMILLION}

DECIDED, OPEN = BLUE, "0.45"


@dataclass(frozen=True)
class ForestRow:
    """One contrast as it is drawn, in percentage points for accuracies; None without a figure."""

    name: str
    detail: str
    points: tuple[float, ...]
    mean: float | None
    interval: tuple[float, float] | None
    verdict: str

    @classmethod
    def of(cls, row: ContrastRow, points: Sequence[float]) -> "ForestRow":
        """The contrast as it was judged, with the difference of every pair of seeds."""
        return cls(
            name=row.contrast,
            detail=row.differs,
            points=tuple(points),
            mean=row.difference,
            interval=None if row.low is None or row.high is None else (row.low, row.high),
            verdict=row.verdict,
        )


def forest_figure(rows: Sequence[ForestRow], margin: float, title: str, measure: Measure) -> Figure:
    """A row per contrast: the mean difference with its interval, every seed, and the verdict."""
    dense = len(rows) > DENSE
    height = DENSE_ROW_HEIGHT if dense else ROW_HEIGHT
    figure = Figure(figsize=(11, 1.9 + height * max(1, len(rows))), layout="constrained")
    set_title(figure, title)
    axes = figure.add_subplot()
    axes.set_yticks(range(len(rows)), [_row_label(row, dense) for row in rows])
    axes.tick_params(axis="y", length=0, labelsize="small")
    axes.set_xlabel(_axis(measure))
    if not rows:
        say(axes, "no contrast in this study")
        return figure
    axes.axvspan(-margin, margin, color="0.92", zorder=0)
    axes.axvline(0, color="0.5", linewidth=1)
    for y, row in enumerate(rows):
        _draw_row(axes, y, row, dense)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.margins(x=0.08)
    axes.grid(axis="x", alpha=0.4)
    axes.set_axisbelow(True)
    figure.legend(
        handles=[
            Line2D(
                *([], []),
                marker="o",
                color="0.3",
                label="mean, with its simultaneous 95 % interval (from 6 seeds)",
            ),
            Line2D([], [], marker="|", color="0.3", linestyle="none", label="one seed"),
            Patch(color="0.92", label=f"no difference that matters (±{margin:g})"),
        ],
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize="small",
    )
    return figure


def _axis(measure: Measure) -> str:
    """What the differences are, and which side is the better one where that is the left one."""
    unit = " (percentage points)" * measure.is_accuracy
    better = "; lower is better" * measure.lower_is_better
    return f"Difference in test {measure.words}, variant minus baseline{unit}{better}"


def _row_label(row: ForestRow, dense: bool) -> str:
    """The contrast and what differs in it; the name alone where rows are dense."""
    count = f"n = {len(row.points)}"
    if dense:
        return f"{fit(row.name, NAME_WIDTH - 0.6, 'small')}; {count}"
    name = fit(row.name, NAME_WIDTH, "small")
    return f"{name}\n{fit(f'{row.detail}; {count}', NAME_WIDTH, 'small', 2)}"


def _draw_row(axes: Axes, y: int, row: ForestRow, dense: bool) -> None:
    colour = COLOURS.get(row.verdict, DECIDED if row.verdict.startswith("no diff") else OPEN)
    axes.plot(row.points, [y] * len(row.points), "|", color=colour, alpha=0.6, markersize=9)
    if row.interval:
        axes.plot(row.interval, [y, y], color=colour, linewidth=2)
    if row.mean is not None:
        axes.plot(row.mean, y, "o", color=colour)
    axes.annotate(
        row.verdict if dense else fill(row.verdict, 22),
        (1.01, y),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize="small",
        color=colour,
        annotation_clip=False,
    )
