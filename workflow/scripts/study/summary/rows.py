"""The figures of each variant, over its finished runs."""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from study.runs.choice import ACCURACY
from study.runs.evaluation import Evaluation
from study.runs.measures import MEASURES, Measure
from study.runs.metrics import Metrics, RunKey, reported_accuracy
from study.statistics.methods import Interval, student_interval, wilson_interval
from study.summary.overfitting import Thresholds, verdict
from study.summary.warnings import unlearned_verdict
from study.words import count_of, seeds_in_words


@dataclass(frozen=True)
class Row:
    """One variant's figures: means over its finished runs, None without such runs.

    Accuracies are fractions; `difference_points` is in percentage points. `accuracy` is the
    reported one: after the chosen epoch if the runs chose one, else after the last.
    `test_accuracy` and all losses except `chosen_test_loss` are those after the last epoch.
    `accuracy_interval` names the method of the 95 % interval from `accuracy_low` to
    `accuracy_high`. `depth` is None for a network in Python. The columns of summary.csv are these
    fields in this order.
    """

    id: str
    label: str
    depth: int | None
    n_seeds: int
    accuracy: float | None
    accuracy_sd: float | None
    train_loss: float | None
    test_loss: float | None
    train_loss_eval: float | None
    verdict: str | None
    parameters: int | None
    seconds_per_epoch: float | None
    best_epoch: float | None
    reference_accuracy: float | None
    difference_points: float | None
    status: str
    train_loss_sd: float | None
    test_loss_sd: float | None
    seconds_per_epoch_sd: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    accuracy_interval: str | None
    test_accuracy: float | None
    chosen_epoch: float | None
    chosen_test_accuracy: float | None
    chosen_test_loss: float | None
    balanced_accuracy: float | None
    balanced_accuracy_sd: float | None
    auc: float | None
    auc_sd: float | None
    nll: float | None
    nll_sd: float | None
    brier: float | None
    brier_sd: float | None


EVALUATED = [name for name in MEASURES if name != ACCURACY]
"""Figures from the evaluation of a run."""

SPREADS = ["accuracy", "train_loss", "test_loss", "seconds_per_epoch", *EVALUATED]
"""Figures of a run whose mean and standard deviation a row holds."""

MEANS = [
    *SPREADS,
    *("train_loss_eval", "test_accuracy", "chosen_test_accuracy", "chosen_test_loss"),
]
"""Figures of a run whose mean a row holds."""

MEDIANS = ["best_epoch", "chosen_epoch"]
"""Figures of a run whose median a row holds."""


def summarize(
    variants: Sequence[Mapping[str, Any]],
    runs: Iterable[Sequence[Any]],
    metrics: Mapping[RunKey, Metrics],
    failures: Mapping[RunKey, str],
    thresholds: Thresholds,
    test_images: int,
    unlearned: Mapping[RunKey, str] = MappingProxyType({}),
    evaluations: Mapping[RunKey, Evaluation] = MappingProxyType({}),
) -> list[Row]:
    """One row per variant, in the order of `variants`; the verdict follows from the means.

    Args:
        variants: {id, label, depth, reference: {accuracy, ...} or None} each.
        runs: every expected run as (variant, seed); other runs in `metrics` are left out.
        metrics: the metrics of the finished runs.
        failures: the errors of the failed runs; ignored for a run that has finished.
        thresholds: the verdict's rule.
        test_images: the number of images on which each accuracy was measured.
        unlearned: the runs that did not learn, with what shows it; said in place of the verdict.
        evaluations: those of the finished runs; without them the measures are None.
    """
    expected = [RunKey(*run) for run in runs]
    seeds: dict[str, list[int]] = defaultdict(list)
    failed: dict[str, dict[int, str]] = defaultdict(dict)
    for key in expected:
        seeds[key.variant].append(key.seed)
        if key in failures and key not in metrics:
            failed[key.variant][key.seed] = failures[key]
    reasons: dict[str, dict[int, str]] = defaultdict(dict)
    for key in expected:
        if key in unlearned:
            reasons[key.variant][key.seed] = unlearned[key]
    figures = _by_variant({key: metrics[key] for key in expected if key in metrics}, evaluations)
    return [
        _row(
            variant,
            figures.get(variant["id"]),
            seeds[variant["id"]],
            failed[variant["id"]],
            thresholds,
            test_images,
            reasons[variant["id"]],
        )
        for variant in variants
    ]


def _by_variant(
    metrics: Mapping[RunKey, Metrics], evaluations: Mapping[RunKey, Evaluation]
) -> Mapping[Hashable, Mapping[Hashable, Any]]:
    """The figures of the runs, taken together by variant."""
    names = ["parameters", *MEANS, *MEDIANS]
    runs = pd.DataFrame(
        [
            {
                **{name: run.get(name) for name in names},
                **{name: evaluations.get(key, {}).get(name) for name in EVALUATED},
                "variant": key.variant,
                "accuracy": reported_accuracy(run),
            }
            for key, run in metrics.items()
        ],
        columns=["variant", *names],
    ).astype(dict.fromkeys((*MEANS, *MEDIANS), float))
    by_variant = runs.groupby("variant", sort=False)
    # fmean and stdev round once, unlike pandas, and skip no loss that is not a number.
    return pd.concat(
        [
            by_variant[MEANS].agg(fmean),
            by_variant[SPREADS].agg(_sd).add_suffix("_sd"),
            by_variant[MEDIANS].median(),
            by_variant.agg(parameters=("parameters", "first"), accuracies=("accuracy", list)),
        ],
        axis=1,
    ).to_dict("index")


def _sd(values: pd.Series) -> float:
    """The sample standard deviation; NaN unless there are two finite values or more."""
    return stdev(values) if len(values) > 1 and np.isfinite(values).all() else math.nan


def accuracy_interval(accuracies: Sequence[float], test_images: int) -> Interval | None:
    """The 95 % interval of an accuracy, within 0 and 1; None if the seeds do not differ.

    With several seeds it is for the mean over seeds. With one seed, Wilson's interval; it ignores
    variation between seeds.
    """
    if len(accuracies) == 1:
        return wilson_interval(round(accuracies[0] * test_images), test_images)
    interval = student_interval(accuracies)
    if interval is None:
        return None
    return replace(interval, low=max(interval.low, 0.0), high=min(interval.high, 1.0))


def _row(
    variant: Mapping[str, Any],
    figures: Mapping[Hashable, Any] | None,
    seeds: Sequence[int],
    failed: Mapping[int, str],
    thresholds: Thresholds,
    test_images: int,
    unlearned: Mapping[int, str],
) -> Row:
    def figure(name: str) -> float | None:
        return None if figures is None or math.isnan(figures[name]) else figures[name]

    accuracies = figures["accuracies"] if figures else []
    accuracy, interval = figure("accuracy"), accuracy_interval(accuracies, test_images)
    reference = (variant.get("reference") or {}).get("accuracy")
    return Row(
        id=variant["id"],
        label=variant["label"],
        depth=variant["depth"],
        n_seeds=len(accuracies),
        verdict=unlearned_verdict(unlearned, len(accuracies))
        or verdict(figures["train_loss"], figures["test_loss"], thresholds)
        if figures
        else None,
        parameters=int(figures["parameters"]) if figures else None,
        reference_accuracy=reference,
        difference_points=(
            None if accuracy is None or reference is None else 100 * (accuracy - reference)
        ),
        status=_status(len(accuracies), seeds, failed),
        accuracy_low=interval.low if interval else None,
        accuracy_high=interval.high if interval else None,
        accuracy_interval=interval.method if interval else None,
        **{name: figure(name) for name in MEANS},
        **{f"{name}_sd": figure(f"{name}_sd") for name in SPREADS},
        **{name: _whole(figure(name)) for name in MEDIANS},
    )


def measured(row: Row, measure: Measure) -> float | None:
    """The row's mean of a measure."""
    value: float | None = getattr(row, measure.key)
    return value


def _whole(epoch: float | None) -> float | None:
    """A median epoch, as an int unless it lies between two epochs."""
    return epoch if epoch is None or epoch % 1 else int(epoch)


def _status(finished: int, seeds: Sequence[int], failed: Mapping[int, str]) -> str:
    """complete; missing; failed: error; 2 of 3 seeds; 2 of 3 seeds, seed 3 failed: error."""
    if finished == len(seeds) > 0:
        return "complete"
    if not finished and not failed:
        return "missing"
    if failed and len(failed) == len(seeds) and len(set(failed.values())) == 1:
        return f"failed: {failed[seeds[0]]}"
    by_error: dict[str, list[int]] = defaultdict(list)
    for seed, error in failed.items():
        by_error[error].append(seed)
    parts = [f"{finished} of {count_of(len(seeds), 'seed')}"]
    parts += [f"{seeds_in_words(same)} failed: {error}" for error, same in by_error.items()]
    return ", ".join(parts)
