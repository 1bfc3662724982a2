"""Sections rendered as Markdown, in which their texts are written already."""

import re
from collections.abc import Sequence
from html import escape
from itertools import takewhile

from prettytable import PrettyTable, TableStyle

from study.summary.sections import (
    Alert,
    Block,
    Bullets,
    Kind,
    Mark,
    Section,
    Table,
    Weight,
    spans,
)


def to_markdown(sections: Sequence[Section], lead: Sequence[str] = ()) -> str:
    """A page, short: minor sections are folded; those for which one seed is too few are left out.

    The title of the first section is the page's. The sentences of `lead` come first, below the
    alerts at its start.
    """
    front, *others = sections
    title, *blocks = _section(front, level=1)
    alerts = len(list(takewhile(lambda block: isinstance(block, Alert), front.blocks)))
    first = [*lead, *_left_out(others)]
    parts = [title, *blocks[:alerts], *([_bullets(first)] if first else []), *blocks[alerts:]]
    for section in others:
        if section.weight is not Weight.OPEN:
            parts += _section(section, level=2)
    return "\n\n".join(parts).replace(f"{FOLD_END}\n\n{FOLD}", f"{FOLD_END}\n{FOLD}") + "\n"


def _left_out(sections: Sequence[Section]) -> list[str]:
    """A sentence that names the sections that are left out, if there are any."""
    titles = [f"“{section.title}”" for section in sections if section.weight is Weight.OPEN]
    if not titles:
        return []
    return [f"Left out with one seed: {', '.join(titles)} (see `report.html`)."]


FOLD, FOLD_END = "<details>", "</details>"


def _section(section: Section, level: int) -> list[str]:
    folded = section.weight is Weight.MINOR
    title = (
        f"{FOLD}<summary><b>{_html(section.title)}</b></summary>"
        if folded
        else f"{'#' * level} {_escape(section.title)}"
    )
    parts = [title, *map(_block, section.blocks)]
    for detail in section.details:
        parts += _section(detail, level + 1)
    return [*parts, FOLD_END] if folded else parts


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

HTML_FORMS = {Mark.PLAIN: "{}", Mark.CODE: "<code>{}</code>", Mark.STRONG: "<b>{}</b>"}
"""The same within HTML, where Markdown is not read."""

SIGNS = re.compile(r"[\\`*\[]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|~(?=~)")
"""What begins HTML, a link, an image, an entity or a mark in Markdown."""


def _escape(text: str) -> str:
    """A text on one line that is shown as it is, but for its marks."""
    return "".join(
        FORMS[mark].format(span if mark is Mark.CODE else SIGNS.sub(r"\\\g<0>", span))
        for mark, span in spans(" ".join(text.split()))
    )


def _html(text: str) -> str:
    """A text on one line within an HTML element."""
    return "".join(
        HTML_FORMS[mark].format(escape(span, quote=False))
        for mark, span in spans(" ".join(text.split()))
    )
