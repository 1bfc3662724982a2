"""Main effects and two-way interactions of a full factorial design, seed by seed."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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

    `points` [seeds] are percentage points of accuracy.
    """

    changes: tuple[Change, ...]
    points: list[float]

    @property
    def kind(self) -> str:
        return "main" if len(self.changes) == 1 else "interaction"


def effects(factors: Mapping[str, Sequence[str]], points: NDArray[np.float64]) -> list[Effect]:
    """All main effects, then all two-way interactions, of every level against the first.

    A main effect is the mean, over all levels of the other factors, of the change in accuracy from
    a factor's first level to another. An interaction is the difference between two such changes:
    one factor's change at another level of the second factor, less that at its first level (Box,
    Hunter and Hunter 2005, Statistics for Experimenters, chapter 5, who halve it).

    Args:
        factors: the names of each factor's levels.
        points: accuracies [seeds, variants] in percent; the variants are every combination of
            levels, the last factor varying fastest.
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
