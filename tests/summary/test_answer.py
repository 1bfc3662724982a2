"""The study's answer in sentences."""

import math
from dataclasses import fields
from typing import Any

import pandas as pd

from study.runs.measures import MEASURES
from study.statistics.contrasts import ContrastRow
from study.summary.answer import answer
from study.summary.rows import Row

ACCURACY = MEASURES["accuracy"]


def row(id_: str, accuracy: float | None, n: int = 10, status: str = "complete") -> Row:
    content: dict[str, Any] = dict.fromkeys(field.name for field in fields(Row))
    return Row(**content | {"id": id_, "accuracy": accuracy, "n_seeds": n, "status": status})


def contrasts(*verdicts: tuple[str, str, float, str, str]) -> pd.DataFrame:
    columns = [field.name for field in fields(ContrastRow)]
    given = ["variant", "baseline", "difference", "verdict", "seeds_needed"]
    return pd.DataFrame(verdicts, columns=given).reindex(columns=columns)


def test_nothing_is_concluded_without_runs() -> None:
    (sentence,) = answer([row("a", None, 0, "missing")], contrasts(), ACCURACY)
    assert "nothing can be concluded" in sentence


def test_one_seed_tells_no_networks_apart() -> None:
    sentences = answer(
        [row("a", 0.99, 1), row("b", 0.98, 1)],
        contrasts(("b", "a", -1.0, "too few seeds to tell", "6")).assign(n=1),
        ACCURACY,
    )
    assert len(sentences) == 1
    assert "highest test accuracy is that of `a`: 99.00% (1 seed)" in sentences[0]
    assert "One seed cannot tell networks apart" in sentences[0]
    assert "To tell them apart takes at least 6 seeds (`seeds: 6`)." in sentences[0]


def test_few_seeds_say_how_many_it_takes() -> None:
    sentences = answer(
        [row("a", 0.99, 3), row("b", 0.98, 3)],
        contrasts(("b", "a", -1.0, "too few seeds to tell", "12")).assign(n=3),
        ACCURACY,
    )
    assert sentences[1] == (
        "1 of 1 comparison is not decided with these seeds; 6 seeds can show a large difference, "
        "and one as small as the margin takes about 12 seeds."
    )


def test_differences_that_are_shown_come_largest_first() -> None:
    sentences = answer(
        [row("a", 0.99), row("b", 0.98), row("c", 0.97), row("d", math.nan, 0, "missing")],
        contrasts(
            ("b", "a", -1.0, "worse", ""),
            ("c", "a", -2.0, "worse", ""),
            ("c", "b", 0.01, "no difference larger than 0.1", ""),
            ("d", "a", 0.0, "no pair of finished runs", ""),
        ),
        ACCURACY,
    )
    assert "Shown over seeds are 2 of 3 differences" in sentences[1]
    assert sentences[1].index("`c` is worse than `a` by 2.00") < sentences[1].index("`b` is worse")
    assert "As good as each other, within the margin that was set, are `c` and `b`." in sentences
    assert "Runs are missing or failed of `d`" in sentences[-1]
