"""The summary of a study: read from its files, built from sections, written in each format."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from study.data.manifest import read_manifest
from study.files import atomic
from study.runs.evaluation import Evaluation
from study.runs.finished import read_finished
from study.runs.history import History
from study.runs.learning import unlearned_runs
from study.runs.measures import MEASURES, Measure
from study.runs.metrics import Metrics, RunKey, read_failures, reported_accuracy
from study.statistics.conditions import Conclusion
from study.statistics.contrasts import ContrastRow
from study.statistics.effects import EffectRow
from study.statistics.ensembles import EnsembleRow
from study.statistics.failures import Failures, find_failures
from study.summary.accuracy import accuracy_section, selection_section
from study.summary.answer import answer
from study.summary.conclusions import five_conclusions
from study.summary.costs import cost_section
from study.summary.evidence import conclusion_section, contrast_section, effect_section
from study.summary.groups import networks_of
from study.summary.latex import to_latex
from study.summary.markdown import to_markdown
from study.summary.measures import ensemble_section, measure_section
from study.summary.overfitting import Thresholds
from study.summary.provenance import load_in_words, provenance_section
from study.summary.rows import Row, summarize
from study.summary.sections import Alert, Section
from study.summary.warnings import data_alert, data_section, learning_alert
from study.tables import read_records, write_records


def summary_sections(
    rows: Sequence[Row],
    runs: Sequence[Metrics],
    images: tuple[int, int],
    failures: Failures,
    thresholds: Thresholds,
    comparisons: pd.DataFrame,
    effects: pd.DataFrame,
    ensembles: pd.DataFrame,
    measure: Measure,
    conclusions: Sequence[Conclusion],
    alerts: Sequence[Alert] = (),
    data: Section | None = None,
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
        ensembles: the content of ensembles.csv.
        measure: the one that contrasts and effects are judged by.
        conclusions: the notebook's, judged by the runs.
        alerts: what a reader must know before the figures.
        data: the section on the data.
    """
    sections = [
        accuracy_section(rows, runs, images, failures, thresholds, alerts),
        contrast_section(comparisons),
        effect_section(effects),
        conclusion_section(conclusions, measure),
        measure_section(rows, measure),
        ensemble_section(ensembles),
        selection_section(rows, runs),
        cost_section(rows),
        data,
        provenance_section(rows, runs),
    ]
    return [section for section in sections if section]


@dataclass(frozen=True)
class Summary:
    """The content of the summary, and the files' content that it was made from.

    `metrics`, `histories` and `evaluations` are those of the finished runs; `failures` the errors
    of failed ones; `measure` is the one that contrasts and effects are judged by.
    """

    rows: Sequence[Row]
    metrics: Mapping[RunKey, Metrics]
    histories: Mapping[RunKey, History]
    evaluations: Mapping[RunKey, Evaluation]
    measure: Measure
    failures: Mapping[RunKey, str]
    comparisons: pd.DataFrame
    effects: pd.DataFrame
    sections: Sequence[Section]


def read_summary(
    *,
    metrics: Sequence[str],
    histories: Sequence[str],
    evaluations: Sequence[str],
    failed: Iterable[str],
    manifest: str,
    comparisons: str,
    effects: str,
    ensembles: str,
    metric: str,
    variants: Sequence[Mapping[str, Any]],
    runs: Iterable[Sequence[Any]],
    thresholds: Thresholds,
    licence: str,
    source: str,
) -> Summary:
    """Read the files of the runs and build the summary.

    `metrics`, `histories` and `evaluations` are those of the finished runs, in one order;
    `variants`, `runs` and `thresholds` are as for `summarize`; `licence` and `source` those of the
    data; `metric` is the measure that contrasts and effects are judged by.

    Raises:
        StudyError: a file is damaged, or the figures of a run do not agree.
    """
    expected = [RunKey(*run) for run in runs]
    found, measure = read_finished(metrics, histories, evaluations), MEASURES[metric]
    by_run = found.histories
    finished = {key: found.metrics[key] for key in expected if key in found.metrics}
    described = read_manifest(manifest)
    images = described.train_images, described.test_images
    unlearned = unlearned_runs(finished, described.test_per_class)
    errors = read_failures(failed)
    rows = summarize(
        variants,
        expected,
        finished,
        errors,
        thresholds,
        images[1],
        unlearned,
        found.evaluations,
    )
    content = list(finished.values())
    failures = find_failures(
        {key: reported_accuracy(run) for key, run in finished.items()}, images[1]
    )
    networks = networks_of(variants, finished, by_run, failures)
    contrasts = read_records(comparisons, ContrastRow)
    factor_effects = read_records(effects, EffectRow)
    sections = summary_sections(
        rows,
        content,
        images,
        failures,
        thresholds,
        contrasts,
        factor_effects,
        read_records(ensembles, EnsembleRow),
        measure,
        five_conclusions(networks, load_in_words(content)),
        [*data_alert(described), *learning_alert(unlearned, len(finished))],
        data_section(content, described, licence, source),
    )
    return Summary(
        rows,
        finished,
        {key: by_run[key] for key in finished},
        {key: found.evaluations[key] for key in finished},
        measure,
        errors,
        contrasts,
        factor_effects,
        sections,
    )


def write_summary(summary: Summary, *, csv: str, markdown: str, latex: str) -> None:
    """Write the summary in its three formats."""
    write_records(csv, Row, summary.rows)
    lead = answer(summary.rows, summary.comparisons, summary.measure)
    texts = ((markdown, to_markdown(summary.sections, lead)), (latex, to_latex(summary.sections)))
    for path, text in texts:
        with atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
