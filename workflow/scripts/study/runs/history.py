"""A run's history: loss and accuracy by epoch, as history.csv and as a data frame."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from study.errors import StudyError
from study.tables import write_csv

History = pd.DataFrame
"""A row for each epoch, with the columns of COLUMNS."""


COLUMNS: Mapping[str, type] = {
    "epoch": int,
    "loss": float,
    "accuracy": float,
    "loss_eval": float,
    "accuracy_eval": float,
    "val_loss": float,
    "val_accuracy": float,
    "seconds": float,
    "train_seconds": float,
    "load": float,
}
"""The columns of a history and their types.

`loss` and `accuracy` are those of the training steps, dropout on; `loss_eval` and `accuracy_eval`
those of a fixed sample of the training images after the epoch, dropout off, which compare with
`val_loss` and `val_accuracy`. `seconds` are those of the whole epoch, `train_seconds` those of the
training steps alone. `load` is the machine's load average over the last minute of the epoch.
"""


HEADER = ",".join(COLUMNS) + "\n"


def write_history(path: str | Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write the history from the figures of each epoch."""
    write_csv(path, pd.DataFrame(rows, columns=list(COLUMNS)))


def read_history(path: str | Path) -> History:
    """Read a history.csv.

    Raises:
        StudyError: the file is damaged or has no epoch.
    """
    (history,) = read_histories([path])
    return history


def read_histories(paths: Sequence[str | Path]) -> list[History]:
    """Read several histories; parsed together, ten times as fast as one by one.

    Raises:
        StudyError: a file is damaged or has no epoch.
    """
    texts = [_epochs(path) for path in paths]
    try:
        together = _parsed("".join(texts))
    except ValueError:
        for path, text in zip(paths, texts, strict=True):
            _check_numbers(path, text)
        raise
    histories, end = [], 0
    for text in texts:
        start, end = end, end + text.count("\n")
        histories.append(together[start:end].reset_index(drop=True))
    return histories


def _epochs(path: str | Path) -> str:
    """The lines of a history.csv below its header."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    if text == HEADER:
        raise StudyError(f"{path}: holds no epoch; delete it and run again")
    cells = text.count(",") + text.count("\n")
    if (
        not text.startswith(HEADER)
        or not text.endswith("\n")
        or cells != len(COLUMNS) * text.count("\n")
    ):
        raise StudyError(
            f"{path}: damaged, needs the header {HEADER.strip()} and whole lines; "
            "delete it and run again"
        )
    return text.removeprefix(HEADER)


def _parsed(epochs: str) -> History:
    return pd.read_csv(
        io.StringIO(HEADER + epochs),
        dtype=dict(COLUMNS),
        na_filter=False,  # an empty cell is an error, not NaN
        skip_blank_lines=False,
        quoting=csv.QUOTE_NONE,
    )


def _check_numbers(path: str | Path, epochs: str) -> None:
    try:
        _parsed(epochs)
    except ValueError as error:
        raise StudyError(
            f"{path}: damaged, needs a number in each cell; delete it and run again"
        ) from error
