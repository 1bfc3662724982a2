"""Claims put as conditions on figures over seeds, and what the conditions come to.

A claim holds if all of its conditions do. Each is tested over seeds at 5 %. Where every one must
pass its own test, their number calls for no adjustment (an intersection-union test; Berger 1982,
Technometrics 24, 295-300). One condition refutes the claim, so the test for that is adjusted for
their number (Bonferroni).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from scipy.stats import ttest_1samp

from study.statistics.methods import ALPHA, has_spread, mean_interval, sign_flip_test
from study.words import NONE, count_of

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"


def t_test(values: Sequence[float], bound: float) -> float:
    """Student's two-sided p-value that the mean is `bound`."""
    return float(ttest_1samp(values, bound).pvalue)


def sign_flips(values: Sequence[float], bound: float) -> float:
    """The two-sided p-value of the test that the contrasts are judged by."""
    test = sign_flip_test([value - bound for value in values])
    return test.p if test else 1.0


@dataclass(frozen=True)
class Condition:
    """A figure whose mean over seeds must lie above `bound`, or below it if not `above`.

    `values` are those of the seeds; `show` puts one into words.
    """

    name: str
    values: Sequence[float]
    bound: float
    show: Callable[[float], str]
    above: bool = True
    test: Callable[[Sequence[float], float], float] = t_test

    def requirement(self) -> str:
        """The side of the bound on which the mean must lie."""
        bound = self.show(self.bound) if self.bound else "0"
        return f"{'>' if self.above else '<'} {bound}"

    def holds(self) -> bool:
        """Whether the mean lies on the right side of the bound."""
        if not self.values:
            return False
        mean = fmean(self.values)
        return mean > self.bound if self.above else mean < self.bound

    def answer(self, conditions: int) -> str:
        """What its test says, as one of so many `conditions`."""
        if not can_be_tested(self.values):
            return UNDECIDED
        p = self.test(self.values, self.bound)
        if self.holds():
            return SUPPORTED if p <= ALPHA else UNDECIDED
        return NOT_SUPPORTED if p <= ALPHA / conditions else UNDECIDED


def can_be_tested(values: Sequence[float]) -> bool:
    """Whether the values are finite and show a spread over seeds."""
    return all(map(math.isfinite, values)) and has_spread(values)


def mean_in_words(values: Sequence[float], show: Callable[[float], str]) -> tuple[str, str]:
    """The mean and its 95 % interval; NONE where there is none."""
    interval = mean_interval(values) if can_be_tested(values) else None
    return (
        show(fmean(values)) if values else NONE,
        f"{show(interval.low)} to {show(interval.high)}" if interval else NONE,
    )


@dataclass(frozen=True)
class Conclusion:
    """A conclusion of the notebook as conditions that must all hold; texts are Markdown."""

    number: int
    claim: str
    conditions: Sequence[Condition]
    rule: str
    remarks: Sequence[str] = ()

    @property
    def n(self) -> int:
        """The fewest seeds behind any of its figures."""
        return min(len(condition.values) for condition in self.conditions)

    @property
    def answers(self) -> list[str]:
        """The answer of every condition."""
        return [condition.answer(len(self.conditions)) for condition in self.conditions]

    @property
    def answer(self) -> str:
        """What all conditions come to: one that is refuted refutes the claim."""
        if NOT_SUPPORTED in self.answers:
            return NOT_SUPPORTED
        return SUPPORTED if set(self.answers) == {SUPPORTED} else UNDECIDED

    @property
    def why(self) -> str:
        """The answer's reason in a sentence."""
        hold = sum(condition.holds() for condition in self.conditions)
        total = f"of {count_of(len(self.conditions), 'condition')}"
        missing = " Runs are missing." if self.n == 0 else ""
        if all(len(condition.values) < 2 for condition in self.conditions):
            return f"One seed has no spread to judge by; in it {hold} {total} hold.{missing}"
        shown, refuted = self.answers.count(SUPPORTED), self.answers.count(NOT_SUPPORTED)
        return (
            f"On average {hold} {total} hold; over seeds {shown} are shown, {refuted} refuted."
            f"{missing}"
        )
