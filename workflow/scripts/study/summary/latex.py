"""The main tables in LaTeX, fit for a paper."""

from study.summary.report import (
    Report,
    Table,
    conclusion_table,
    contrast_table,
    cost_table,
    effect_table,
    performance_table,
    selection_table,
)

# What LaTeX reads as a command, and signs that its standard fonts lack.
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


def to_latex(report: Report) -> str:
    """The whole of summary.tex: a table environment for each table that has rows."""
    rows = report.rows
    methods = ", ".join(sorted({row.accuracy_interval for row in rows if row.accuracy_interval}))
    tables = {
        "accuracy": (
            performance_table(rows),
            "Test accuracy, errors of the last epoch, and verdict; n seeds per network."
            + (f" Intervals: {methods}." if methods else ""),
        ),
        "contrasts": (
            contrast_table(report.comparisons),
            "Differences of test accuracy, variant minus baseline, over n paired seeds; p adjusted "
            "by Holm's method.",
        ),
        "effects": (
            effect_table(report.effects),
            "Effects of the factors on test accuracy, over n seeds; p adjusted by Holm's method.",
        ),
        "conclusions": (
            conclusion_table(report.conclusions),
            "The conclusions of the 2019 notebook, over n seeds.",
        ),
        "selection": (
            selection_table(rows),
            "The last epoch, and the epoch chosen on held-out training images.",
        ),
        "cost": (cost_table(rows), "Size and time of the networks."),
    }
    parts = [
        "% Needs \\usepackage{booktabs} and \\usepackage{graphicx}; made by snakemake.",
        *(
            latex_table(table, caption, f"tab:{name}")
            for name, (table, caption) in tables.items()
            if table.rows
        ),
    ]
    return "\n\n".join(parts) + "\n"


def latex_table(table: Table, caption: str, label: str) -> str:
    """A floating table between rules, shrunk to the width of the text where it is wider."""
    spec = "".join("l" if column in table.left else "r" for column in table.columns)
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escape(caption)}}}",
        rf"  \label{{{label}}}",
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"  \begin{{tabular}}{{{spec}}}",
        r"    \toprule",
        _row([escape(column) for column in table.columns]),
        r"    \midrule",
        *(
            _row(
                [
                    rf"\texttt{{{escape(cell)}}}" if column in table.code else escape(cell)
                    for column, cell in zip(table.columns, row, strict=True)
                ]
            )
            for row in table.rows
        ),
        r"    \bottomrule",
        r"  \end{tabular}}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text as LaTeX prints it."""
    return " ".join(text.split()).translate(ESCAPES)


def _row(cells: list[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"
