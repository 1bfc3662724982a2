"""Tables as CSV files: a row for each instance of a dataclass, a column for each field."""

import io
import re
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd

from study.errors import StudyError
from study.files import atomic

_FORMULA = re.compile(r"'*[=+\-@＝＋－＠]")
"""The start of a text that a spreadsheet takes for a formula, marked as text already or not."""


def as_text(cell: str) -> str:
    """A text as a spreadsheet shows it: an apostrophe before what would start a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _without_mark(cell: str) -> str:
    """The text that `as_text` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write_records(path: str | Path, kind: type, records: Iterable[Any]) -> None:
    """Write instances of the dataclass `kind`.

    Floats are not rounded, and None is an empty cell. A text that a spreadsheet would take for a
    formula gets an apostrophe, which `read_records` removes.
    """
    columns = [field.name for field in fields(kind)]
    rows = [
        [as_text(cell) if isinstance(cell, str) else cell for cell in asdict(record).values()]
        for record in records
    ]
    # As objects, whole numbers stay whole in a column that has empty cells.
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
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
    texts = [name for name, type_ in types.items() if type_ is str]
    frame[texts] = frame[texts].map(_without_mark)
    return frame[list(types)]
