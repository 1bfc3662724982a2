"""Summarize the study: its text, its tables in LaTeX, and in CSV by variant, run and epoch."""

from typing import TYPE_CHECKING, Any

from study.logs import script_log
from study.summary.report import read_summary, write_summary
from study.summary.tidy import epoch_table, run_table
from study.tables import write_csv

if TYPE_CHECKING:
    snakemake: Any


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        summary = read_summary(
            metrics=snakemake.input.metrics,
            histories=snakemake.input.histories,
            evaluations=snakemake.input.evaluations,
            failed=snakemake.params.failed,
            manifest=snakemake.input.manifest,
            comparisons=snakemake.input.comparisons,
            effects=snakemake.input.effects,
            ensembles=snakemake.input.ensembles,
            metric=snakemake.params.metric,
            variants=snakemake.params.variants,
            runs=snakemake.params.runs,
            thresholds=snakemake.params.verdict,
            licence=snakemake.params.licence,
            source=snakemake.params.source,
        )
        write_summary(
            summary,
            csv=snakemake.output.csv,
            markdown=snakemake.output.markdown,
            latex=snakemake.output.latex,
        )
        known = {
            run: {**metrics, "evaluation": summary.evaluations[run]}
            for run, metrics in summary.metrics.items()
        }
        runs = run_table(known, summary.failures, snakemake.params.levels)
        write_csv(snakemake.output.runs, runs)
        write_csv(snakemake.output.epochs, epoch_table(summary.histories))
