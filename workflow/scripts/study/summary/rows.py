"""What the runs of each variant come to, taken together."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median, stdev
from typing import Any

from study.runs.metrics import Run
from study.statistics.methods import Interval, mean_interval, wilson_interval
from study.summary.overfitting import Thresholds, verdict
from study.words import seeds_in_words

Metrics = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One variant's figures: means over its finished runs, None where there is none.

    Accuracies are fractions; `difference_points` is in percentage points. `accuracy` is the
    reported one: of the chosen epoch where the runs chose one, else of the last; `test_accuracy`
    and all losses but `chosen_test_loss` are of the last epoch. `accuracy_interval` names the
    method of the 95 % interval from `accuracy_low` to `accuracy_high`. The CSV has one column per
    field, in this order.
    """

    id: str
    label: str
    depth: int
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


def summarize(
    variants: Sequence[Mapping[str, Any]],
    runs: Iterable[Sequence[Any]],
    metrics: Mapping[Run, Metrics],
    failures: Mapping[Run, str],
    thresholds: Thresholds,
    test_images: int,
) -> list[Row]:
    """One row per variant, in the order of `variants`; the verdict follows from the means.

    Args:
        variants: {id, label, depth, reference: {accuracy, ...} or None} each.
        runs: every expected run as (variant, seed); others in `metrics` are left out.
        metrics: the metrics of the finished runs.
        failures: what stopped the runs that failed; a finished run's is ignored.
        thresholds: the verdict's rule.
        test_images: on how many images each accuracy was measured.
    """
    seeds: dict[str, list[int]] = defaultdict(list)
    for variant, seed in runs:
        seeds[variant].append(seed)
    return [
        _row(
            variant,
            seeds[variant["id"]],
            {
                seed: metrics[variant["id"], seed]
                for seed in seeds[variant["id"]]
                if (variant["id"], seed) in metrics
            },
            {
                seed: failures[variant["id"], seed]
                for seed in seeds[variant["id"]]
                if (variant["id"], seed) in failures and (variant["id"], seed) not in metrics
            },
            thresholds,
            test_images,
        )
        for variant in variants
    ]


def reported_accuracy(run: Metrics) -> float:
    """The run's test accuracy: of the epoch that it chose, else of its last epoch."""
    chosen = run.get("chosen_test_accuracy")
    return float(run["test_accuracy"] if chosen is None else chosen)


def accuracy_interval(accuracies: Sequence[float], test_images: int) -> Interval | None:
    """The 95 % interval of an accuracy, within 0 and 1; None where there is no figure to give.

    Over several seeds, which must differ, it is for the mean over seeds. Of one seed it is
    Wilson's, for the share of right answers among all images like the test images: other seeds it
    knows nothing about.
    """
    if len(accuracies) == 1:
        return wilson_interval(round(accuracies[0] * test_images), test_images)
    interval = mean_interval(accuracies)
    if interval is None:
        return None
    return replace(interval, low=max(interval.low, 0.0), high=min(interval.high, 1.0))


def _row(
    variant: Mapping[str, Any],
    seeds: Sequence[int],
    finished: Mapping[int, Metrics],
    failed: Mapping[int, str],
    thresholds: Thresholds,
    test_images: int,
) -> Row:
    def values(key: str) -> list[float]:
        return [run[key] for run in finished.values() if run.get(key) is not None]

    accuracies = [reported_accuracy(run) for run in finished.values()]
    accuracy, interval = _mean(accuracies), accuracy_interval(accuracies, test_images)
    train_loss, test_loss = _mean(values("train_loss")), _mean(values("test_loss"))
    reference = (variant.get("reference") or {}).get("accuracy")
    return Row(
        id=variant["id"],
        label=variant["label"],
        depth=variant["depth"],
        n_seeds=len(finished),
        accuracy=accuracy,
        accuracy_sd=_sd(accuracies),
        train_loss=train_loss,
        test_loss=test_loss,
        train_loss_eval=_mean(values("train_loss_eval")),
        verdict=(
            None
            if train_loss is None or test_loss is None
            else verdict(train_loss, test_loss, thresholds)
        ),
        parameters=next((run["parameters"] for run in finished.values()), None),
        seconds_per_epoch=_mean(values("seconds_per_epoch")),
        best_epoch=_median(values("best_epoch")),
        reference_accuracy=reference,
        difference_points=(
            None if accuracy is None or reference is None else 100 * (accuracy - reference)
        ),
        status=_status(seeds, finished, failed),
        train_loss_sd=_sd(values("train_loss")),
        test_loss_sd=_sd(values("test_loss")),
        seconds_per_epoch_sd=_sd(values("seconds_per_epoch")),
        accuracy_low=interval.low if interval else None,
        accuracy_high=interval.high if interval else None,
        accuracy_interval=interval.method if interval else None,
        test_accuracy=_mean(values("test_accuracy")),
        chosen_epoch=_median(values("chosen_epoch")),
        chosen_test_accuracy=_mean(values("chosen_test_accuracy")),
        chosen_test_loss=_mean(values("chosen_test_loss")),
    )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _sd(values: Sequence[float]) -> float | None:
    """The sample standard deviation, which needs two values."""
    if len(values) < 2:
        return None
    return stdev(values) if all(map(math.isfinite, values)) else math.nan


def _status(
    seeds: Sequence[int], finished: Mapping[int, Metrics], failed: Mapping[int, str]
) -> str:
    """complete; missing; failed: why; 2 of 3 seeds; 2 of 3 seeds, seed 3 failed: why."""
    if len(finished) == len(seeds) > 0:
        return "complete"
    if not finished and not failed:
        return "missing"
    if failed and len(failed) == len(seeds) and len(set(failed.values())) == 1:
        return f"failed: {failed[seeds[0]]}"
    by_error: dict[str, list[int]] = defaultdict(list)
    for seed, error in failed.items():
        by_error[error].append(seed)
    parts = [f"{len(finished)} of {len(seeds)} seeds"]
    parts += [f"{seeds_in_words(same)} failed: {error}" for error, same in by_error.items()]
    return ", ".join(parts)
