"""Write the study's page: one HTML file to look at, to sort, to mail."""

from typing import TYPE_CHECKING, Any

from study.config.contrasts import Contrast
from study.files import atomic
from study.logs import script_log
from study.page.closing import closing_text
from study.page.configuration import configuration
from study.page.report import Design, write_page
from study.runs.metrics import RunKey
from study.summary.report import read_summary

if TYPE_CHECKING:
    snakemake: Any


def files_of(detailed: list[list[Any]], files: list[str]) -> dict[RunKey, str]:
    """The files by the runs (variant, seed) to show in detail, which are all runs or none."""
    return {RunKey(*run): file for run, file in zip(detailed, files, strict=bool(detailed))}


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        files, params = snakemake.input, snakemake.params
        contrasts = [Contrast(**contrast) for contrast in params.contrasts]
        summary = read_summary(
            metrics=files.metrics,
            histories=files.histories,
            evaluations=files.evaluations,
            failed=params.failed,
            manifest=files.manifest,
            comparisons=files.comparisons,
            effects=files.effects,
            ensembles=files.ensembles,
            metric=params.comparison["metric"],
            variants=params.variants,
            runs=params.runs,
            thresholds=params.verdict,
            licence=params.licence,
            source=params.source,
        )
        write_page(
            snakemake.output.page,
            summary,
            Design(
                networks=params.networks,
                contrasts=contrasts,
                factors=params.factors,
                margin=params.comparison["equivalence_margin"],
                configuration=configuration(
                    params.dataset,
                    params.seeds,
                    params.comparison,
                    params.verdict,
                    params.variants,
                    params.networks,
                    contrasts,
                ),
            ),
            manifest=files.manifest,
            data=files.data,
            predictions=files_of(params.detailed, files.predictions),
            weights=files_of(params.detailed, files.weights),
        )
        text = closing_text(
            summary.rows, summary.comparisons, summary.measure, snakemake.output.page
        )
        with atomic(snakemake.output.closing) as temporary:
            temporary.write_text(text, encoding="utf-8")
