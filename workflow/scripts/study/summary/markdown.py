"""Sections rendered as Markdown, in which their texts are written already."""

import re
from collections.abc import Sequence

from prettytable import PrettyTable, TableStyle

from study.summary.sections import Alert, Block, Bullets, Kind, Mark, Section, Table, spans


def to_markdown(sections: Sequence[Section]) -> str:
    """A page; the title of the first section is the page's."""
    front, *others = sections
    parts = [*_section(front, level=1)]
    for section in others:
        parts += _section(section, level=2)
    return "\n\n".join(parts) + "\n"


def _section(section: Section, level: int) -> list[str]:
    parts = [f"{'#' * level} {_escape(section.title)}", *map(_block, section.blocks)]
    for detail in section.details:
        parts += _section(detail, level + 1)
    return parts


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Bullets):
        return _bullets(block.items)
    if isinstance(block, Alert):
        text = f"[!WARNING]\n{_escape(block.text)}\n\n{_bullets(block.reasons)}"
        return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    return _escape(block)


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {_escape(item)}" for item in items)


def _table(table: Table) -> str:
    pretty = PrettyTable(list(table.columns))
    pretty.set_style(TableStyle.MARKDOWN)
    for column, kind in table.columns.items():
        pretty.align[column] = "r" if kind is Kind.NUMBER else "l"
    for row in table.rows:
        pretty.add_row(
            [
                f"`{cell}`" if kind is Kind.CODE else _escape(cell).replace("|", "\\|")
                for kind, cell in zip(table.columns.values(), row, strict=True)
            ]
        )
    return pretty.get_string()


FORMS = {Mark.PLAIN: "{}", Mark.CODE: "`{}`", Mark.STRONG: "**{}**"}
"""Format strings for marked spans of text."""

SIGNS = re.compile(r"[\\`*\[]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|~(?=~)")
"""What begins HTML, a link, an image, an entity or a mark in Markdown."""


def _escape(text: str) -> str:
    """A text on one line that is shown as it is, but for its marks."""
    return "".join(
        FORMS[mark].format(span if mark is Mark.CODE else SIGNS.sub(r"\\\g<0>", span))
        for mark, span in spans(" ".join(text.split()))
    )
