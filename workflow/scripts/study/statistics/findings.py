"""What may be concluded from paired differences over seeds: the verdict and its figures.

Every verdict is read off one interval, the inverted sign-flip test (sign_flip.py). sentences.py
puts it into words; conditions.py judges the conditions of a claim by the same test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import stdev

from study.statistics.methods import (
    Interval,
    Superiority,
    Test,
    has_spread,
    probability_of_superiority,
    student_interval,
)
from study.statistics.power import MOST_SEEDS, seeds_to_detect
from study.statistics.sign_flip import SignFlip, least_seeds, sign_flip_family

BETTER, WORSE = "better", "worse"

HIGHER, LOWER = "higher", "lower"

UNDECIDED = "undecided"

TOO_FEW = "too few seeds to tell"

IDENTICAL = "identical predictions"

NO_PAIR = "no pair of finished runs"


@dataclass(frozen=True)
class Finding:
    """A mean difference and what may be concluded from it; in points if it is one of accuracies.

    `interval` is simultaneous for the family and decides the verdict; None where it has no bounds,
    which is so with fewer than `least_seeds()` seeds. `student` describes the values if they are
    normal and decides nothing. `seeds_needed` is given with the verdict TOO_FEW alone. `without`
    is the finding on the seeds without a failed training, where there is one.
    """

    n: int
    mean: float | None
    interval: Interval | None
    student: Interval | None
    test: Test | None
    p_adjusted: float | None
    superiority: Superiority | None
    verdict: str
    seeds_needed: str
    margin: float
    family: int
    failed: int = 0
    without: "Finding | None" = None

    @property
    def is_small(self) -> bool:
        """Whether no difference larger than the margin is in the interval."""
        return self.interval is not None and self.interval.lies_within(self.margin)

    @property
    def is_decided(self) -> bool:
        """Whether the verdict is that there is a difference."""
        return self.verdict in (BETTER, WORSE, HIGHER, LOWER)


def findings(
    family: Sequence[Sequence[float]],
    margin: float,
    words: tuple[str, str] = (BETTER, WORSE),
    identical: Sequence[bool] = (),
    failed: Sequence[Sequence[bool]] = (),
    lower_is_better: bool = False,
) -> list[Finding]:
    """Judge the differences over seeds (in points) of every contrast of one family.

    The verdict is the first that holds:

    - IDENTICAL: the pair is marked so in `identical`; there is nothing to test.
    - one of `words`, for a positive and a negative mean: the interval excludes zero.
    - no difference larger than `margin`: the interval lies within plus or minus `margin`. With a
      failed training it is UNDECIDED instead.
    - TOO_FEW: so few that the test cannot reach ALPHA, or would miss a true difference of `margin`
      in more than one study of five, at the observed spread.
    - UNDECIDED.

    Args:
        family: for each contrast its differences, one for each seed in a common order; NaN where
            the seed has no pair of runs.
        failed: for each contrast, which of its differences come from a failed training. Such a
            contrast is judged with and without them, and is never called free of a difference.
        lower_is_better: whether a negative difference is BETTER. P(A > B) then counts these.

    Raises:
        ValueError: the contrasts have different numbers of seeds.
    """
    if lower_is_better:
        words = WORSE, BETTER
    same = identical or [False] * len(family)
    marks = failed or [[False] * len(values) for values in family]
    has_failure = [any(mark) for mark in marks]
    found = _judged(family, margin, words, same, has_failure)
    if not any(has_failure):
        return found
    kept = [
        [math.nan if mark else value for value, mark in zip(values, of, strict=True)]
        for values, of in zip(family, marks, strict=True)
    ]
    without = _judged(kept, margin, words, same, has_failure)
    return [
        replace(finding, failed=finding.n - other.n, without=other)
        if finding.n > other.n
        else finding
        for finding, other in zip(found, without, strict=True)
    ]


def _judged(
    family: Sequence[Sequence[float]],
    margin: float,
    words: tuple[str, str],
    identical: Sequence[bool],
    has_failure: Sequence[bool],
) -> list[Finding]:
    flips = sign_flip_family(family)
    return [
        _finding(
            [value for value in values if math.isfinite(value)],
            flip,
            len(family),
            margin,
            words,
            is_same,
            is_failed,
        )
        for values, flip, is_same, is_failed in zip(
            family, flips, identical, has_failure, strict=True
        )
    ]


def _finding(
    values: list[float],
    flip: SignFlip | None,
    family: int,
    margin: float,
    words: tuple[str, str],
    identical: bool,
    has_failure: bool,
) -> Finding:
    base = Finding(
        n=len(values),
        mean=flip.mean if flip else None,
        interval=flip.simultaneous if flip else None,
        student=student_interval(values),
        test=Test(flip.p, flip.name) if flip and len(values) > 1 else None,
        p_adjusted=flip.p_adjusted if flip and len(values) > 1 else None,
        superiority=probability_of_superiority(
            [-value for value in values] if words[1] == BETTER else values
        ),
        verdict=NO_PAIR,
        seeds_needed="",
        margin=margin,
        family=family,
    )
    if flip is None:
        return base
    if identical:
        return replace(
            base, verdict=IDENTICAL, interval=None, test=None, p_adjusted=None, superiority=None
        )
    if base.interval and base.interval.excludes(0):
        return replace(base, verdict=words[0] if flip.mean > 0 else words[1])
    if base.is_small:
        return replace(base, verdict=UNDECIDED if has_failure else no_difference(margin))
    needed = _seeds_needed(values, margin, family)
    if base.n >= needed:
        return replace(base, verdict=UNDECIDED)
    seeds = f"{needed}" if needed < math.inf else f">{MOST_SEEDS}"
    return replace(base, verdict=TOO_FEW, seeds_needed=seeds)


def no_difference(margin: float) -> str:
    """The verdict of equivalence."""
    return f"no difference larger than {margin:g}"


def _seeds_needed(values: Sequence[float], margin: float, family: int) -> float:
    if not has_spread(values):
        return least_seeds()
    return seeds_to_detect(margin, stdev(values), family) or math.inf
