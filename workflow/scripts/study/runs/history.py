"""A run's history: loss and accuracy by epoch, as history.csv and as a data frame."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    "learning_rate": float,
    "val_metric": float,
}
"""The columns of a history and their types.

`loss` and `accuracy` are those of the training steps, dropout on; `loss_eval` and `accuracy_eval`
those of a fixed sample of the training images after the epoch, dropout off, which compare with
`val_loss` and `val_accuracy`. `seconds` are those of the whole epoch, `train_seconds` those of the
training steps alone. `load` is the machine's load average over the last minute of the epoch,
`learning_rate` that of the epoch's last step. `val_metric` is the measure that the best epoch is
found by: that of `comparison.metric` where it chooses the epoch, else the accuracy.
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
    wrong = _wrong(together)
    histories, end = [], 0
    for path, text in zip(paths, texts, strict=True):
        start, end = end, end + text.count("\n")
        history = together[start:end].reset_index(drop=True)
        _check_values(path, history, wrong[start:end])
        histories.append(history)
    return histories


def _wrong(history: History) -> NDArray[np.bool_]:
    """Whether each figure [epochs, columns] is out of its range; NaN is in it."""
    values = history.to_numpy(dtype=float)
    highest = [1.0 if "accuracy" in name else math.inf for name in COLUMNS]
    return (values < 0) | (values > highest)


def _check_values(path: str | Path, history: History, wrong: NDArray[np.bool_]) -> None:
    """Check the ranges of all figures, and that the epochs are 1, 2, 3 and so on."""
    if wrong.any():
        row, column = (int(places[0]) for places in np.nonzero(wrong))
        name = list(COLUMNS)[column]
        value = float(history[name].to_numpy()[row])
        limits = "from 0 to 1" if "accuracy" in name else "of at least 0"
        raise StudyError(
            f"{path}: {name}: {value:g} in row {row + 1} is not a number {limits}; delete it and "
            "run again"
        )
    epochs = history["epoch"].to_numpy()
    odd = np.flatnonzero(epochs != np.arange(1, len(epochs) + 1))
    if len(odd):
        raise StudyError(
            f"{path}: epoch: {epochs[odd[0]]} in row {odd[0] + 1}, where epoch {odd[0] + 1} is "
            "missing; delete it and run again"
        )


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
