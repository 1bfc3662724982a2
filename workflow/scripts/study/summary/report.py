"""The summary's tables as rows of text, for Markdown and for LaTeX."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from study.statistics.conditions import NONE, Conclusion, mean_in_words
from study.summary.overfitting import Thresholds
from study.summary.rows import Metrics, Row

NOTEBOOK_COLUMNS = (
    "Number of Convolutional layers",
    "Optimizations",
    "Accuracy",
    "Train error",
    "Test error",
    "Performance",
)


INTERVAL = "95 % interval"


COMPARISON_COLUMNS = (
    *("family", "contrast", "n", "difference", "low", "high"),
    *("p_adjusted", "verdict", "seeds_needed"),
)
"""What is read of comparisons.csv."""


EFFECT_COLUMNS = (
    *("kind", "effect", "levels", "n", "estimate", "low", "high"),
    *("p_adjusted", "verdict"),
)
"""What is read of effects.csv."""


Record = Mapping[str, str]
"""A row of a CSV file."""


Entry = TypeVar("Entry")
"""What one row of a table is made from."""


@dataclass(frozen=True)
class Report:
    """All that the summary tells.

    `runs` are the metrics of the finished runs behind `rows`; `images` counts the dataset's
    training and test images; `comparisons` and `effects` are rows of the CSV files of these names.
    """

    rows: Sequence[Row]
    runs: Sequence[Metrics]
    images: tuple[int, int]
    thresholds: Thresholds
    comparisons: Sequence[Record] = ()
    effects: Sequence[Record] = ()
    conclusions: Sequence[Conclusion] = ()


@dataclass(frozen=True)
class Table:
    """Cells of plain text; the columns named in `left` hold words, those in `code` ids."""

    columns: tuple[str, ...]
    rows: list[list[str]]
    left: tuple[str, ...] = ()
    code: tuple[str, ...] = ()


def performance_table(rows: Sequence[Row]) -> Table:
    """The 2019 notebook's six columns; then the number of seeds, and the accuracy's interval."""
    cells = []
    previous = None
    for row in rows:
        status = "" if row.status == "complete" else row.status
        cells.append(
            [
                str(row.depth) if row.depth != previous else "",
                row.label,
                number(row.accuracy, ".2%", row.accuracy_sd, ".2%"),
                number(row.train_loss, ".4f", row.train_loss_sd),
                number(row.test_loss, ".4f", row.test_loss_sd),
                "; ".join(filter(None, (row.verdict, status))),
                str(row.n_seeds),
                _accuracy_interval(row, rows),
            ]
        )
        previous = row.depth
    columns = (*NOTEBOOK_COLUMNS, "n", INTERVAL)
    return Table(columns, cells, left=("Optimizations", "Performance"))


def cost_table(rows: Sequence[Row]) -> Table:
    """What each variant costs; beside it the published accuracies, where there are any."""
    columns: dict[str, Callable[[Row], str]] = {
        "Variant": lambda row: row.id,
        "n": lambda row: str(row.n_seeds),
        "Parameters": lambda row: number(row.parameters, ","),
        "Seconds per epoch": lambda row: number(
            row.seconds_per_epoch, ".1f", row.seconds_per_epoch_sd
        ),
        "Best epoch": lambda row: number(row.best_epoch, "g"),
    }
    if any_published(rows):
        columns |= {
            "Published accuracy": lambda row: number(row.reference_accuracy, ".2%"),
            "Accuracy": lambda row: number(row.accuracy, ".2%", row.accuracy_sd, ".2%"),
            "Difference (points)": lambda row: signed(row.difference_points),
        }
    return _table(columns, rows, left=("Variant",), code=("Variant",))


def selection_table(rows: Sequence[Row]) -> Table:
    """The last epoch and the chosen one side by side, for the variants that chose one."""
    columns: dict[str, Callable[[Row], str]] = {
        "Variant": lambda row: row.id,
        "n": lambda row: str(row.n_seeds),
        "Accuracy, last epoch": lambda row: number(row.test_accuracy, ".2%"),
        "Test error, last epoch": lambda row: number(row.test_loss, ".4f"),
        "Chosen epoch": lambda row: number(row.chosen_epoch, "g"),
        "Accuracy, chosen epoch": lambda row: number(row.chosen_test_accuracy, ".2%"),
        "Test error, chosen epoch": lambda row: number(row.chosen_test_loss, ".4f"),
    }
    chosen = [row for row in rows if row.chosen_epoch is not None]
    return _table(columns, chosen, left=("Variant",), code=("Variant",))


def contrast_table(comparisons: Sequence[Record]) -> Table:
    """The contrasts: difference with its interval, adjusted p, and what may be concluded."""
    columns: dict[str, Callable[[Record], str]] = {
        "Contrast": lambda row: row["contrast"],
        "n": lambda row: row["n"],
        "Difference (points)": lambda row: signed(_figure(row["difference"])),
        INTERVAL: lambda row: _interval(row["low"], row["high"]),
        "Adjusted p": lambda row: p_value(_figure(row["p_adjusted"])),
        "In words": _verdict,
    }
    if len({row["family"] for row in comparisons}) > 1:
        columns = {"Family": lambda row: row["family"]} | columns
    return _table(columns, comparisons, left=("Family", "Contrast", "In words"))


def effect_table(effects: Sequence[Record]) -> Table:
    """The effects of the factors of a factorial design, and their interactions."""
    columns: dict[str, Callable[[Record], str]] = {
        "Effect": lambda row: row["effect"],
        "Levels": lambda row: row["levels"],
        "n": lambda row: row["n"],
        "Estimate (points)": lambda row: signed(_figure(row["estimate"])),
        INTERVAL: lambda row: _interval(row["low"], row["high"]),
        "Adjusted p": lambda row: p_value(_figure(row["p_adjusted"])),
        "In words": lambda row: row["verdict"],
    }
    return _table(columns, effects, left=("Effect", "Levels", "In words"))


def conclusion_table(conclusions: Sequence[Conclusion]) -> Table:
    """The notebook's conclusions with the answers of this study."""
    columns: dict[str, Callable[[Conclusion], str]] = {
        "": lambda conclusion: str(conclusion.number),
        "Conclusion of the notebook": lambda conclusion: conclusion.claim,
        "Answer": lambda conclusion: conclusion.answer,
        "n": lambda conclusion: str(conclusion.n),
    }
    return _table(columns, conclusions, left=("Conclusion of the notebook", "Answer"))


def condition_table(conclusion: Conclusion) -> Table:
    """What decides one conclusion: each figure, what it must be, and what it is."""
    rows = []
    for condition, answer in zip(conclusion.conditions, conclusion.answers, strict=True):
        mean, interval = mean_in_words(condition.values, condition.show)
        n = str(len(condition.values))
        rows.append([condition.name, condition.requirement(), mean, interval, n, answer])
    columns = ("Condition", "Must be", "Mean", INTERVAL, "n", "Answer")
    return Table(columns, rows, left=("Condition", "Answer"))


def any_published(rows: Sequence[Row]) -> bool:
    return any(row.reference_accuracy is not None for row in rows)


def number(
    value: float | None, spec: str, sd: float | None = None, sd_spec: str | None = None
) -> str:
    """`value`, with ± `sd` where there is one; an em dash for None."""
    if value is None:
        return NONE
    if sd is None:
        return format(value, spec)
    return f"{value:{spec}} ± {sd:{sd_spec or spec}}"


def signed(points: float | None) -> str:
    """Percentage points with their sign, +0.31 or −0.31."""
    return NONE if points is None else f"{points:+.2f}".replace("-", "−")


def p_value(p: float | None) -> str:
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _table(
    columns: Mapping[str, Callable[[Entry], str]],
    entries: Sequence[Entry],
    left: tuple[str, ...] = (),
    code: tuple[str, ...] = (),
) -> Table:
    rows = [[cell(entry) for cell in columns.values()] for entry in entries]
    return Table(tuple(columns), rows, left, code)


def _accuracy_interval(row: Row, rows: Sequence[Row]) -> str:
    """From 99.27 to 99.57 as 99.27–99.57%; its method where the table has several."""
    if row.accuracy_low is None or row.accuracy_high is None:
        return NONE if row.n_seeds == 0 else "no spread over seeds"
    methods = {other.accuracy_interval for other in rows} - {None}
    method = f" ({row.accuracy_interval})" if len(methods) > 1 else ""
    return f"{100 * row.accuracy_low:.2f}–{row.accuracy_high:.2%}{method}"


def _verdict(row: Record) -> str:
    """The verdict, and how many seeds could tell where there are too few."""
    seeds = row["seeds_needed"].replace(">", "more than ")
    return f"{row['verdict']} ({seeds} could)" if seeds else row["verdict"]


def _figure(cell: str) -> float | None:
    return float(cell) if cell else None


def _interval(low: str, high: str) -> str:
    return f"{signed(float(low))} to {signed(float(high))}" if low and high else NONE
