"""The sections on the measures beside accuracy, and on ensembles over seeds."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from study.runs.measures import MEASURES, Measure
from study.statistics.ensembles import MOST_SUBSETS
from study.summary.rows import Row, measured
from study.summary.sections import Cell, Kind, Section, Table, Weight, table_of
from study.words import number

SIZES = (2, 3, 5, 10)
"""The sizes of the ensembles in the table; the figure and the file have all."""


def measure_section(rows: Sequence[Row], measure: Measure) -> Section | None:
    """All measures of each network; None without a finished run. `measure` is what judges."""
    if all(row.nll is None for row in rows):
        return None
    return Section(
        "Measures",
        [
            measure_table(rows),
            f"Contrasts and effects are judged by {measure.words} (`comparison.metric`). Balanced "
            "accuracy is the mean of the classes' accuracies, AUC the mean area under the ROC "
            "curves of each class against the rest. The negative log-likelihood is that of the "
            "true classes, whatever loss was trained. The Brier score is summed over classes, so "
            "that it lies between 0 and 2. Of these two, lower is better.",
        ],
        weight=Weight.MINOR if max(row.n_seeds for row in rows) > 1 else Weight.OPEN,
    )


def measure_table(rows: Sequence[Row]) -> Table:
    """A column for each measure: means over seeds with their standard deviation."""
    columns: Mapping[str, tuple[Kind, Cell[Row]]] = {
        "Variant": (Kind.CODE, lambda row: row.id),
        "n": (Kind.NUMBER, lambda row: str(row.n_seeds)),
        **{
            measure.title: (Kind.NUMBER, partial(measure_in_words, measure))
            for measure in MEASURES.values()
        },
    }
    return table_of(
        rows,
        columns,
        name="measures",
        caption="Measures on the test images: means over n seeds, with standard deviations.",
    )


def measure_in_words(measure: Measure, row: Row) -> str:
    """`99.45% ± 0.05%`, `0.0183 ± 0.0012`."""
    return number(measured(row, measure), measure.spec, getattr(row, f"{measure.key}_sd"))


def ensemble_section(ensembles: pd.DataFrame) -> Section | None:
    """Ensembles over seeds; None where no network has enough. As in ensembles.csv."""
    if ensembles.empty:
        return None
    return Section(
        "Ensembles over seeds",
        [
            ensemble_table(ensembles),
            "An ensemble of k predicts the class whose mean probability over k seeds of one "
            "network is highest. Figures are means over all subsets of k seeds, or "
            f"{MOST_SUBSETS} random ones where there are more, ± their standard deviation; with "
            "k = n there is one. Nothing was picked on the test images. Subsets of the same seeds "
            "overlap, so the spread understates that of ensembles of new seeds. Published "
            "ensembles may be picked: that of An et al. (2020) keeps the best epoch and the best "
            "of 120 ensembles by their accuracy on the test images, and is not comparable.",
        ],
        weight=Weight.MINOR,
    )


def ensemble_table(ensembles: pd.DataFrame) -> Table:
    """A row for each network: the mean single network, and ensembles of some sizes."""
    sizes = [size for size in SIZES if size in set(ensembles["members"])]
    by_variant: dict[str, dict[int, Any]] = {}
    for row in ensembles.itertuples():
        by_variant.setdefault(str(row.variant), {})[int(str(row.members))] = row

    def cell(size: int, found: Mapping[int, Any]) -> str:
        row = found.get(size)
        if row is None:
            return number(None, "")
        return number(row.accuracy, ".2%", None if pd.isna(row.sd) else row.sd)

    return Table(
        {
            "Variant": Kind.CODE,
            "n": Kind.NUMBER,
            "One network": Kind.NUMBER,
            **{f"k = {size}": Kind.NUMBER for size in sizes},
        },
        [
            [variant, str(found[1].n), *(cell(size, found) for size in (1, *sizes))]
            for variant, found in by_variant.items()
        ],
        name="ensembles",
        caption="Test accuracy of ensembles of k seeds, over subsets of n seeds.",
    )
