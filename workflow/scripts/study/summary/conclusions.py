"""The five conclusions of the 2019 notebook, checked against the runs.

Each is a claim about groups of networks, which the configuration names (`notebook_group`). A claim
is expressed as conditions that must hold at each depth where the study has the networks.
"""

import math
from collections.abc import Sequence
from functools import partial
from statistics import fmean

from study.statistics.conditions import Conclusion, Condition, mean_in_words, sign_flips
from study.summary.groups import (
    BOTH,
    NO_BATCH_NORM,
    NO_DROPOUT,
    Groups,
    Network,
    RunFigures,
    groups_at,
    late_slope,
    of_each_seed,
    paired,
)
from study.words import number, signed

SEVERE = 2.0
"""Test error / train error from which the notebook says "Severely overfit"."""


MUCH_MORE = 1.5
"""A ratio of times above this counts as "a lot more"."""


BEST_DEPTH = 7


def five_conclusions(networks: Sequence[Network], load: str) -> list[Conclusion]:
    """The conclusions whose networks the study has; none without such groups or without runs.

    `load` describes the load under which the times were measured.
    """
    groups = [
        found
        for depth in sorted({network.depth for network in networks})
        if len(found := groups_at(networks, depth)) == 3
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


BY_INTERVALS = (
    "Each is shown if its 95 % interval over seeds (Student's t) lies above the bound; one that "
    "lies below, at a level adjusted for the number of conditions, refutes the claim."
)


BY_SIGN_FLIPS = (
    "Each is shown by the sign-flip test over paired seeds at 5 %, which needs at least 6 seeds; "
    "one whose opposite is shown, at a level adjusted for the number of conditions, refutes the "
    "claim."
)


NOT_ONE_FACTOR = (
    "The notebook's networks without dropout or batch normalization differ in kernel sizes and "
    "strides too, so this does not show the effect of dropout or batch normalization; "
    "`config/controlled.yaml` varies one at a time."
)


def _factor(logarithm: float) -> str:
    """The factor behind a logarithm of a ratio."""
    return number(math.exp(logarithm), ".2f")


# --- the five ------------------------------------------------------------------------------------


def _accuracy_above(network: Network, other: Network) -> Condition:
    return Condition(
        f"Accuracy of `{network.id}` minus `{other.id}` (points)",
        paired(lambda run, against: 100 * (run.accuracy - against.accuracy), network, other),
        0,
        signed,
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
                    paired(
                        lambda run, against: 100 * (run.accuracy_gap - against.accuracy_gap),
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
        "training and test images, dropout off, is wider than that of the other two networks. "
        f"{BY_INTERVALS}",
        remarks=[NOT_ONE_FACTOR],
    )


def _error_ratio(network: Network, above: bool) -> Condition:
    return Condition(
        f"Test error / train error of `{network.id}`",
        of_each_seed(lambda run: run.error_ratio, network),
        SEVERE,
        partial(number, spec=".2f"),
        above,
    )


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
                of_each_seed(slope, network),
                0,
                signed,
            ),
        ]
        mean, interval = mean_in_words(of_each_seed(slope, both), signed)
        beside.append(f"For comparison, the slope of `{both.id}`: {mean} ({interval})")
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
            "The train error is measured during training, with dropout on, so it lies above the "
            "validation error at first: a gap that rises towards zero is not yet overfitting.",
            NOT_ONE_FACTOR,
        ],
    )


def _batch_norm_takes_time(groups: Sequence[Groups], load: str) -> Conclusion:
    conditions = []
    for found in groups:
        norm, dropout = found[NO_DROPOUT], found[NO_BATCH_NORM]
        work = math.log(norm.multiply_adds / dropout.multiply_adds)
        times = paired(
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
        "layers). The two networks differ in size, so only the time per multiply-add can be "
        f"attributed to batch normalization. Means are geometric. {BY_INTERVALS}",
        remarks=[load],
    )


def _deepest_is_best(best: Network, networks: Sequence[Network]) -> Conclusion:
    others = [network for network in networks if network is not best]
    means = {n.id: fmean(of_each_seed(lambda run: run.accuracy, n)) for n in networks if n.runs}
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
