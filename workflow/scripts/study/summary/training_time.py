"""The notebook's fourth conclusion: whether batch normalization takes a lot more time."""

import math
from collections.abc import Sequence

from study.statistics.conditions import Conclusion, Condition
from study.summary.claims import contained_batch_norms
from study.summary.groups import NO_BATCH_NORM, NO_DROPOUT, Groups, each_seed
from study.words import number

MUCH_MORE = 1.5
"""A ratio of times above this counts as "a lot more"."""

EVEN_LOAD = 0.5
"""Runs are timed under even load if their mean loads differ by at most this."""


def batch_norm_takes_time(groups: Sequence[Groups], seeds: Sequence[int], load: str) -> Conclusion:
    """Conclusion 4; `load` describes the load under which the times were measured."""
    conditions = []
    for found in groups:
        norm, dropout = found[NO_DROPOUT], found[NO_BATCH_NORM]
        assert norm.multiply_adds and dropout.multiply_adds  # of declared layers
        work = math.log(norm.multiply_adds / dropout.multiply_adds)
        times = each_seed(
            lambda run, against: math.log(run.train_seconds / against.train_seconds),
            seeds,
            norm,
            dropout,
        )
        bound = math.log(MUCH_MORE)
        pair = f"of `{norm.id}` / `{dropout.id}`"
        conditions += [
            Condition(f"Seconds of training per epoch {pair}", times, bound, _factor),
            Condition(
                f"Seconds of training per multiply-add {pair}",
                [time - work for time in times],
                bound,
                _factor,
            ),
        ]
    return Conclusion(
        4,
        "Batch normalization alone takes a lot more time than dropout alone.",
        conditions,
        rule="At every depth the training of an epoch without dropout takes more than "
        f"{MUCH_MORE:g} times as long as one without batch normalization, and so does a "
        "multiply-add (of convolutions and dense layers, counted as done: by Fourier transforms "
        "where these are used). Evaluation is not in the seconds. Means are geometric. There is "
        "no answer unless all compared runs were trained on the same processor under even load: "
        f"mean loads at most {EVEN_LOAD:g} apart.",
        remarks=[
            "This judges the cost of this project's training step on this machine, not that of "
            "Keras's kernels, which the notebook used. The two networks differ in size, so only "
            "the time per multiply-add can be attributed to batch normalization.",
            *contained_batch_norms(groups),
            load,
        ],
        no_answer=uneven_load(groups),
    )


def uneven_load(groups: Sequence[Groups]) -> str:
    """Why the times of the compared runs cannot be compared; empty if they can."""
    loads = [
        run.load
        for found in groups
        for network in (found[NO_DROPOUT], found[NO_BATCH_NORM])
        for run in network.runs.values()
    ]
    known = [load for load in loads if load]
    if len(known) < len(loads):
        return f"The load of {len(loads) - len(known)} of {len(loads)} runs is not on record."
    machines = sorted({f"{load.processor} with {load.cores} cores" for load in known})
    if len(machines) > 1:
        return f"The runs were trained on several machines: {'; '.join(machines)}."
    means = [load.mean for load in known]
    if means and max(means) - min(means) > EVEN_LOAD:
        return (
            f"The load was uneven: a mean of {min(means):.1f} to {max(means):.1f} from run to run."
        )
    return ""


def _factor(logarithm: float) -> str:
    """The factor behind a logarithm of a ratio."""
    return number(math.exp(logarithm), ".2f")
