"""Size and time of the networks, beside the published accuracies."""

from collections.abc import Mapping, Sequence

from study.summary.rows import Row
from study.summary.sections import Cell, Kind, Section, Table, Weight, table_of
from study.words import number, signed

NOTABLE = 0.4
"""Percentage points; an accuracy further from the published one is pointed out."""


def cost_section(rows: Sequence[Row]) -> Section:
    """The costs, and the published accuracies if there are any."""
    title = "Cost, and the published accuracy" if any_published(rows) else "Cost"
    return Section(title, [cost_table(rows), *_notable(rows)], weight=Weight.MINOR)


def any_published(rows: Sequence[Row]) -> bool:
    """Whether any variant has a published accuracy to compare with."""
    return any(row.reference_accuracy is not None for row in rows)


def cost_table(rows: Sequence[Row]) -> Table:
    """Parameters, seconds and best epoch; published accuracies if there are any."""
    columns: Mapping[str, tuple[Kind, Cell[Row]]] = {
        "Variant": (Kind.CODE, lambda row: row.id),
        "n": (Kind.NUMBER, lambda row: str(row.n_seeds)),
        "Parameters": (Kind.NUMBER, lambda row: number(row.parameters, ",")),
        "Seconds per epoch": (
            Kind.NUMBER,
            lambda row: number(row.seconds_per_epoch, ".1f", row.seconds_per_epoch_sd),
        ),
        "Best epoch": (Kind.NUMBER, lambda row: number(row.best_epoch, "g")),
    }
    published: Mapping[str, tuple[Kind, Cell[Row]]] = {
        "Published accuracy": (Kind.NUMBER, lambda row: number(row.reference_accuracy, ".2%")),
        "Accuracy": (Kind.NUMBER, lambda row: number(row.accuracy, ".2%", row.accuracy_sd)),
        "Difference (points)": (Kind.NUMBER, lambda row: signed(row.difference_points)),
    }
    return table_of(
        rows,
        {**columns, **published} if any_published(rows) else columns,
        name="cost",
        caption="Size and time of the networks.",
    )


def _notable(rows: Sequence[Row]) -> list[str]:
    """The accuracies that are far from the published ones; empty without published ones."""
    known = [(row.id, points) for row in rows if (points := row.difference_points) is not None]
    # Binary rounding must not turn exactly 0.4 points into more.
    far = [f"`{id_}` ({signed(points)})" for id_, points in known if abs(points) > NOTABLE + 1e-9]
    if far:
        return [f"**More than {NOTABLE} points from the published accuracy:** {', '.join(far)}."]
    if known:
        return [f"No accuracy is more than {NOTABLE} points from the published one."]
    return []
