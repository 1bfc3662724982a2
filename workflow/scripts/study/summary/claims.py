"""What the checks of the notebook's conclusions share: conditions and remarks."""

from collections.abc import Sequence
from functools import partial

from study.statistics.conditions import Condition
from study.summary.groups import NO_BATCH_NORM, Groups, Network, each_seed
from study.words import count_of, number, signed

SEVERE = 2.0
"""Test error / train error from which the notebook says "Severely overfit"."""

NOT_ONE_FACTOR = (
    "The notebook's networks without dropout or batch normalization differ in kernel sizes and "
    "strides too, so this does not show the effect of dropout or batch normalization; "
    "`config/controlled.yaml` varies one at a time."
)


def accuracy_above(network: Network, other: Network, seeds: Sequence[int]) -> Condition:
    """That the network is more accurate than the other."""
    return Condition(
        f"Accuracy of `{network.id}` minus `{other.id}` (points)",
        each_seed(
            lambda run, against: 100 * (run.accuracy - against.accuracy), seeds, network, other
        ),
        0,
        signed,
    )


def error_ratio(network: Network, above: bool, seeds: Sequence[int]) -> Condition:
    """That test error / train error lies above or below SEVERE."""
    return Condition(
        f"Test error / train error of `{network.id}`",
        each_seed(lambda run: run.error_ratio, seeds, network),
        SEVERE,
        partial(number, spec=".2f"),
        above,
    )


def contained_batch_norms(groups: Sequence[Groups]) -> list[str]:
    """A remark on networks "without batch normalization" that contain some; else nothing."""
    some = [
        f"`{network.id}` contains {count_of(network.batch_norms, 'layer')} of it"
        for found in groups
        if (network := found[NO_BATCH_NORM]).batch_norms
    ]
    if not some:
        return []
    return [f"“Without batch normalization” is not strictly true: {', '.join(some)}."]
