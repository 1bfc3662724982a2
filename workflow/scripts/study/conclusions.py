"""The five conclusions of the 2019 notebook, checked against the runs.

Each is a claim about groups of networks, which the configuration names (`notebook_group`). A claim
is put as conditions that must hold at every depth where the study has the networks.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from scipy.stats import linregress

from study.runs.history import History
from study.statistics.conditions import Conclusion, Condition, mean_in_words, sign_flips
from study.summary import Metrics, reported_accuracy

BOTH, NO_DROPOUT, NO_BATCH_NORM = "both_3x3", "without_dropout", "without_batch_norm"
"""Groups of networks; one without a group takes part in the last conclusion alone."""

SEVERE = 2.0
"""Test error / train error from which the notebook says "Severely overfit"."""

MUCH_MORE = 1.5
"""The ratio of times from which one is called a lot more."""

BEST_DEPTH = 7


@dataclass(frozen=True)
class RunFigures:
    """What the conclusions need of one run. Accuracies are fractions."""

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
        error_gaps=tuple(
            val - loss for val, loss in zip(history["val_loss"], history["loss"], strict=True)
        ),
        seconds_per_epoch=run["seconds_per_epoch"],
    )


def five_conclusions(networks: Sequence[Network], load: str) -> list[Conclusion]:
    """The conclusions whose networks the study has; none without such groups or without runs.

    `load` says in words under what load the times were taken.
    """
    groups = [
        found
        for depth in sorted({network.depth for network in networks})
        if len(found := _groups_at(networks, depth)) == 3
    ]
    if not groups or not any(network.runs for network in networks):
        return []
    conclusions = [
        _both_is_best(groups),
        _overfit_without_dropout(groups),
        _overfit_grows_without_batch_norm(groups),
        _batch_norm_takes_time(groups, load),
    ]
    best = [found[BOTH] for found in groups if found[BOTH].depth == BEST_DEPTH]
    if best and len(networks) > 1:
        conclusions.append(_deepest_is_best(best[0], networks))
    return conclusions


Groups = Mapping[str, Network]
"""The networks of one depth by their group."""


def _groups_at(networks: Iterable[Network], depth: int) -> Groups:
    wanted = (BOTH, NO_DROPOUT, NO_BATCH_NORM)
    return {n.group: n for n in networks if n.depth == depth and n.group in wanted}


def _of_each_seed(figure: Callable[[RunFigures], float], network: Network) -> list[float]:
    return [figure(run) for _, run in sorted(network.runs.items())]


def _paired(
    figure: Callable[[RunFigures, RunFigures], float], network: Network, other: Network
) -> list[float]:
    """`figure` of the two networks' runs, for every seed that both have."""
    seeds = sorted(set(network.runs) & set(other.runs))
    return [figure(network.runs[seed], other.runs[seed]) for seed in seeds]


BY_INTERVALS = (
    "Each is shown where its 95 % interval over seeds (Student's t) lies above the bound; one that "
    "lies below, at a level adjusted for the number of conditions, refutes the claim."
)
BY_SIGN_FLIPS = (
    "Each is shown by the sign-flip test over paired seeds at 5 %, which takes 6 seeds or more; "
    "one that is shown to be the other way, at a level adjusted for the number of conditions, "
    "refutes the claim."
)
NOT_ONE_FACTOR = (
    "The notebook's networks without dropout or batch normalization differ in kernel sizes and "
    "strides too, so this does not say what dropout or batch normalization does; "
    "`config/controlled.yaml` varies one at a time."
)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _factor(value: float) -> str:
    """Of a logarithm, the factor."""
    return f"{math.exp(value):.2f}"


# --- the five ------------------------------------------------------------------------------------


def _accuracy_above(network: Network, other: Network) -> Condition:
    return Condition(
        f"Accuracy of `{network.id}` minus `{other.id}` (points)",
        _paired(lambda run, against: 100 * (run.accuracy - against.accuracy), network, other),
        0,
        _signed,
        test=sign_flips,
    )


def _both_is_best(groups: Sequence[Groups]) -> Conclusion:
    return Conclusion(
        1,
        "Networks with batch normalization and dropout do best.",
        [
            _accuracy_above(found[BOTH], found[other])
            for found in groups
            for other in (NO_DROPOUT, NO_BATCH_NORM)
        ],
        rule="At every depth the network with both (3x3) is more accurate than the one without "
        f"dropout and the one without batch normalization. {BY_SIGN_FLIPS}",
        remarks=[NOT_ONE_FACTOR],
    )


def _overfit_without_dropout(groups: Sequence[Groups]) -> Conclusion:
    conditions = []
    for found in groups:
        network = found[NO_DROPOUT]
        conditions.append(_error_ratio(network, above=True))
        for other in (found[BOTH], found[NO_BATCH_NORM]):
            conditions.append(
                Condition(
                    f"Train-test gap in accuracy of `{network.id}` minus `{other.id}` (points)",
                    _paired(
                        lambda run, against: 100 * (run.accuracy_gap - against.accuracy_gap),
                        network,
                        other,
                    ),
                    0,
                    _signed,
                )
            )
    return Conclusion(
        2,
        "Networks without dropout overfit badly.",
        conditions,
        rule="At every depth, without dropout, test error / train error of the last epoch is above "
        f"{SEVERE:g} (the notebook's “Severely overfit”), and the gap between the accuracies on "
        "training and test images, dropout off, is wider than that of the other two networks. "
        f"{BY_INTERVALS}",
        remarks=[NOT_ONE_FACTOR],
    )


def _error_ratio(network: Network, above: bool) -> Condition:
    return Condition(
        f"Test error / train error of `{network.id}`",
        _of_each_seed(lambda run: run.error_ratio, network),
        SEVERE,
        _plain,
        above,
    )


def late_slope(gaps: Sequence[float]) -> float:
    """Least-squares slope per epoch of the second half of `gaps`; nan with fewer than 3 there.

    In the first epochs the train error, a mean over the epoch under way, falls so fast that the
    gap rises for every network.
    """
    late = gaps[len(gaps) // 2 :]
    return float(linregress(range(len(late)), late).slope) if len(late) >= 3 else math.nan


def _overfit_grows_without_batch_norm(groups: Sequence[Groups]) -> Conclusion:
    def slope(run: RunFigures) -> float:
        return 1000 * late_slope(run.error_gaps)

    conditions, beside = [], []
    for found in groups:
        network, both = found[NO_BATCH_NORM], found[BOTH]
        conditions += [
            _error_ratio(network, above=False),
            Condition(
                f"Slope of the error gap of `{network.id}` (thousandths an epoch)",
                _of_each_seed(slope, network),
                0,
                _signed,
            ),
        ]
        mean, interval = mean_in_words(_of_each_seed(slope, both), _signed)
        beside.append(f"Beside it the slope of `{both.id}`: {mean} ({interval})")
    return Conclusion(
        3,
        "Networks without batch normalization do fairly, with overfitting that grows by epochs.",
        conditions,
        rule="At every depth, without batch normalization, test error / train error of the last "
        f"epoch is below {SEVERE:g}, and the error gap (validation error minus train error) rises "
        "over the second half of the epochs: its least-squares slope is above 0. "
        f"{BY_INTERVALS}",
        remarks=[
            *beside,
            "The train error is taken while training, with dropout on, so it lies above the "
            "validation error at first: a gap that rises towards zero is no overfitting yet.",
            NOT_ONE_FACTOR,
        ],
    )


def _batch_norm_takes_time(groups: Sequence[Groups], load: str) -> Conclusion:
    conditions = []
    for found in groups:
        norm, dropout = found[NO_DROPOUT], found[NO_BATCH_NORM]
        work = math.log(norm.multiply_adds / dropout.multiply_adds)
        times = _paired(
            lambda run, against: math.log(run.seconds_per_epoch / against.seconds_per_epoch),
            norm,
            dropout,
        )
        bound = math.log(MUCH_MORE)
        pair = f"of `{norm.id}` / `{dropout.id}`"
        conditions += [
            Condition(f"Seconds per epoch {pair}", times, bound, _factor),
            Condition(
                f"Seconds per multiply-add {pair}",
                [time - work for time in times],
                bound,
                _factor,
            ),
        ]
    return Conclusion(
        4,
        "Batch normalization alone takes a lot more time than dropout alone.",
        conditions,
        rule=f"At every depth an epoch without dropout takes more than {MUCH_MORE:g} times as long "
        "as one without batch normalization, and so does a multiply-add (of convolutions and dense "
        "layers), since the two networks differ in size: only the second can be laid at batch "
        f"normalization's door. Means are geometric. {BY_INTERVALS}",
        remarks=[load],
    )


def _deepest_is_best(best: Network, networks: Sequence[Network]) -> Conclusion:
    others = [network for network in networks if network is not best]
    means = {n.id: fmean(_of_each_seed(lambda run: run.accuracy, n)) for n in networks if n.runs}
    remarks = []
    if best.id in means:
        rank = 1 + sum(mean > means[best.id] for mean in means.values())
        first = max(means, key=lambda id_: means[id_])
        remarks = [
            f"By mean accuracy `{best.id}` ({means[best.id]:.2%}) is number {rank} of "
            f"{len(means)}; the first is `{first}` ({means[first]:.2%})"
        ]
    return Conclusion(
        5,
        "7 convolutions with 3x3 kernels do best (99.53 % in the notebook).",
        [_accuracy_above(best, other) for other in others],
        rule=f"`{best.id}` is more accurate than every other network. {BY_SIGN_FLIPS}",
        remarks=remarks,
    )
