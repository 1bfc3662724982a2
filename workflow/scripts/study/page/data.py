"""The figures that the page's script draws and sorts, as JSON; all are those of the tables."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from study.figures.time_accuracy import best_for_their_time
from study.runs.history import History
from study.runs.metrics import Metrics, RunKey, reported_accuracy
from study.summary.report import Summary
from study.summary.rows import Row

RUN_FIGURES = (
    *("test_accuracy", "test_loss", "train_loss", "train_loss_eval", "train_accuracy_eval"),
    *("best_epoch", "chosen_epoch", "seconds_per_epoch", "wall_seconds", "peak_memory_mb"),
)
"""Figures of a run that the page shows, by their names in metrics.json."""

CURVES = ("loss", "accuracy", "loss_eval", "accuracy_eval", "val_loss", "val_accuracy")
"""Columns of a history that the page draws."""

DIGITS = 6
"""Significant digits of a curve's figures; more cannot be seen."""


def page_data(
    summary: Summary, levels: Mapping[str, Mapping[str, str]], margin: float
) -> dict[str, Any]:
    """The whole study without the details of single runs.

    Args:
        summary: the summary's content.
        levels: the levels of each variant's factors, empty without factors.
        margin: the difference that does not matter, in percentage points for accuracies.
    """
    front = {row.id for row in best_for_their_time(summary.rows)}
    return {
        "margin": margin,
        "networks": [
            asdict(row) | {"levels": dict(levels[row.id]), "front": row.id in front}
            for row in summary.rows
        ],
        "contrasts": _contrasts(summary),
        "runs": [
            _run(key, metrics, summary.histories[key]) | {"value": value(summary, key)}
            for key, metrics in summary.metrics.items()
        ],
    }


def _run(key: RunKey, metrics: Metrics, history: History) -> dict[str, Any]:
    return {
        "network": key.variant,
        "seed": key.seed,
        "accuracy": reported_accuracy(metrics),
        **{name: metrics.get(name) for name in RUN_FIGURES},
        "curves": {name: [shortened(value) for value in history[name]] for name in CURVES},
    }


def _contrasts(summary: Summary) -> list[dict[str, Any]]:
    """The rows of comparisons.csv, each with the differences of its seeds."""
    values: dict[str, dict[int, float]] = {}
    for key in summary.metrics:
        if (found := value(summary, key)) is not None:
            values.setdefault(key.variant, {})[key.seed] = found
    rows = []
    for name, contrast in zip(
        contrast_names(summary.comparisons), records(summary.comparisons), strict=True
    ):
        baseline = values.get(contrast["baseline"], {})
        variant = values.get(contrast["variant"], {})
        points = {
            seed: shortened(variant[seed] - baseline[seed]) for seed in variant if seed in baseline
        }
        rows.append(contrast | {"name": name, "points": points})
    return rows


def value(summary: Summary, key: RunKey) -> float | None:
    """What the run is judged by, in the unit of the differences; None where it is undefined."""
    found = summary.evaluations[key][summary.measure.key]
    return None if found is None else summary.measure.scale * found


def contrast_names(comparisons: pd.DataFrame) -> list[str]:
    """The contrasts' names, with their families if there are several."""
    names = comparisons["contrast"]
    if comparisons["family"].nunique() > 1:
        names = comparisons["family"] + ": " + names
    return [str(name) for name in names]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, with None for an empty cell."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def shortened(value: float) -> float | None:
    """The figure with DIGITS digits; None where it is not finite, which JSON lacks."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def finite(value: Any) -> Any:
    """The content with None for each number that is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(entry) for key, entry in value.items()}
    return (
        [finite(entry) for entry in value]
        if isinstance(value, Sequence | tuple) and not (isinstance(value, str))
        else value
    )


def bars(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Where each accuracy, its interval and its spread lie on the table's common scale, 0 to 100.

    `low` and `high` are absent without an interval, `from` and `to` without a spread.
    """
    spans = [span for row in rows for span in (_interval(row), _spread(row)) if span]
    ends = [end for span in spans for end in span] + [
        row.accuracy for row in rows if row.accuracy is not None
    ]
    if not ends:
        return {}
    low, high = min(ends), max(ends)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return round(2 + 96 * (value - low) / width, 2)

    found = {}
    for row in rows:
        if row.accuracy is None:
            continue
        bar = {"mean": place(row.accuracy)}
        for names, span in ((("low", "high"), _interval(row)), (("from", "to"), _spread(row))):
            if span:
                bar |= dict(zip(names, map(place, span), strict=True))
        found[row.id] = bar
    return found


def _interval(row: Row) -> tuple[float, float] | None:
    if row.accuracy_low is None or row.accuracy_high is None:
        return None
    return row.accuracy_low, row.accuracy_high


def _spread(row: Row) -> tuple[float, float] | None:
    if row.accuracy is None or row.accuracy_sd is None:
        return None
    return row.accuracy - row.accuracy_sd, row.accuracy + row.accuracy_sd
