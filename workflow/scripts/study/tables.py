"""Tables as CSV files: a row for each instance of a dataclass, a column for each field."""

import io
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd

from study.errors import StudyError
from study.files import atomic


def write_records(path: str | Path, kind: type, records: Iterable[Any]) -> None:
    """Write instances of the dataclass `kind`. Floats are not rounded; None is an empty cell."""
    columns = [field.name for field in fields(kind)]
    # As objects, whole numbers stay whole in a column that has empty cells.
    frame = pd.DataFrame([asdict(record) for record in records], columns=columns, dtype=object)
    write_csv(path, frame)


def write_csv(path: str | Path, frame: pd.DataFrame) -> None:
    """Write the columns of `frame`, without its index."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")


def read_records(path: str | Path, kind: type) -> pd.DataFrame:
    """Read a table written by `write_records`, with a column for each field of `kind`.

    Columns of `str` and `int` fields keep their type. All others are floats, with NaN for an empty
    cell. Text is never read as a missing value.

    Raises:
        StudyError: the file ends within a line, a column is missing, or a value is not of its
            column's type.
    """
    hints = get_type_hints(kind)
    types = {
        field.name: hints[field.name] if hints[field.name] in (str, int) else float
        for field in fields(kind)
    }
    try:
        text = Path(path).read_text(encoding="utf-8")
        if not text.endswith("\n"):
            raise ValueError("the last line is cut off")
        frame = pd.read_csv(
            io.StringIO(text),
            usecols=list(types),
            dtype=types,
            keep_default_na=False,
            na_values={name: [""] for name, type_ in types.items() if type_ is not str},
        )
    except ValueError as error:  # pandas' parser errors are ValueErrors too
        raise StudyError(
            f"{path}: damaged, needs the columns {', '.join(types)}; delete it and run again"
        ) from error
    return frame[list(types)]
