"""Bring the runs together: the front page, its tables in LaTeX, and one row per variant in CSV."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from study.conclusions import Network, RunFigures, five_conclusions, run_figures
from study.data.prepared import read_images
from study.files import atomic
from study.latex import to_latex
from study.logs import script_log
from study.markdown import to_markdown
from study.origins import load_in_words
from study.records import read_records, write_records
from study.runs.history import History, read_history
from study.runs.metrics import Run, read_failures, read_metrics
from study.summary import Metrics, Row, summarize
from study.tables import COMPARISON_COLUMNS, EFFECT_COLUMNS, Report

if TYPE_CHECKING:
    snakemake: Any


def networks_of(
    variants: Sequence[Mapping[str, Any]],
    metrics: Mapping[Run, Metrics],
    histories: Mapping[Run, History],
) -> list[Network]:
    """The variants as the notebook's conclusions see them, with the runs that are in `metrics`.

    Each of `variants` has the keys id, depth, notebook_group and multiply_adds.
    """
    figures: dict[str, dict[int, RunFigures]] = defaultdict(dict)
    for (id_, seed), run in metrics.items():
        figures[id_][seed] = run_figures(run, histories[id_, seed])
    return [
        Network(
            variant["id"],
            variant["depth"],
            variant["notebook_group"],
            variant["multiply_adds"],
            figures[variant["id"]],
        )
        for variant in variants
    ]


def main() -> None:
    files, params, output = snakemake.input, snakemake.params, snakemake.output
    metrics = read_metrics(files.metrics)
    finished = {(v, s): metrics[v, s] for v, s in params.runs if (v, s) in metrics}
    # read_metrics keeps the files' order, in which the histories stand too
    histories = dict(zip(metrics, map(read_history, files.histories), strict=True))
    images = read_images(files.manifest)
    rows = summarize(
        params.variants,
        params.runs,
        metrics,
        read_failures(params.failed),
        params.verdict,
        images[1],
    )
    report = Report(
        rows,
        list(finished.values()),
        images,
        params.verdict,
        read_records(files.comparisons, COMPARISON_COLUMNS),
        read_records(files.effects, EFFECT_COLUMNS),
        five_conclusions(
            networks_of(params.variants, finished, histories),
            load_in_words(list(finished.values())),
        ),
    )
    write_records(output.csv, Row, rows)
    for path, text in (
        (output.markdown, to_markdown(report)),
        (output.latex, to_latex(report)),
    ):
        with atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
