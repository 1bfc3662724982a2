"""Sections rendered as Markdown, in which their texts are written already."""

from collections.abc import Sequence

from prettytable import PrettyTable, TableStyle

from study.summary.sections import Alert, Block, Bullets, Kind, Section, Table


def to_markdown(sections: Sequence[Section]) -> str:
    """A page; the title of the first section is the page's."""
    front, *others = sections
    parts = [*_section(front, level=1)]
    for section in others:
        parts += _section(section, level=2)
    return "\n\n".join(parts) + "\n"


def _section(section: Section, level: int) -> list[str]:
    parts = [f"{'#' * level} {section.title}", *map(_block, section.blocks)]
    for detail in section.details:
        parts += _section(detail, level + 1)
    return parts


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Bullets):
        return _bullets(block.items)
    if isinstance(block, Alert):
        text = f"[!WARNING]\n{block.text}\n\n{_bullets(block.reasons)}"
        return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    return block


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(table: Table) -> str:
    pretty = PrettyTable(list(table.columns))
    pretty.set_style(TableStyle.MARKDOWN)
    for column, kind in table.columns.items():
        pretty.align[column] = "r" if kind is Kind.NUMBER else "l"
    for row in table.rows:
        pretty.add_row(
            [
                f"`{cell}`" if kind is Kind.CODE else _escape(cell)
                for kind, cell in zip(table.columns.values(), row, strict=True)
            ]
        )
    return pretty.get_string()


def _escape(cell: str) -> str:
    """A cell's text without line breaks and ends of columns."""
    return " ".join(cell.split()).replace("\\", "\\\\").replace("|", "\\|")
