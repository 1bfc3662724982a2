"""The five conclusions of the 2019 notebook, checked against the runs.

Each is a claim about groups of networks, which the configuration names (`notebook_group`). A claim
is expressed as conditions that must hold at each depth where the study has the networks.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from study.statistics.conditions import Conclusion, Condition
from study.summary.claims import (
    NOT_ONE_FACTOR,
    SEVERE,
    accuracy_above,
    contained_batch_norms,
    error_ratio,
)
from study.summary.groups import (
    BOTH,
    BOTH_5X5,
    NO_BATCH_NORM,
    NO_DROPOUT,
    Groups,
    Network,
    RunFigures,
    each_seed,
    groups_of,
    late_slope,
    with_both,
)
from study.summary.training_time import batch_norm_takes_time
from study.words import seeds_in_words, signed

BEST_DEPTH = 7


def five_conclusions(networks: Sequence[Network], load: str) -> list[Conclusion]:
    """The conclusions whose networks the study has; none without such groups or without runs.

    Where trainings have failed, each is judged with and without them. `load` describes the load
    under which the times were measured.
    """
    found = _judged(networks, load)
    failed = [f"`{n.id}` {seeds_in_words(sorted(n.failed))}" for n in networks if n.failed]
    if not failed:
        return found
    without = _judged([network.without_failed() for network in networks], load)
    return [
        replace(
            conclusion,
            remarks=[
                f"Without the trainings that did not learn ({', '.join(failed)}): "
                f"**{other.answer}**.",
                *conclusion.remarks,
            ],
        )
        for conclusion, other in zip(found, without, strict=True)
    ]


def _judged(networks: Sequence[Network], load: str) -> list[Conclusion]:
    groups = groups_of(networks)
    seeds = sorted({seed for network in networks for seed in network.runs})
    if not groups or not seeds:
        return []
    conclusions = [
        _both_is_best(groups, seeds),
        _overfit_without_dropout(groups, seeds),
        _overfit_grows_without_batch_norm(groups, seeds),
        batch_norm_takes_time(groups, seeds, load),
    ]
    best = [found[BOTH] for found in groups if found[BOTH].depth == BEST_DEPTH]
    if best and len(networks) > 1:
        conclusions.append(_deepest_is_best(best[0], networks, seeds))
    return conclusions


def _both_is_best(groups: Sequence[Groups], seeds: Sequence[int]) -> Conclusion:
    sizes = "3x3 and 5x5" if any(BOTH_5X5 in found for found in groups) else "3x3"
    against = {
        network.id: [found[NO_DROPOUT], found[NO_BATCH_NORM]]
        for found in groups
        for network in with_both(found)
    }
    worse = [
        f"`{network.id}`"
        for found in groups
        for network in with_both(found)
        if any(_mean(network) < _mean(other) for other in against[network.id])
    ]
    return Conclusion(
        1,
        "Networks with batch normalization and dropout do best.",
        [
            accuracy_above(network, other, seeds)
            for found in groups
            for network in with_both(found)
            for other in against[network.id]
        ],
        rule=f"At every depth each network with both ({sizes}) is more accurate than the one "
        f"without dropout and the one without batch normalization.",
        remarks=[
            f"By mean accuracy these contradict it: {', '.join(worse)}."
            if worse
            else "By mean accuracy no network with both contradicts it.",
            *contained_batch_norms(groups),
            NOT_ONE_FACTOR,
        ],
    )


def _overfit_without_dropout(groups: Sequence[Groups], seeds: Sequence[int]) -> Conclusion:
    conditions = []
    for found in groups:
        network = found[NO_DROPOUT]
        conditions.append(error_ratio(network, above=True, seeds=seeds))
        for other in (found[BOTH], found[NO_BATCH_NORM]):
            conditions.append(
                Condition(
                    f"Train-test gap in accuracy of `{network.id}` minus `{other.id}` (points)",
                    each_seed(
                        lambda run, against: 100 * (run.accuracy_gap - against.accuracy_gap),
                        seeds,
                        network,
                        other,
                    ),
                    0,
                    signed,
                )
            )
    return Conclusion(
        2,
        "Networks without dropout overfit badly.",
        conditions,
        rule="At every depth, without dropout, test error / train error of the last epoch is above "
        f"{SEVERE:g} (the notebook's “Severely overfit”), and the gap between the accuracies on "
        "training and test images, dropout off, is wider than that of the other two networks.",
        remarks=[
            "The train error of the ratio is the notebook's: the mean over the last epoch's "
            "batches, dropout on where there is some. These networks have none, so that test and "
            "train error are measured alike except that weights change during the epoch.",
            *contained_batch_norms(groups),
            NOT_ONE_FACTOR,
        ],
    )


def _overfit_grows_without_batch_norm(groups: Sequence[Groups], seeds: Sequence[int]) -> Conclusion:
    def last_gap(run: RunFigures) -> float:
        return 1000 * run.error_gaps[-1]

    def slope(run: RunFigures) -> float:
        return 1000 * late_slope(run.error_gaps)

    conditions = []
    for found in groups:
        network, both = found[NO_BATCH_NORM], found[BOTH]
        conditions += [
            error_ratio(network, above=False, seeds=seeds),
            Condition(
                f"Error gap of `{network.id}` after the last epoch (thousandths)",
                each_seed(last_gap, seeds, network),
                0,
                signed,
            ),
            Condition(
                f"Slope of the error gap of `{network.id}` (thousandths an epoch)",
                each_seed(slope, seeds, network),
                0,
                signed,
            ),
            Condition(
                f"Slope of the error gap of `{network.id}` minus `{both.id}` (thousandths an "
                "epoch)",
                each_seed(lambda run, other: slope(run) - slope(other), seeds, network, both),
                0,
                signed,
            ),
        ]
    return Conclusion(
        3,
        "Networks without batch normalization do fairly, with overfitting that grows by epochs.",
        conditions,
        rule="At every depth, without batch normalization, test error / train error of the last "
        f"epoch is below {SEVERE:g} (the notebook's “fair”); the error gap, validation error minus "
        "train error, is above 0 after the last epoch; it grows over the second half of the "
        "epochs (its least-squares slope is above 0); and it grows faster than that of the network "
        f"with both (3x3).",
        remarks=[
            "Both errors of the gap are measured alike, dropout off, after each epoch; the train "
            "error on a fixed part of the training images (`loss_eval` in history.csv). The train "
            "error of the ratio is the notebook's, dropout on.",
            *contained_batch_norms(groups),
            NOT_ONE_FACTOR,
        ],
    )


def _deepest_is_best(
    best: Network, networks: Sequence[Network], seeds: Sequence[int]
) -> Conclusion:
    others = [network for network in networks if network is not best]
    means = {network.id: _mean(network) for network in networks if network.runs}
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
        [accuracy_above(best, other, seeds) for other in others],
        rule=f"`{best.id}` is more accurate than every other network.",
        remarks=remarks,
    )


def _mean(network: Network) -> float:
    """The mean accuracy; NaN without a run."""
    return fmean([run.accuracy for run in network.runs.values()] or [float("nan")])
