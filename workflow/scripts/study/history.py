"""Read back a run's history, its figures by epoch."""

import csv
from pathlib import Path

from study.errors import StudyError

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
