"""The last lines of a finished run: the study's table, what may be concluded, where the page is."""

import textwrap
from collections.abc import Sequence

import pandas as pd
from prettytable import PrettyTable, TableStyle

from study.runs.measures import Measure
from study.summary.answer import answer
from study.summary.rows import Row
from study.words import number

MOST_ROWS = 24
"""Networks in the table, the most accurate ones; a screen holds no more."""

WIDTH = 78

MOST_LETTERS = 18
"""Of a verdict; the tables have all of it."""


def closing_text(
    rows: Sequence[Row], comparisons: pd.DataFrame, measure: Measure, page: str
) -> str:
    """The text, which fits a screen of 80 columns.

    `measure` is what `comparisons` judges by, `page` the path of the page.
    """
    table = PrettyTable(["Network", "Accuracy", "n", "Test error", "s / epoch", "Performance"])
    table.set_style(TableStyle.SINGLE_BORDER)
    table.align = "r"
    table.align["Network"] = table.align["Performance"] = "l"
    best = sorted(rows, key=lambda row: -(row.accuracy or 0))
    kept = {row.id for row in best[:MOST_ROWS]}
    for row in rows:
        if row.id in kept:
            table.add_row(
                [
                    row.id,
                    number(row.accuracy, ".2%", row.accuracy_sd),
                    row.n_seeds,
                    number(row.test_loss, ".4f"),
                    number(row.seconds_per_epoch, ".1f"),
                    textwrap.shorten(row.verdict or row.status, MOST_LETTERS, placeholder=" …"),
                ]
            )
    left_out = len(rows) - len(kept)
    more = [f"and {left_out} less accurate networks"] if left_out else []
    sentences = " ".join(answer(rows, comparisons, measure)).replace("`", "")
    return "\n".join(
        [table.get_string(), *more, *textwrap.wrap(sentences, WIDTH), f"The page: {page}", ""]
    )
