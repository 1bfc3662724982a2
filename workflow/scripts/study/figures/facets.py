"""The histories of all runs as one frame, shared out to the panels of a figure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from study.figures.style import PALETTE
from study.runs.history import History
from study.runs.metrics import RunKey
from study.summary.rows import Row
from study.words import depth_in_words

MOST_CURVES = len(PALETTE)  # in one facet


@dataclass(frozen=True)
class Facet:
    """The curves of one depth, or of a part of its variants where there are too many.

    `labels` are those of the variants, by id. `epochs` has a row for each of their runs and
    epochs, as in `epochs_frame`.
    """

    title: str
    labels: Mapping[str, str]
    epochs: pd.DataFrame


def epochs_frame(histories: Mapping[RunKey, History]) -> pd.DataFrame:
    """The histories of all runs: `variant` and `seed`, and what is drawn of each epoch."""
    keys = [(key.variant, key.seed) for key in histories]
    frame = pd.concat(list(histories.values()), keys=keys, names=["variant", "seed"])
    return frame.reset_index(["variant", "seed"]).assign(
        percent=100 * frame["val_accuracy"].to_numpy(),
        gap=(frame["val_loss"] - frame["loss_eval"]).to_numpy(),
    )


def facets(rows: Sequence[Row], histories: Mapping[RunKey, History]) -> list[Facet]:
    """The variants that have a finished run, by depth, at most MOST_CURVES in a facet."""
    if not histories:
        return []
    of_variant = dict(iter(epochs_frame(histories).groupby("variant", sort=False)))
    by_depth: dict[int | None, list[Row]] = {}
    for row in rows:
        if row.id in of_variant:
            by_depth.setdefault(row.depth, []).append(row)
    found = []
    for depth, same in by_depth.items():
        parts = math.ceil(len(same) / MOST_CURVES)
        size = math.ceil(len(same) / parts)
        for part in range(parts):
            drawn = same[part * size : (part + 1) * size]
            number = f" ({part + 1} of {parts})" if parts > 1 else ""
            found.append(
                Facet(
                    depth_in_words(depth) + number,
                    {row.id: row.label for row in drawn},
                    pd.concat([of_variant[row.id] for row in drawn]),
                )
            )
    return found
