"""The tables of sections rendered as LaTeX, for a paper."""

from collections.abc import Iterable, Iterator, Sequence

from study.summary.sections import Kind, Mark, Section, Table, spans

# Characters that LaTeX reads as commands, and signs that its standard fonts lack.
ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "±": r"$\pm$",
        "−": r"$-$",
        "×": r"$\times$",
        "→": r"$\to$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "—": "---",
        "–": "--",
        "“": "``",
        "”": "''",
    }
)

COMMANDS = {Mark.PLAIN: "{}", Mark.CODE: r"\texttt{{{}}}", Mark.STRONG: r"\textbf{{{}}}"}
"""Format strings for marked spans of text."""


def to_latex(sections: Sequence[Section]) -> str:
    """A table environment for each table that has a caption and rows."""
    parts = [
        "% Needs \\usepackage{booktabs} and \\usepackage{graphicx}; made by snakemake.",
        *(_table(table) for table in _tables(sections) if table.caption and table.rows),
    ]
    return "\n\n".join(parts) + "\n"


def _tables(sections: Iterable[Section]) -> Iterator[Table]:
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, Table))
        yield from _tables(section.details)


def _table(table: Table) -> str:
    """A floating table between rules, shrunk to the width of the text if it is wider."""
    kinds = table.columns.values()
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escape(table.caption)}}}",
        rf"  \label{{tab:{table.name}}}",
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"  \begin{{tabular}}{{{''.join('r' if kind is Kind.NUMBER else 'l' for kind in kinds)}}}",
        r"    \toprule",
        _row(map(escape, table.columns)),
        r"    \midrule",
        *(_row(map(_cell, kinds, row)) for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _cell(kind: Kind, cell: str) -> str:
    return COMMANDS[Mark.CODE].format(_plain(cell)) if kind is Kind.CODE else escape(cell)


def _row(cells: Iterable[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def escape(text: str) -> str:
    """A text as LaTeX prints it, with its marks as commands."""
    return "".join(
        COMMANDS[mark].format(_plain(span)) for mark, span in spans(" ".join(text.split()))
    )


def _plain(text: str) -> str:
    return text.translate(ESCAPES)
