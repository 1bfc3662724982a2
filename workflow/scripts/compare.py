"""Compare the variants over paired seeds: contrasts and factor effects, as tables and figures."""

from typing import TYPE_CHECKING, Any

from study.config.contrasts import Contrast
from study.figures.contrasts import ForestRow, forest_figure
from study.figures.interactions import interactions_figure
from study.files import atomic
from study.logs import script_log
from study.runs.predictions import read_runs
from study.statistics.contrasts import ContrastRow, contrast_rows, pairs_of
from study.statistics.effects import EffectRow, accuracy_table, effect_rows
from study.tables import write_records

if TYPE_CHECKING:
    snakemake: Any


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        params, output = snakemake.params, snakemake.output
        runs = read_runs(snakemake.input.predictions, params.runs)
        contrasts = [Contrast(**contrast) for contrast in params.contrasts]
        rows = contrast_rows(contrasts, runs, params.seeds, params.margin)
        write_records(output.comparisons, ContrastRow, rows)
        table = accuracy_table(params.design, runs, params.seeds)
        effects_found = effect_rows(params.factors, table, len(params.seeds), params.margin)
        write_records(output.effects, EffectRow, effects_found)
        drawn = [
            ForestRow(
                name=row.contrast,
                detail=row.differs,
                points=tuple(pairs_of(contrast, runs, params.seeds).points),
                mean=row.difference,
                interval=None if row.low is None or row.high is None else (row.low, row.high),
                verdict=row.verdict,
            )
            for contrast, row in zip(contrasts, rows, strict=True)
        ]
        figures = {output.contrasts: forest_figure(drawn, params.margin, params.title)}
        if params.factors:
            figures[output.interactions] = interactions_figure(params.factors, table, params.title)
        for path, figure in figures.items():
            with atomic(path) as temporary:
                figure.savefig(temporary, dpi=params.dpi)
