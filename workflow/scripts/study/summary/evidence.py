"""The conclusions that the runs allow: contrasts, effects of factors, the notebook's claims."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from study.statistics.conditions import Conclusion, mean_in_words
from study.summary.sections import INTERVAL, Bullets, Cell, Kind, Section, Table, table_of
from study.words import NONE, p_value, signed


def contrast_section(comparisons: pd.DataFrame) -> Section | None:
    """The contrasts; None if there are none. `comparisons` is as in comparisons.csv."""
    if comparisons.empty:
        return None
    return Section(
        "What may be concluded",
        [
            contrast_table(comparisons),
            "Differences are variant minus baseline, over n paired seeds; p is adjusted by Holm's "
            "method for all contrasts of a family. `comparisons.csv` states each in a sentence, "
            "with its tests and McNemar's test for each seed; `contrasts.png` draws them.",
        ],
    )


def contrast_table(comparisons: pd.DataFrame) -> Table:
    """The contrasts: difference with its interval, adjusted p, and verdict."""
    columns: Mapping[str, tuple[Kind, Cell[Any]]] = {
        "Contrast": (Kind.TEXT, lambda row: row.contrast),
        "n": (Kind.NUMBER, lambda row: str(row.n)),
        "Difference (points)": (Kind.NUMBER, lambda row: signed(row.difference)),
        INTERVAL: (Kind.NUMBER, _interval),
        "Adjusted p": (Kind.NUMBER, lambda row: p_value(row.p_adjusted)),
        "In words": (Kind.TEXT, _verdict),
    }
    if comparisons["family"].nunique() > 1:
        columns = {"Family": (Kind.TEXT, lambda row: row.family), **columns}
    return table_of(
        list(comparisons.itertuples()),
        columns,
        name="contrasts",
        caption="Differences of test accuracy, variant minus baseline, over n paired seeds; p "
        "adjusted by Holm's method.",
    )


def effect_section(effects: pd.DataFrame) -> Section | None:
    """The effects of factors; None without factors. `effects` is as in effects.csv."""
    if effects.empty:
        return None
    return Section(
        "Effects of the factors",
        [
            effect_table(effects),
            "Main effects and interactions of two factors, computed within each of n seeds.",
        ],
    )


def effect_table(effects: pd.DataFrame) -> Table:
    """The effects of the factors of a factorial design, and their interactions."""
    columns: Mapping[str, tuple[Kind, Cell[Any]]] = {
        "Effect": (Kind.TEXT, lambda row: row.effect),
        "Levels": (Kind.TEXT, lambda row: row.levels),
        "n": (Kind.NUMBER, lambda row: str(row.n)),
        "Estimate (points)": (Kind.NUMBER, lambda row: signed(row.estimate)),
        INTERVAL: (Kind.NUMBER, _interval),
        "Adjusted p": (Kind.NUMBER, lambda row: p_value(row.p_adjusted)),
        "In words": (Kind.TEXT, lambda row: row.verdict),
    }
    return table_of(
        list(effects.itertuples()),
        columns,
        name="effects",
        caption="Effects of the factors on test accuracy, over n seeds; p adjusted by Holm's "
        "method.",
    )


def conclusion_section(conclusions: Sequence[Conclusion]) -> Section | None:
    """The answers to the notebook's conclusions, and for each its figures and its rule.

    None without conclusions.
    """
    if not conclusions:
        return None
    return Section(
        "The notebook's five conclusions",
        [
            conclusion_table(conclusions),
            "A conclusion is supported if each of its conditions below is shown over the seeds.",
        ],
        [
            Section(
                f"{conclusion.number}. {conclusion.claim}",
                [
                    f"**{conclusion.answer.capitalize()}** (n = {conclusion.n}). {conclusion.why}",
                    condition_table(conclusion),
                    Bullets([conclusion.rule, *conclusion.remarks]),
                ],
            )
            for conclusion in conclusions
        ],
    )


def conclusion_table(conclusions: Sequence[Conclusion]) -> Table:
    """The notebook's conclusions with the answers of this study."""
    return table_of(
        conclusions,
        {
            "": (Kind.NUMBER, lambda conclusion: str(conclusion.number)),
            "Conclusion of the notebook": (Kind.TEXT, lambda conclusion: conclusion.claim),
            "Answer": (Kind.TEXT, lambda conclusion: conclusion.answer),
            "n": (Kind.NUMBER, lambda conclusion: str(conclusion.n)),
        },
        name="conclusions",
        caption="The conclusions of the 2019 notebook, over n seeds.",
    )


def condition_table(conclusion: Conclusion) -> Table:
    """The conditions of one conclusion, each with its bound, its mean and its answer."""
    rows = []
    for condition, answer in zip(conclusion.conditions, conclusion.answers, strict=True):
        mean, interval = mean_in_words(condition.values, condition.show)
        n = str(len(condition.values))
        rows.append([condition.name, condition.requirement(), mean, interval, n, answer])
    return Table(
        {
            "Condition": Kind.TEXT,
            "Must be": Kind.NUMBER,
            "Mean": Kind.NUMBER,
            INTERVAL: Kind.NUMBER,
            "n": Kind.NUMBER,
            "Answer": Kind.TEXT,
        },
        rows,
    )


def _interval(row: Any) -> str:
    return NONE if pd.isna(row.low) else f"{signed(row.low)} to {signed(row.high)}"


def _verdict(row: Any) -> str:
    """The verdict, and the number of seeds that would be enough if there are too few."""
    seeds = row.seeds_needed.replace(">", "more than ")
    return f"{row.verdict} ({seeds} could)" if seeds else row.verdict
