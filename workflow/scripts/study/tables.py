"""Tables as CSV files."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from study.errors import StudyError
from study.files import atomic


def write_records(path: str | Path, kind: type, records: Iterable[Any]) -> None:
    """Write dataclass instances of one `kind`: a column per field, in the fields' order."""
    names = [field.name for field in fields(kind)]
    with atomic(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(asdict, records))


def read_records(path: str | Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows as texts by column.

    Raises:
        StudyError: a column is missing, or a row has too few cells.
    """
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing or any(None in row.values() for row in rows):
        raise StudyError(
            f"{path}: damaged, needs the columns {', '.join(columns)}; delete it and run again"
        )
    return rows
