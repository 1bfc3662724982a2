"""The parts of a summary, which each renderer turns into its format.

Texts are plain, with two marks as in Markdown: `code` and **important words**. `spans` splits a
text at its marks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

INTERVAL = "95 % interval"
"""The name of a column of intervals."""


class Kind(Enum):
    """The content of a column."""

    NUMBER = auto()
    TEXT = auto()
    CODE = auto()
    """Identifiers, as in the configuration."""


@dataclass(frozen=True)
class Table:
    """Cells of text, with the kind of each column.

    A table with a `caption` is fit for a paper, where `name` identifies it.
    """

    columns: Mapping[str, Kind]
    rows: Sequence[Sequence[str]]
    name: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Bullets:
    """An unordered list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Alert:
    """A warning with its reasons."""

    text: str
    reasons: Sequence[str]


Block = str | Table | Bullets | Alert
"""A paragraph, or something else below a title."""


class Weight(Enum):
    """How much a section matters to most readers."""

    MAIN = auto()
    MINOR = auto()
    """Folded away."""
    OPEN = auto()
    """Left out of a short text, because one seed shows no spread."""


@dataclass(frozen=True)
class Section:
    """A title with its content; `details` are sections that a page may fold away."""

    title: str
    blocks: Sequence[Block]
    details: Sequence["Section"] = ()
    weight: Weight = Weight.MAIN


Entry = TypeVar("Entry")

Cell = Callable[[Entry], str]
"""Makes the text of one cell from the entry of its row."""


def table_of(
    entries: Sequence[Entry],
    columns: Mapping[str, tuple[Kind, Cell[Entry]]],
    name: str = "",
    caption: str = "",
) -> Table:
    """A table with a row for each entry."""
    return Table(
        {column: kind for column, (kind, _) in columns.items()},
        [[cell(entry) for _, cell in columns.values()] for entry in entries],
        name,
        caption,
    )


class Mark(Enum):
    """The marks that a span of text can have."""

    PLAIN = auto()
    CODE = auto()
    STRONG = auto()


MARKS = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*")


def spans(text: str) -> list[tuple[Mark, str]]:
    """The spans of a text, each with its mark."""
    found, end = [], 0
    for match in MARKS.finditer(text):
        found.append((Mark.PLAIN, text[end : match.start()]))
        mark = Mark.CODE if match[1] else Mark.STRONG
        found.append((mark, match[1] or match[2]))
        end = match.end()
    found.append((Mark.PLAIN, text[end:]))
    return [(mark, span) for mark, span in found if span]
