"""The figures of each network that the notebook's conclusions are about."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import linregress

from study.runs.history import History
from study.runs.metrics import Metrics, RunKey, reported_accuracy
from study.statistics.failures import Failures

BOTH, BOTH_5X5 = "both_3x3", "both_5x5"

NO_DROPOUT, NO_BATCH_NORM = "without_dropout", "without_batch_norm"
"""Groups of networks; a network without a group is only in the last conclusion."""


@dataclass(frozen=True)
class Load:
    """The processor of a run and its mean load, the number of processes that want a core."""

    processor: str
    cores: int
    mean: float


@dataclass(frozen=True)
class RunFigures:
    """The figures of one run. Accuracies are fractions."""

    accuracy: float
    """The reported test accuracy."""
    accuracy_gap: float
    """Accuracy on the training images minus accuracy on the test images, after the last epoch."""
    error_ratio: float
    """Test error / train error of the last epoch, the train error with dropout on."""
    error_gaps: tuple[float, ...]
    """Validation error minus train error of each epoch, both with dropout off."""
    train_seconds: float
    """Seconds of training in an epoch, without evaluation."""
    load: Load | None
    """None where it is not on record."""


@dataclass(frozen=True)
class Network:
    """A variant and its finished runs by seed.

    `multiply_adds` are those of one image, as done; `batch_norms` counts the layers of batch
    normalization; `failed` holds the seeds of failed trainings. A network in Python has neither
    `depth` nor `multiply_adds`, and no `group`.
    """

    id: str
    depth: int | None
    group: str | None
    multiply_adds: int | None
    batch_norms: int
    runs: Mapping[int, RunFigures]
    failed: frozenset[int] = frozenset()

    def without_failed(self) -> "Network":
        """The network without the runs that did not learn."""
        kept = {seed: run for seed, run in self.runs.items() if seed not in self.failed}
        return replace(self, runs=kept, failed=frozenset())


def run_figures(run: Metrics, history: History) -> RunFigures:
    """The figures of a run from its metrics.json and its history.csv."""
    train_loss = run["train_loss"]
    return RunFigures(
        accuracy=reported_accuracy(run),
        accuracy_gap=run["train_accuracy_eval"] - run["test_accuracy"],
        error_ratio=run["test_loss"] / train_loss if train_loss > 0 else math.inf,
        error_gaps=tuple(history["val_loss"] - history["loss_eval"]),
        train_seconds=run["train_seconds_per_epoch"],
        load=load_of(run),
    )


def load_of(run: Metrics) -> Load | None:
    """The load under which a run was timed; None where it is not on record."""
    load = run["load"]
    if load is None or not math.isfinite(load["mean"]):
        return None
    return Load(run["processor"], load["cores"], load["mean"])


Groups = Mapping[str, Network]
"""The networks of one depth by their group."""


def groups_of(networks: Iterable[Network]) -> list[Groups]:
    """The groups of each depth that has a network with both, and one without either."""
    by_depth: dict[int, dict[str, Network]] = defaultdict(dict)
    for network in networks:
        if network.group and network.depth is not None:
            by_depth[network.depth][network.group] = network
    needed = {BOTH, NO_DROPOUT, NO_BATCH_NORM}
    return [found for _, found in sorted(by_depth.items()) if needed <= set(found)]


def with_both(groups: Groups) -> list[Network]:
    """The networks of a depth that have batch normalization and dropout."""
    return [groups[name] for name in (BOTH, BOTH_5X5) if name in groups]


def each_seed(
    figure: Callable[..., float], seeds: Sequence[int], *networks: Network
) -> list[float]:
    """`figure` of the networks' runs with each of `seeds`, NaN where one has no run."""
    return [
        figure(*(network.runs[seed] for network in networks))
        if all(seed in network.runs for network in networks)
        else math.nan
        for seed in seeds
    ]


def late_slope(gaps: Sequence[float]) -> float:
    """Least-squares slope per epoch of the second half of `gaps`; NaN with fewer than 3 there."""
    late = np.asarray(gaps[len(gaps) // 2 :])
    return float(linregress(range(len(late)), late).slope) if len(late) >= 3 else math.nan


def networks_of(
    variants: Sequence[Mapping[str, Any]],
    metrics: Mapping[RunKey, Metrics],
    histories: Mapping[RunKey, History],
    failures: Failures,
) -> list[Network]:
    """The variants as networks, with the runs that are in `metrics`.

    Each of `variants` has the keys id, depth, notebook_group, multiply_adds and batch_norms.
    """
    figures: dict[str, dict[int, RunFigures]] = defaultdict(dict)
    for key, run in metrics.items():
        figures[key.variant][key.seed] = run_figures(run, histories[key])
    return [
        Network(
            variant["id"],
            variant["depth"],
            variant["notebook_group"],
            variant["multiply_adds"],
            variant["batch_norms"],
            figures[variant["id"]],
            frozenset(seed for name, seed in failures.failed if name == variant["id"]),
        )
        for variant in variants
    ]
