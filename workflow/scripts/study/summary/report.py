"""The summary of a study: read from its files, built from sections, written in each format."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from study.data.prepared import read_images
from study.files import atomic
from study.runs.history import History, read_histories
from study.runs.metrics import Metrics, RunKey, read_failures, read_metrics
from study.statistics.conditions import Conclusion
from study.statistics.contrasts import ContrastRow
from study.statistics.effects import EffectRow
from study.summary.accuracy import accuracy_section, selection_section
from study.summary.conclusions import five_conclusions
from study.summary.costs import cost_section
from study.summary.evidence import conclusion_section, contrast_section, effect_section
from study.summary.groups import networks_of
from study.summary.latex import to_latex
from study.summary.markdown import to_markdown
from study.summary.overfitting import Thresholds
from study.summary.provenance import load_in_words, provenance_section
from study.summary.rows import Row, summarize
from study.summary.sections import Section
from study.tables import read_records, write_records


def summary_sections(
    rows: Sequence[Row],
    runs: Sequence[Metrics],
    images: tuple[int, int],
    thresholds: Thresholds,
    comparisons: pd.DataFrame,
    effects: pd.DataFrame,
    conclusions: Sequence[Conclusion],
) -> list[Section]:
    """The sections of the summary, without those that have no content.

    Args:
        rows: the figures of each variant.
        runs: the metrics of the finished runs behind `rows`.
        images: the numbers of training and of test images.
        thresholds: the verdict's rule.
        comparisons: the content of comparisons.csv.
        effects: the content of effects.csv.
        conclusions: the notebook's, judged by the runs.
    """
    sections = [
        accuracy_section(rows, runs, images, thresholds),
        contrast_section(comparisons),
        effect_section(effects),
        conclusion_section(conclusions),
        selection_section(rows, runs),
        cost_section(rows),
        provenance_section(rows, runs),
    ]
    return [section for section in sections if section]


@dataclass(frozen=True)
class Summary:
    """The content of the summary, and the files' content that it was made from.

    `metrics` and `histories` are those of the finished runs; `failures` the errors of failed ones.
    """

    rows: Sequence[Row]
    metrics: Mapping[RunKey, Metrics]
    histories: Mapping[RunKey, History]
    failures: Mapping[RunKey, str]
    comparisons: pd.DataFrame
    effects: pd.DataFrame
    sections: Sequence[Section]


def read_summary(
    *,
    metrics: Iterable[str],
    histories: Sequence[str],
    failed: Iterable[str],
    manifest: str,
    comparisons: str,
    effects: str,
    variants: Sequence[Mapping[str, Any]],
    runs: Iterable[Sequence[Any]],
    thresholds: Thresholds,
) -> Summary:
    """Read the files of the runs and build the summary.

    `histories` are those of the runs in `metrics`, in the same order; `variants`, `runs` and
    `thresholds` are as for `summarize`.

    Raises:
        StudyError: a file is damaged.
    """
    expected = [RunKey(*run) for run in runs]
    found = read_metrics(metrics)
    by_run = dict(zip(found, read_histories(histories), strict=True))
    finished = {key: found[key] for key in expected if key in found}
    images = read_images(manifest)
    errors = read_failures(failed)
    rows = summarize(variants, expected, finished, errors, thresholds, images[1])
    content = list(finished.values())
    networks = networks_of(variants, finished, by_run)
    contrasts = read_records(comparisons, ContrastRow)
    factor_effects = read_records(effects, EffectRow)
    sections = summary_sections(
        rows,
        content,
        images,
        thresholds,
        contrasts,
        factor_effects,
        five_conclusions(networks, load_in_words(content)),
    )
    curves = {key: by_run[key] for key in finished}
    return Summary(rows, finished, curves, errors, contrasts, factor_effects, sections)


def write_summary(summary: Summary, *, csv: str, markdown: str, latex: str) -> None:
    """Write the summary in its three formats."""
    write_records(csv, Row, summary.rows)
    texts = ((markdown, to_markdown(summary.sections)), (latex, to_latex(summary.sections)))
    for path, text in texts:
        with atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
