"""Compare the variants over paired seeds: contrasts and factor effects, as tables and figures."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from study.config.contrasts import Contrast
from study.figures.contrasts import ForestRow, forest_figure
from study.figures.interactions import interactions_figure
from study.figures.style import save
from study.logs import script_log
from study.runs.predictions import read_runs
from study.statistics.contrasts import ContrastRow, contrast_rows, pairs_of
from study.statistics.effects import EffectRow, effect_rows, value_table
from study.statistics.values import read_values
from study.tables import write_records

if TYPE_CHECKING:
    snakemake: Any


def compare(
    predictions: Sequence[str],
    evaluations: Sequence[str],
    output: Mapping[str, str],
    *,
    runs: Sequence[tuple[str, int]],
    seeds: Sequence[int],
    contrasts: Sequence[Contrast],
    factors: Mapping[str, Sequence[str]],
    design: Sequence[str],
    metric: str,
    margin: float,
    title: str,
    dpi: int,
) -> None:
    """Judge and draw every contrast, and in a factorial design every effect.

    Args:
        predictions, evaluations: files of `runs`, (variant, seed) each, in their order.
        output: paths of comparisons, effects, contrasts, and with factors interactions.
        factors: the levels of each factor; empty in a study without factors.
        design: the variants of the factorial design, the last factor varying fastest.
        metric: the measure to judge by.
        margin: the difference that does not matter, in percentage points for accuracies.

    Raises:
        StudyError: a file is damaged, the runs predict different images, or the metric is
            undefined on them.
    """
    found = read_runs(predictions, runs)
    values = read_values(metric, found, evaluations, runs)
    rows = contrast_rows(contrasts, found, values, seeds, margin)
    write_records(output["comparisons"], ContrastRow, rows)
    effects = effect_rows(factors, design, found, values, seeds, margin)
    write_records(output["effects"], EffectRow, effects)
    pairs = [pairs_of(contrast, found, values, seeds) for contrast in contrasts]
    drawn = [
        ForestRow.of(row, list(pair.differences.values()))
        for row, pair in zip(rows, pairs, strict=True)
    ]
    save(forest_figure(drawn, margin, title, values.measure), output["contrasts"], dpi)
    if factors:
        table = value_table(design, values, seeds)
        figure = interactions_figure(factors, table, title, values.measure)
        save(figure, output["interactions"], dpi)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        params = snakemake.params
        compare(
            snakemake.input.predictions,
            snakemake.input.evaluations,
            dict(snakemake.output.items()),
            runs=params.runs,
            seeds=params.seeds,
            contrasts=[Contrast(**contrast) for contrast in params.contrasts],
            factors=params.factors,
            design=params.design,
            metric=params.metric,
            margin=params.margin,
            title=params.title,
            dpi=params.dpi,
        )
