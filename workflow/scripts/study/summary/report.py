"""The summary of a study: read from its files, built from sections, written in each format."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from study.data.prepared import read_images
from study.files import atomic
from study.runs.history import read_histories
from study.runs.metrics import Metrics, RunKey, read_failures, read_metrics, reported_accuracy
from study.statistics.conditions import Conclusion
from study.statistics.contrasts import ContrastRow
from study.statistics.effects import EffectRow
from study.statistics.failures import Failures, find_failures
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
    failures: Failures,
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
        failures: the trainings that did not learn.
        thresholds: the verdict's rule.
        comparisons: the content of comparisons.csv.
        effects: the content of effects.csv.
        conclusions: the notebook's, judged by the runs.
    """
    sections = [
        accuracy_section(rows, runs, images, failures, thresholds),
        contrast_section(comparisons),
        effect_section(effects),
        conclusion_section(conclusions),
        selection_section(rows, runs),
        cost_section(rows),
        provenance_section(rows, runs),
    ]
    return [section for section in sections if section]


def write_summary(
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
    csv: str,
    markdown: str,
    latex: str,
) -> None:
    """Read the files of the runs and write `csv`, `markdown` and `latex`.

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
    rows = summarize(variants, expected, finished, read_failures(failed), thresholds, images[1])
    content = list(finished.values())
    failures = find_failures(
        {key: reported_accuracy(run) for key, run in finished.items()}, images[1]
    )
    networks = networks_of(variants, finished, by_run, failures)
    sections = summary_sections(
        rows,
        content,
        images,
        failures,
        thresholds,
        read_records(comparisons, ContrastRow),
        read_records(effects, EffectRow),
        five_conclusions(networks, load_in_words(content)),
    )
    write_records(csv, Row, rows)
    for path, text in ((markdown, to_markdown(sections)), (latex, to_latex(sections))):
        with atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
