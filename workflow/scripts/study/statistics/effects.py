"""Main effects and two-way interactions of a full factorial design, seed by seed."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from study.runs.choice import ACCURACY
from study.runs.measures import Measure
from study.runs.metrics import RunKey
from study.runs.predictions import Runs
from study.statistics.contrasts import finding_columns
from study.statistics.failures import failures_of
from study.statistics.findings import HIGHER, LOWER, findings
from study.statistics.sentences import Wording, sentences
from study.statistics.values import Values


@dataclass(frozen=True)
class Change:
    """A factor and the two of its levels that are compared, the first level against another."""

    factor: str
    first: str
    other: str

    @property
    def name(self) -> str:
        return self.factor.replace("_", " ")

    @property
    def levels(self) -> str:
        return f"{self.first} → {self.other}"


@dataclass(frozen=True)
class Effect:
    """What a change of one factor does, or how another factor's change alters that.

    `points` [seeds] are percentage points for accuracies.
    """

    changes: tuple[Change, ...]
    points: list[float]

    @property
    def kind(self) -> str:
        return "main" if len(self.changes) == 1 else "interaction"


def effects(factors: Mapping[str, Sequence[str]], points: NDArray[np.float64]) -> list[Effect]:
    """All main effects, then all two-way interactions, of every level against the first.

    A main effect is the mean, over all levels of the other factors, of the change from a factor's
    first level to another. An interaction is the difference between two such changes: one factor's
    change at another level of the second factor, less that at its first level (Box, Hunter and
    Hunter 2005, Statistics for Experimenters, chapter 5, who halve it).

    Args:
        factors: the names of each factor's levels.
        points: values [seeds, variants], accuracies in percent; the variants are every
            combination of levels, the last factor varying fastest.
    """
    if not factors:
        return []
    cells = points.reshape(len(points), *(len(levels) for levels in factors.values()))
    changes = {
        axis: [
            (Change(name, levels[0], other), place) for place, other in enumerate(levels) if place
        ]
        for axis, (name, levels) in enumerate(factors.items(), start=1)
    }
    found = [
        Effect((change,), _per_seed(_changed(cells, axis, place)))
        for axis, entries in changes.items()
        for change, place in entries
    ]
    for axis, second in itertools.combinations(changes, 2):
        for (change, place), (moderator, level) in itertools.product(
            changes[axis], changes[second]
        ):
            both = _changed(_changed(cells, axis, place), second, level)
            found.append(Effect((change, moderator), _per_seed(both)))
    return found


def _changed(cells: NDArray[np.float64], axis: int, place: int) -> NDArray[np.float64]:
    """The change from the first level of one axis to another; the axis stays, with length 1."""
    return cells.take([place], axis) - cells.take([0], axis)


def _per_seed(cells: NDArray[np.float64]) -> list[float]:
    return cells.mean(axis=tuple(range(1, cells.ndim))).tolist()


@dataclass(frozen=True)
class EffectRow:
    """One main effect or interaction: a line of effects.csv, in percentage points for accuracies.

    The columns that comparisons.csv has too mean the same; `superiority` is the probability that
    the effect is positive with one seed.
    """

    kind: str
    effect: str
    levels: str
    n: int
    metric: str
    estimate: float | None
    low: float | None
    high: float | None
    interval: str
    normal_low: float | None
    normal_high: float | None
    p: float | None
    test: str
    p_adjusted: float | None
    superiority: float | None
    superiority_low: float | None
    superiority_high: float | None
    failed_runs: str
    verdict: str
    verdict_without_failed: str
    within_margin: str
    seeds_needed: str
    conclusion: str


def complete_seeds(
    variants: Sequence[str], runs: Collection[RunKey], seeds: Sequence[int]
) -> list[int]:
    """The seeds that every variant has finished."""
    return [seed for seed in seeds if all((variant, seed) in runs for variant in variants)]


def value_table(
    variants: Sequence[str], values: Values, seeds: Sequence[int]
) -> NDArray[np.float64]:
    """Values [seeds, variants], accuracies in percent, of the seeds that all have finished."""
    complete = complete_seeds(variants, values.counts, seeds)
    table = [[values.shown(RunKey(variant, seed)) for variant in variants] for seed in complete]
    return np.array(table).reshape(len(complete), len(variants))


def effect_rows(
    factors: Mapping[str, Sequence[str]],
    variants: Sequence[str],
    runs: Runs,
    values: Values,
    seeds: Sequence[int],
    margin: float,
) -> list[EffectRow]:
    """Every effect of the design on the `values` of the runs, judged as one family.

    `variants` are every combination of levels, the last factor varying fastest.
    """
    failures = failures_of(runs)
    table, measure = value_table(variants, values, seeds), values.measure
    found = effects(factors, table)
    failed = [failures.has(variants, seed) for seed in complete_seeds(variants, runs, seeds)]
    judged = findings(
        [effect.points for effect in found],
        margin,
        words=(HIGHER, LOWER),
        failed=[failed] * len(found),
    )
    known = table.size > 0 and measure.key == ACCURACY
    accuracy = float(table.mean()) / 100 if known else None
    failures_in_words = " ".join(failures.in_words(variants))
    return [
        EffectRow(
            kind=effect.kind,
            effect=" x ".join(change.name for change in effect.changes),
            levels=", ".join(change.levels for change in effect.changes),
            metric=measure.key,
            estimate=finding.mean,
            failed_runs=failures.names(variants),
            conclusion=sentences(
                finding, _wording(effect, accuracy, measure), failures_in_words, len(seeds)
            ),
            **finding_columns(finding),
        )
        for effect, finding in zip(found, judged, strict=True)
    ]


def _wording(effect: Effect, accuracy: float | None, measure: Measure) -> Wording:
    change, *moderators = effect.changes
    subject = f"the change by {change.name} ({change.levels})"
    missing = "Nothing can be said: no seed has finished runs of every variant."
    if not moderators:
        higher, lower = _with(change, change.other), _with(change, change.first)
        return Wording(
            decided=lambda verdict: f"{measure.title} is {verdict} {higher} than {lower}",
            subject=subject,
            event="The effect is positive",
            accuracy=accuracy,
            missing=missing,
            measure=measure,
        )
    (moderator,) = moderators
    first, other = _with(moderator, moderator.first), _with(moderator, moderator.other)
    return Wording(
        decided=lambda verdict: (
            f"{subject[0].upper()}{subject[1:]} is {verdict} {other} than {first}"
        ),
        subject=f"{subject} {other}, minus that {first},",
        event="The effect is positive",
        accuracy=accuracy,
        missing=missing,
        measure=measure,
    )


def _with(change: Change, level: str) -> str:
    """`without dropout`, `with kernel 5`."""
    if level in ("with", "without"):
        return f"{level} {change.name}"
    return f"with {change.name} {level}"
