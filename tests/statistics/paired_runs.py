"""Runs of two networks or more with seeds in common, made up."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from study.config.contrasts import Contrast
from study.runs.metrics import RunKey
from study.runs.predictions import Predictions, Runs
from study.statistics.contrasts import ContrastRow, contrast_rows
from study.statistics.values import accuracies
from synthetic import predictions

MARGIN = 0.2


def contrast(variant: str, baseline: str = "a", family: str = "study") -> Contrast:
    return Contrast(f"{variant} vs {baseline}", family, baseline, variant, "something")


def runs_of(wrong: Mapping[str, Sequence[int]]) -> dict[RunKey, Predictions]:
    """Runs with seeds 1, 2, ... that get so many of 10,000 images wrong, other ones every time."""
    random = np.random.default_rng(1)
    return {
        RunKey(variant, seed): predictions(random.choice(10_000, count, replace=False))
        for variant, counts in wrong.items()
        for seed, count in enumerate(counts, start=1)
    }


def rows_of(runs: Runs, *contrasts: Contrast, seeds: int) -> list[ContrastRow]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return contrast_rows(contrasts, runs, accuracies(runs), range(1, seeds + 1), MARGIN)
