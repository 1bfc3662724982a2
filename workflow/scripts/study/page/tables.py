"""The page's table of networks, with the values that the page's script sorts and filters by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from study.page.data import bars
from study.runs.choice import ACCURACY
from study.runs.measures import Measure
from study.summary.measures import measure_in_words
from study.summary.rows import Row, measured
from study.summary.sections import Kind
from study.words import NONE, number, signed


@dataclass(frozen=True)
class Column:
    """A column: its name in addresses, its heading, and how it makes a cell's text.

    `value` is what it sorts by; the texts themselves without it.
    """

    key: str
    title: str
    kind: Kind
    text: Callable[[Row], str]
    value: Callable[[Row], float | None] | None = None


def columns(rows: Sequence[Row], measure: Measure) -> list[Column]:
    """The columns that have content in this study; one for `measure`, which judges it."""
    found = [
        Column(
            "depth", "Convolutions", Kind.NUMBER, lambda r: number(r.depth, "d"), lambda r: r.depth
        ),
        Column(
            "accuracy",
            "Accuracy",
            Kind.NUMBER,
            lambda r: number(r.accuracy, ".2%", r.accuracy_sd),
            lambda r: r.accuracy,
        ),
        Column("interval", "95 % interval", Kind.NUMBER, _interval, lambda r: r.accuracy_low),
        Column("seeds", "n", Kind.NUMBER, lambda r: str(r.n_seeds), lambda r: r.n_seeds),
        Column("verdict", "Performance", Kind.TEXT, lambda r: r.verdict or NONE),
        Column(
            "train",
            "Train error",
            Kind.NUMBER,
            lambda r: number(r.train_loss, ".4f", r.train_loss_sd),
            lambda r: r.train_loss,
        ),
        Column(
            "test",
            "Test error",
            Kind.NUMBER,
            lambda r: number(r.test_loss, ".4f", r.test_loss_sd),
            lambda r: r.test_loss,
        ),
        Column("gap", "Train-test gap", Kind.NUMBER, lambda r: _signed(_gap(r)), _gap),
        Column(
            "parameters",
            "Parameters",
            Kind.NUMBER,
            lambda r: number(r.parameters, ","),
            lambda r: r.parameters,
        ),
        Column(
            "seconds",
            "Seconds per epoch",
            Kind.NUMBER,
            lambda r: number(r.seconds_per_epoch, ".1f", r.seconds_per_epoch_sd),
            lambda r: r.seconds_per_epoch,
        ),
        Column(
            "epoch",
            "Best epoch",
            Kind.NUMBER,
            lambda r: number(r.best_epoch, "g"),
            lambda r: r.best_epoch,
        ),
    ]
    if measure.key != ACCURACY:
        found.insert(
            1,
            Column(
                "metric",
                measure.title,
                Kind.NUMBER,
                partial(measure_in_words, measure),
                lambda r: measured(r, measure),
            ),
        )
    if any(row.reference_accuracy is not None for row in rows):
        found += [
            Column(
                "published",
                "Published",
                Kind.NUMBER,
                lambda r: number(r.reference_accuracy, ".2%"),
                lambda r: r.reference_accuracy,
            ),
            Column(
                "difference",
                "Difference (points)",
                Kind.NUMBER,
                lambda r: signed(r.difference_points),
                lambda r: r.difference_points,
            ),
        ]
    if any(row.status != "complete" for row in rows):
        found.append(Column("status", "Runs", Kind.TEXT, lambda r: r.status))
    return found


def _gap(row: Row) -> float | None:
    if row.test_loss is None or row.train_loss_eval is None:
        return None
    return row.test_loss - row.train_loss_eval


def _signed(value: float | None) -> str:
    return number(value, "+.4f")


def _interval(row: Row) -> str:
    if row.accuracy_low is None or row.accuracy_high is None:
        return NONE
    return f"{100 * row.accuracy_low:.2f}–{row.accuracy_high:.2%}"


@dataclass(frozen=True)
class Line:
    """A network's row: its cells as (column, text, sort value), and its bar if it has finished."""

    row: Row
    place: int
    cells: Sequence[tuple[Column, str, str]]
    bar: Mapping[str, float] | None
    levels: Mapping[str, str]


def lines(
    rows: Sequence[Row], shown: Sequence[Column], levels: Mapping[str, Mapping[str, str]]
) -> list[Line]:
    """The rows of the table, in the study's order."""
    scale = bars(rows)
    return [
        Line(
            row,
            place,
            [(column, column.text(row), _sort_value(column, row)) for column in shown],
            scale.get(row.id),
            {"depth": number(row.depth, "d"), **levels[row.id]},
        )
        for place, row in enumerate(rows)
    ]


def _sort_value(column: Column, row: Row) -> str:
    value = column.value(row) if column.value else column.text(row)
    return "" if value is None else str(value)
