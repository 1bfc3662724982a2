"""Summaries of made-up runs, and what their tests look at."""

import math
from collections.abc import Sequence
from typing import Any, get_type_hints

import pandas as pd

from study.runs.measures import MEASURES
from study.runs.metrics import RunKey, reported_accuracy
from study.statistics.conditions import Conclusion
from study.statistics.contrasts import ContrastRow
from study.statistics.effects import EffectRow
from study.statistics.ensembles import EnsembleRow
from study.statistics.failures import Failures, find_failures
from study.summary.markdown import to_markdown
from study.summary.report import summary_sections
from study.summary.rows import Row, summarize
from study.summary.sections import Section
from synthetic import THRESHOLDS, VARIANTS, metrics

IMAGES = (60000, 10000)
Runs = dict[RunKey, dict[str, Any]]


def study(seeds: int = 1) -> Runs:
    return {RunKey(v["id"], s): metrics(v["id"], s) for v in VARIANTS for s in range(1, seeds + 1)}


def rows_of(runs: Runs, seeds: int = 1, failures: dict | None = None) -> list[Row]:
    expected = [(v["id"], s) for v in VARIANTS for s in range(1, seeds + 1)]
    return summarize(VARIANTS, expected, runs, failures or {}, THRESHOLDS, IMAGES[1])


def records(kind: type, *rows: dict[str, Any]) -> pd.DataFrame:
    """A table as it is read from its file; figures that are not given are missing."""
    hints = get_type_hints(kind)
    judged = {"metric": "accuracy"} if "metric" in hints else {}
    empty = {name: "" if type_ is str else math.nan for name, type_ in hints.items()}
    return pd.DataFrame([empty | judged | row for row in rows], columns=list(hints))


def failures_among(runs: Runs) -> Failures:
    return find_failures({key: reported_accuracy(run) for key, run in runs.items()}, IMAGES[1])


def sections_of(
    runs: Runs,
    seeds: int = 1,
    failures: dict | None = None,
    comparisons: tuple[dict[str, Any], ...] = (),
    effects: tuple[dict[str, Any], ...] = (),
    conclusions: Sequence[Conclusion] = (),
) -> list[Section]:
    return summary_sections(
        rows_of(runs, seeds, failures),
        list(runs.values()),
        IMAGES,
        failures_among(runs),
        THRESHOLDS,
        records(ContrastRow, *comparisons),
        records(EffectRow, *effects),
        records(EnsembleRow),
        MEASURES["accuracy"],
        conclusions,
    )


def text_of(runs: Runs, *arguments: Any, **more: Any) -> str:
    return to_markdown(sections_of(runs, *arguments, **more))


def tables(text: str) -> list[list[list[str]]]:
    """The cells of every Markdown table, the rule below its head left out."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [[table[0], *table[2:]] for table in found if table]


COMPARISON = {
    **{"family": "study", "contrast": "conv3-k5 vs conv3-k3", "n": 10},
    **{"difference": -0.731, "low": -0.9, "high": -0.5, "p_adjusted": 0.0176},
    **{"superiority": 0.05, "superiority_low": 0.001, "superiority_high": 0.36},
    **{"verdict": "worse", "within_margin": "no"},
}
