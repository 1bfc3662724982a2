"""Summarize the study: its page, its tables in LaTeX, and one row per variant in CSV."""

from typing import TYPE_CHECKING, Any

from study.logs import script_log
from study.summary.report import read_summary, write_summary

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
