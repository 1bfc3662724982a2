"""The figures of each network that the notebook's conclusions are about."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import linregress

from study.runs.history import History
from study.runs.metrics import Metrics, RunKey, reported_accuracy

BOTH, NO_DROPOUT, NO_BATCH_NORM = "both_3x3", "without_dropout", "without_batch_norm"
"""Groups of networks; a network without a group is only in the last conclusion."""


@dataclass(frozen=True)
class RunFigures:
    """The figures of one run. Accuracies are fractions."""

    accuracy: float
    """The reported test accuracy."""
    accuracy_gap: float
    """Accuracy on the training images minus accuracy on the test images, after the last epoch."""
    error_ratio: float
    """Test error / train error of the last epoch."""
    error_gaps: tuple[float, ...]
    """Validation error minus train error of every epoch."""
    seconds_per_epoch: float


@dataclass(frozen=True)
class Network:
    """A variant and its finished runs by seed; `multiply_adds` are those of one image."""

    id: str
    depth: int
    group: str | None
    multiply_adds: int
    runs: Mapping[int, RunFigures]


def run_figures(run: Metrics, history: History) -> RunFigures:
    """The figures of a run from its metrics.json and its history.csv."""
    train_loss = run["train_loss"]
    return RunFigures(
        accuracy=reported_accuracy(run),
        accuracy_gap=run["train_accuracy_eval"] - run["test_accuracy"],
        error_ratio=run["test_loss"] / train_loss if train_loss > 0 else math.inf,
        error_gaps=tuple(history["val_loss"] - history["loss"]),
        seconds_per_epoch=run["seconds_per_epoch"],
    )


Groups = Mapping[str, Network]
"""The networks of one depth by their group."""


def groups_at(networks: Iterable[Network], depth: int) -> Groups:
    """The networks of this depth that have a group."""
    wanted = (BOTH, NO_DROPOUT, NO_BATCH_NORM)
    return {n.group: n for n in networks if n.depth == depth and n.group in wanted}


def of_each_seed(figure: Callable[[RunFigures], float], network: Network) -> list[float]:
    """`figure` of the network's runs, in the order of their seeds."""
    return [figure(run) for _, run in sorted(network.runs.items())]


def paired(
    figure: Callable[[RunFigures, RunFigures], float], network: Network, other: Network
) -> list[float]:
    """`figure` of the two networks' runs, for each seed that both have."""
    seeds = sorted(set(network.runs) & set(other.runs))
    return [figure(network.runs[seed], other.runs[seed]) for seed in seeds]


def late_slope(gaps: Sequence[float]) -> float:
    """Least-squares slope per epoch of the second half of `gaps`; NaN with fewer than 3 there.

    In the first epochs the train error, a mean over the epoch, falls so fast that the gap rises
    for every network.
    """
    late = gaps[len(gaps) // 2 :]
    return float(linregress(range(len(late)), late).slope) if len(late) >= 3 else math.nan


def networks_of(
    variants: Sequence[Mapping[str, Any]],
    metrics: Mapping[RunKey, Metrics],
    histories: Mapping[RunKey, History],
) -> list[Network]:
    """The variants as networks, with the runs that are in `metrics`.

    Each of `variants` has the keys id, depth, notebook_group and multiply_adds.
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
            figures[variant["id"]],
        )
        for variant in variants
    ]
