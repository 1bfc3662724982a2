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
from study.statistics.effects import EffectRow, accuracy_table, effect_rows
from study.tables import write_records

if TYPE_CHECKING:
    snakemake: Any


def compare(
    predictions: Sequence[str],
    output: Mapping[str, str],
    *,
    runs: Sequence[tuple[str, int]],
    seeds: Sequence[int],
    contrasts: Sequence[Contrast],
    factors: Mapping[str, Sequence[str]],
    design: Sequence[str],
    margin: float,
    title: str,
    dpi: int,
) -> None:
    """Judge and draw every contrast, and in a factorial design every effect.

    Args:
        predictions: the files of `runs`, (variant, seed) each, in their order.
        output: paths of comparisons, effects, contrasts, and with factors interactions.
        factors: the levels of each factor; empty in a study without factors.
        design: the variants of the factorial design, the last factor varying fastest.
        margin: percentage points below which a difference does not matter.

    Raises:
        StudyError: a file is damaged, or the runs predict different images.
    """
    found = read_runs(predictions, runs)
    rows = contrast_rows(contrasts, found, seeds, margin)
    write_records(output["comparisons"], ContrastRow, rows)
    accuracies = accuracy_table(design, found, seeds)
    effects = effect_rows(factors, design, found, seeds, margin)
    write_records(output["effects"], EffectRow, effects)
    points = [pairs_of(contrast, found, seeds).points for contrast in contrasts]
    drawn = [ForestRow.of(row, each) for row, each in zip(rows, points, strict=True)]
    save(forest_figure(drawn, margin, title), output["contrasts"], dpi)
    if factors:
        save(interactions_figure(factors, accuracies, title), output["interactions"], dpi)


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        params = snakemake.params
        compare(
            snakemake.input.predictions,
            dict(snakemake.output.items()),
            runs=params.runs,
            seeds=params.seeds,
            contrasts=[Contrast(**contrast) for contrast in params.contrasts],
            factors=params.factors,
            design=params.design,
            margin=params.margin,
            title=params.title,
            dpi=params.dpi,
        )
