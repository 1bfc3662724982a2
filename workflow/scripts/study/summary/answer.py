"""What the study may conclude, in three to five sentences, from the verdicts of its contrasts."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from study.runs.choice import best_place
from study.runs.measures import Measure
from study.statistics.findings import BETTER, IDENTICAL, NO_PAIR, TOO_FEW, WORSE
from study.statistics.sign_flip import least_seeds
from study.summary.rows import Row, measured
from study.words import count_of, number, plural, signed

MOST_NAMED = 4
"""Contrasts that a sentence names; the tables have the others."""


def answer(rows: Sequence[Row], comparisons: pd.DataFrame, measure: Measure) -> list[str]:
    """The sentences, most important first. `comparisons` is as in comparisons.csv, `measure` what
    it judges by.
    """
    finished = [row for row in rows if row.accuracy is not None]
    if not finished:
        return ["No run is finished, so nothing can be concluded."]
    contrasts = [row for row in comparisons.itertuples() if row.verdict != NO_PAIR]
    sentences = [
        _best(finished, measure),
        _decided(contrasts, measure),
        _small(contrasts),
        "" if max(row.n_seeds for row in finished) == 1 else _open(contrasts),
        _unfinished(rows),
    ]
    return [sentence for sentence in sentences if sentence]


def _best(finished: Sequence[Row], measure: Measure) -> str:
    known = [(row, value) for row in finished if (value := measured(row, measure)) is not None]
    if not known:
        return f"The {measure.words} is undefined on these test images."
    best, value = known[best_place(measure.key, [value for _, value in known])]
    seeds = count_of(best.n_seeds, "seed")
    mean = f"{'mean ' * (best.n_seeds > 1)}test {measure.words}"
    end = "lowest" if measure.lower_is_better else "highest"
    text = f"The {end} {mean} is that of `{best.id}`: {number(value, measure.spec)} ({seeds})."
    if max(row.n_seeds for row in finished) == 1:
        text += (
            " One seed cannot tell networks apart: another seed may order them otherwise. To tell "
            f"them apart takes at least {least_seeds()} seeds (`seeds: {least_seeds()}`)."
        )
    return text


def _decided(contrasts: Sequence[Any], measure: Measure) -> str:
    """Which differences are shown, largest first."""
    found = [row for row in contrasts if row.verdict in (BETTER, WORSE)]
    if not found:
        return ""
    found.sort(key=lambda row: -abs(row.difference))
    named = "; ".join(
        f"`{row.variant}` is {row.verdict} than `{row.baseline}` by "
        f"{signed(abs(row.difference), measure.digits).lstrip('+')} {measure.phrase}"
        for row in found[:MOST_NAMED]
    )
    rest = len(found) - MOST_NAMED
    more = f"; and {rest} more in the table below" if rest > 0 else ""
    return (
        f"Shown over seeds {'is' if len(found) == 1 else 'are'} {len(found)} of "
        f"{count_of(len(contrasts), 'difference')}: {named}{more}."
    )


def _small(contrasts: Sequence[Any]) -> str:
    """Which networks are as good as each other."""
    found = [
        row for row in contrasts if row.verdict == IDENTICAL or row.verdict.startswith("no diff")
    ]
    if not found:
        return ""
    named = ", ".join(f"`{row.variant}` and `{row.baseline}`" for row in found[:MOST_NAMED])
    rest = len(found) - MOST_NAMED
    more = f", and {count_of(rest, 'pair')} more" if rest > 0 else ""
    return f"As good as each other, within the margin that was set, are {named}{more}."


def _open(contrasts: Sequence[Any]) -> str:
    """How many contrasts are open, and how many seeds a difference of the margin takes."""
    few = [row for row in contrasts if row.verdict == TOO_FEW]
    undecided = [row for row in contrasts if row.verdict.startswith("undecided")]
    if not few and not undecided:
        return ""
    total = len(few) + len(undecided)
    text = (
        f"{total} of {count_of(len(contrasts), 'comparison')} {'is' if total == 1 else 'are'} not "
        "decided with these seeds"
    )
    needed = sorted(int(row.seeds_needed) for row in few if row.seeds_needed.isdigit())
    if needed:
        spread = f"{needed[0]}" if needed[0] == needed[-1] else f"{needed[0]} to {needed[-1]}"
        text += (
            f"; {least_seeds()} seeds can show a large difference, and one as small as the margin "
            f"takes about {spread} {plural(needed[-1], 'seed')}"
        )
    return text + "."


def _unfinished(rows: Sequence[Row]) -> str:
    """Which networks lack runs."""
    found = [row for row in rows if row.status != "complete"]
    if not found:
        return ""
    named = ", ".join(f"`{row.id}`" for row in found[:MOST_NAMED])
    rest = len(found) - MOST_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"Runs are missing or failed of {named}{more}; the table says which."
