"""Claims put as conditions on figures over seeds, judged by the test of the contrasts.

A claim holds if all of its conditions do. A condition is supported where its own 95 % interval,
the inverted sign-flip test, lies on the required side of the bound; as every one must pass, their
number calls for no adjustment (an intersection-union test; Berger 1982, Technometrics 24, 295-300).
One condition refutes the claim, so that takes the interval that is simultaneous for all of them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from study.statistics.methods import Interval
from study.statistics.sign_flip import SignFlip, least_seeds, sign_flip_family
from study.words import NONE, count_of

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"

NO_ANSWER = "no answer"
"""Of a claim that these runs cannot answer, however many there are."""


@dataclass(frozen=True)
class Condition:
    """A figure whose mean over seeds must lie above `bound`, or below it if not `above`.

    `values` are those of the seeds in the order common to all conditions of a claim, NaN where a
    seed has none; `show` puts one into words.
    """

    name: str
    values: Sequence[float]
    bound: float
    show: Callable[[float], str]
    above: bool = True

    @property
    def bound_in_words(self) -> str:
        return self.show(self.bound) if self.bound else "0"

    @property
    def requirement(self) -> str:
        """The side of the bound on which the mean must lie: `> 0`, `< 2.00`."""
        return f"{'>' if self.above else '<'} {self.bound_in_words}"


@dataclass(frozen=True)
class Answer:
    """What is concluded of a condition.

    `interval` is that of the condition alone, which supports it; `simultaneous` that for all
    conditions of the claim, which refutes it. Either is None where the test has none.
    """

    condition: Condition
    n: int
    mean: float | None
    interval: Interval | None
    simultaneous: Interval | None
    answer: str

    @property
    def holds(self) -> bool:
        """Whether the mean lies on the required side of the bound."""
        bound = self.condition.bound
        if self.mean is None:
            return False
        return self.mean > bound if self.condition.above else self.mean < bound

    @property
    def mean_in_words(self) -> str:
        return NONE if self.mean is None else self.condition.show(self.mean)

    @property
    def interval_in_words(self) -> str:
        return self._shown(self.interval) if self.interval else NONE

    @property
    def words(self) -> str:
        """The answer with its reason, which is read off the same intervals."""
        return f"{self.answer}: {self._reason}"

    @property
    def _reason(self) -> str:
        bound = self.condition.bound_in_words
        right, wrong = ("above", "below") if self.condition.above else ("below", "above")
        if self.mean is None:
            return "no run has this figure"
        if not math.isfinite(self.mean):
            return "a figure is not finite"
        if self.interval is None:
            return f"{count_of(self.n, 'seed')}, the test needs at least {least_seeds()}"
        if self.answer == SUPPORTED:
            return f"lies {right} {bound}"
        joint = "the interval for all conditions" + (
            f", {self._shown(self.simultaneous)}," if self.simultaneous else ""
        )
        if self.answer == NOT_SUPPORTED:
            return f"{joint} lies {wrong} {bound}"
        if self.interval.excludes(self.condition.bound):
            return f"lies {wrong} {bound}, but {joint} contains it"
        return f"contains {bound}"

    def _shown(self, interval: Interval) -> str:
        return f"{self.condition.show(interval.low)} to {self.condition.show(interval.high)}"


def judge_conditions(conditions: Sequence[Condition]) -> list[Answer]:
    """Judge the conditions of one claim.

    Raises:
        ValueError: the conditions have different numbers of seeds.
    """
    finite = [not any(map(math.isinf, condition.values)) for condition in conditions]
    shifted = [
        [value - condition.bound if usable else math.nan for value in condition.values]
        for condition, usable in zip(conditions, finite, strict=True)
    ]
    return [
        _answer(condition, flip)
        for condition, flip in zip(conditions, sign_flip_family(shifted), strict=True)
    ]


def _answer(condition: Condition, flip: SignFlip | None) -> Answer:
    values = [value for value in condition.values if not math.isnan(value)]
    mean = fmean(values) if values else None
    sign = 1 if condition.above else -1
    alone, joint = (flip.interval, flip.simultaneous) if flip else (None, None)
    answer = UNDECIDED
    if flip and alone and alone.excludes(0) and sign * flip.mean > 0:
        answer = SUPPORTED
    elif flip and joint and joint.excludes(0) and sign * flip.mean < 0:
        answer = NOT_SUPPORTED
    back = [interval and interval.moved(condition.bound) for interval in (alone, joint)]
    return Answer(condition, len(values), mean, back[0], back[1], answer)


@dataclass(frozen=True)
class Conclusion:
    """A conclusion of the notebook as conditions that must all hold; texts are Markdown.

    `no_answer` is the reason why these runs cannot answer it, empty if they can.
    """

    number: int
    claim: str
    conditions: Sequence[Condition]
    rule: str
    remarks: Sequence[str] = ()
    no_answer: str = ""

    @cached_property
    def answers(self) -> list[Answer]:
        """The answer of every condition."""
        return judge_conditions(self.conditions)

    @property
    def n(self) -> int:
        """The fewest seeds behind any of its figures."""
        return min(answer.n for answer in self.answers)

    @property
    def answer(self) -> str:
        """What all conditions come to: one that is refuted refutes the claim."""
        if self.no_answer:
            return NO_ANSWER
        answers = {answer.answer for answer in self.answers}
        if NOT_SUPPORTED in answers:
            return NOT_SUPPORTED
        return SUPPORTED if answers == {SUPPORTED} else UNDECIDED

    @property
    def why(self) -> str:
        """The answer's reason in a sentence."""
        hold = sum(answer.holds for answer in self.answers)
        average = f"On average {hold} of {count_of(len(self.answers), 'condition')} hold"
        if self.no_answer:
            return f"{self.no_answer} {average}."
        answers = [answer.answer for answer in self.answers]
        shown, refuted = answers.count(SUPPORTED), answers.count(NOT_SUPPORTED)
        missing = " Runs are missing." if self.n == 0 else ""
        return f"{average}; over seeds {shown} are supported, {refuted} refuted.{missing}"
