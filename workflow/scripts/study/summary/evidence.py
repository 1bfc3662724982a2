"""The conclusions that the runs allow: contrasts, effects of factors, the notebook's claims."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from study.runs.choice import ACCURACY
from study.runs.measures import MEASURES, Measure
from study.statistics.conditions import NO_ANSWER, Conclusion
from study.statistics.failures import unseen_failure_rate
from study.statistics.findings import BETTER, HIGHER, IDENTICAL, LOWER, NO_PAIR, WORSE
from study.statistics.sign_flip import least_seeds
from study.summary.sections import INTERVAL, Bullets, Cell, Kind, Section, Table, Weight, table_of
from study.words import NONE, p_value, signed


def contrast_section(comparisons: pd.DataFrame) -> Section | None:
    """The contrasts; None if there are none. `comparisons` is as in comparisons.csv."""
    if comparisons.empty:
        return None
    return Section(
        "Differences between networks",
        [
            contrast_table(comparisons),
            _what_is_tested(comparisons) + _margin(comparisons),
            "`comparisons.csv` states each in a sentence, with McNemar's test for each seed; "
            "`contrasts.png` draws them.",
        ],
        weight=_weight(comparisons["n"]),
    )


def contrast_table(comparisons: pd.DataFrame) -> Table:
    """The contrasts: difference with its interval, adjusted p, and verdict."""
    measure = _measure(comparisons)
    columns: Mapping[str, tuple[Kind, Cell[Any]]] = {
        "Contrast": (Kind.TEXT, lambda row: row.contrast),
        "n": (Kind.NUMBER, lambda row: str(row.n)),
        measure.heading("Difference"): (
            Kind.NUMBER,
            lambda row: signed(row.difference, measure.digits),
        ),
        INTERVAL: (Kind.NUMBER, _interval),
        "Adjusted p": (Kind.NUMBER, lambda row: p_value(row.p_adjusted)),
        "P(A > B)": (Kind.NUMBER, _superiority),
        "In words": (Kind.TEXT, _verdict),
    }
    if comparisons["family"].nunique() > 1:
        columns = {"Family": (Kind.TEXT, lambda row: row.family), **columns}
    return table_of(
        list(comparisons.itertuples()),
        columns,
        name="contrasts",
        caption=f"Differences of test {measure.words}, variant minus baseline, over n paired "
        f"seeds{_better(measure)}; intervals and p are adjusted for the number of contrasts (sign "
        "flips, single-step maxT).",
    )


def effect_section(effects: pd.DataFrame) -> Section | None:
    """The effects of factors; None without factors. `effects` is as in effects.csv."""
    if effects.empty:
        return None
    return Section(
        "Effects of the factors",
        [
            effect_table(effects),
            "Main effects and interactions of two factors, computed within each of n seeds. "
            + _what_is_tested(effects),
        ],
        weight=_weight(effects["n"]),
    )


def effect_table(effects: pd.DataFrame) -> Table:
    """The effects of the factors of a factorial design, and their interactions."""
    measure = _measure(effects)
    columns: Mapping[str, tuple[Kind, Cell[Any]]] = {
        "Effect": (Kind.TEXT, lambda row: row.effect),
        "Levels": (Kind.TEXT, lambda row: row.levels),
        "n": (Kind.NUMBER, lambda row: str(row.n)),
        measure.heading("Estimate"): (
            Kind.NUMBER,
            lambda row: signed(row.estimate, measure.digits),
        ),
        INTERVAL: (Kind.NUMBER, _interval),
        "Adjusted p": (Kind.NUMBER, lambda row: p_value(row.p_adjusted)),
        "In words": (Kind.TEXT, _verdict),
    }
    return table_of(
        list(effects.itertuples()),
        columns,
        name="effects",
        caption=f"Effects of the factors on test {measure.words}, over n "
        f"seeds{_better(measure)}; intervals and p are adjusted for the number of effects (sign "
        "flips, single-step maxT).",
    )


def conclusion_section(conclusions: Sequence[Conclusion], measure: Measure) -> Section | None:
    """The answers to the notebook's conclusions, and for each its figures and its rule.

    None without conclusions. They are about accuracy, also where `measure` judges the contrasts.
    """
    if not conclusions:
        return None
    return Section(
        "The notebook's five conclusions",
        [
            conclusion_table(conclusions),
            "A conclusion is supported if each of its conditions below is supported, and not "
            "supported if one is refuted. Conditions are judged by the test of the contrasts, sign "
            f"flips over paired seeds, which needs at least {least_seeds()} seeds. One is "
            "supported where its 95 % interval lies on the required side of the bound, and refuted "
            "where the interval that is simultaneous for all conditions lies on the other side."
            + _still_accuracy(measure),
        ],
        [
            Section(
                f"{conclusion.number}. {conclusion.claim}",
                [
                    f"**{conclusion.answer.capitalize()}** (n = {conclusion.n}). {conclusion.why}",
                    condition_table(conclusion),
                    Bullets([conclusion.rule, *conclusion.remarks]),
                ],
                weight=Weight.MINOR,
            )
            for conclusion in conclusions
        ],
        _weight([conclusion.n for conclusion in conclusions]),
    )


def _still_accuracy(measure: Measure) -> str:
    if measure.key == ACCURACY:
        return ""
    return f" They are about accuracy, while {measure.words} judges the contrasts."


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
    rows = [
        [
            answer.condition.name,
            answer.condition.requirement,
            answer.mean_in_words,
            answer.interval_in_words,
            str(answer.n),
            NO_ANSWER if conclusion.no_answer else answer.words,
        ]
        for answer in conclusion.answers
    ]
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


def _weight(seeds: Iterable[int]) -> Weight:
    """How much findings matter that rest on so many seeds each."""
    most = max(seeds)
    if most >= least_seeds():
        return Weight.MAIN
    return Weight.MINOR if most > 1 else Weight.OPEN


def _what_is_tested(table: pd.DataFrame) -> str:
    """What the figures of a table of contrasts or effects mean."""
    is_contrasts = "baseline" in table
    sign = "negative" if is_contrasts and _measure(table).lower_is_better else "positive"
    text = (
        "Tested is the typical difference over paired seeds: whether each seed's difference is as "
        "likely to have either sign (sign flips). Interval and p are one test, adjusted for the "
        "whole family: the interval excludes zero exactly if p ≤ 0.05. P(A > B) is the "
        f"probability that one seed gives a {sign} difference, with its 95 % interval."
    )
    if table["low"].isna().any() and table["normal_low"].notna().any():
        text += (
            f" With fewer than {least_seeds()} seeds the test has no interval; the one “if normal” "
            "is Student's t, which decides nothing."
        )
    return text


def _measure(table: pd.DataFrame) -> Measure:
    """What the differences of a table are differences in."""
    return MEASURES[table["metric"].iloc[0]]


def _better(measure: Measure) -> str:
    return " (lower is better)" * measure.lower_is_better


def _margin(comparisons: pd.DataFrame) -> str:
    """The margin of equivalence beside the errors of the baselines."""
    shares = comparisons["margin_of_errors"].dropna()
    if shares.empty:
        return ""
    low, high = (f"{100 * share:.0f}" for share in (shares.min(), shares.max()))
    return (
        " The margin below which a difference is said not to matter "
        f"(`comparison.equivalence_margin`) is {low if low == high else f'{low} to {high}'} % of "
        "the baselines' errors."
    )


def _interval(row: Any) -> str:
    """The interval that decides; else the one that holds for normal differences."""
    digits = MEASURES[row.metric].digits
    if not pd.isna(row.low):
        return f"{signed(row.low, digits)} to {signed(row.high, digits)}"
    if row.verdict in (IDENTICAL, NO_PAIR) or pd.isna(row.normal_low):
        return NONE
    return f"if normal: {signed(row.normal_low, digits)} to {signed(row.normal_high, digits)}"


def _superiority(row: Any) -> str:
    """`0.90 (0.55 to 1.00)`."""
    if pd.isna(row.superiority):
        return NONE
    return f"{row.superiority:.2f} ({row.superiority_low:.2f} to {row.superiority_high:.2f})"


def _verdict(row: Any) -> str:
    """The verdict, with what qualifies it: seeds needed, the margin, failed trainings."""
    text = row.verdict
    if row.seeds_needed:
        text += f" (at least {row.seeds_needed})".replace("at least >", "more than ")
    if row.within_margin == "yes" and row.verdict in (BETTER, WORSE, HIGHER, LOWER):
        text += ", by less than the margin"
    elif row.within_margin == "yes" and not row.failed_runs:
        text += f" (up to {100 * unseen_failure_rate(row.n):.0f} % of trainings may fail)"
    if row.verdict_without_failed:
        text += f"; without the failed {row.failed_runs}: {row.verdict_without_failed}"
    return text
