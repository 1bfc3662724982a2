"""Bring the runs together: the front page, its tables in LaTeX, and one row per variant in CSV."""

from typing import TYPE_CHECKING, Any

from study.data.prepared import read_images
from study.files import atomic
from study.logs import script_log
from study.runs.history import read_history
from study.runs.metrics import read_failures, read_metrics
from study.summary.conclusions import five_conclusions
from study.summary.groups import networks_of
from study.summary.latex import to_latex
from study.summary.markdown import to_markdown
from study.summary.provenance import load_in_words
from study.summary.report import COMPARISON_COLUMNS, EFFECT_COLUMNS, Report
from study.summary.rows import Row, summarize
from study.tables import read_records, write_records

if TYPE_CHECKING:
    snakemake: Any


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
