"""A run's history: its figures by epoch."""

import csv
from collections.abc import Sequence
from pathlib import Path

from study.errors import StudyError
from study.files import atomic

HISTORY = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"]


def write_history(path: str | Path, rows: Sequence[dict[str, float]]) -> None:
    """Write the history, one row for each epoch."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HISTORY, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")


History = dict[str, list[float]]
"""The columns of a history.csv, one value per epoch."""


def read_history(path: str | Path) -> History:
    """Read a history.csv.

    Raises:
        StudyError: no epoch, a missing column, or a value that is no number.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            raise StudyError(f"{path}: holds no epoch; delete it and run again")
        return {column: [float(row[column]) for row in rows] for column in COLUMNS}
    except (KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: damaged, needs numbers in {', '.join(COLUMNS)}") from error
