"""How long the trainings of a study will still take."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from study.cluster.resources import training_cost
from study.config.study import Study
from study.watch.state import Progress, State

UNFINISHED = (State.WAITING, State.RUNNING)


def epoch_costs(study: Study) -> dict[str, float]:
    """What an epoch of each variant takes, roughly, in multiply-adds."""
    costs: dict[str, float] = {}
    for run in study.runs:
        if run.variant not in costs:
            costs[run.variant] = training_cost(study, run) / run.settings.epochs
    return costs


def with_time_left(states: Sequence[Progress], costs: Mapping[str, float]) -> list[Progress]:
    """The states, with an estimate for each training that has none yet.

    An epoch is taken to last as in the network's other seeds; else its `costs` are compared with
    those of the other networks.
    """
    timed = [one for one in states if one.seconds]
    by_variant: dict[str, list[float]] = {}
    for one in timed:
        by_variant.setdefault(one.run.variant, []).append(one.seconds or 0)
    rate = median((one.seconds or 0) / costs[one.run.variant] for one in timed) if timed else None

    def left(one: Progress) -> float | None:
        if one.left is not None or one.state not in UNFINISHED:
            return one.left
        own = by_variant.get(one.run.variant)
        seconds = median(own) if own else rate and rate * costs[one.run.variant]
        return seconds and seconds * (one.run.settings.epochs - one.epoch)

    return [replace(one, left=left(one)) for one in states]


def study_left(states: Sequence[Progress]) -> float | None:
    """Seconds until the last training ends, if as many run side by side as now.

    None while none is running, or while a time is not known.
    """
    running = [one for one in states if one.state is State.RUNNING]
    times = [one.left for one in states if one.state in UNFINISHED]
    known = [time for time in times if time is not None]
    if not running or len(known) < len(times):
        return None
    return max(sum(known) / len(running), *known)
