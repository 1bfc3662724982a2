"""What may be concluded from paired differences over seeds: a verdict, and a sentence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from study.statistics.methods import (
    ALPHA,
    MOST_SEEDS,
    Interval,
    Test,
    has_spread,
    holm,
    least_seeds,
    mean_interval,
    seeds_to_detect,
    sign_flip_test,
)
from study.words import signed

BETTER, WORSE = "better", "worse"


HIGHER, LOWER = "higher", "lower"


UNDECIDED = "undecided"


TOO_FEW = "too few seeds to tell"


IDENTICAL = "identical predictions"


NO_PAIR = "no pair of finished runs"


@dataclass(frozen=True)
class Finding:
    """A mean difference in percentage points and what may be concluded from it.

    None where there is no figure: a mean without values, an interval without spread, a test of
    one value. `seeds_needed` is given with the verdict TOO_FEW alone.
    """

    n: int
    mean: float | None
    interval: Interval | None
    test: Test | None
    p_adjusted: float | None
    verdict: str
    seeds_needed: str
    margin: float
    family: int

    @property
    def figures(self) -> str:
        """The mean with its number of seeds, interval and adjusted p, in words."""
        parts = [f"n = {self.n}"]
        if self.interval:
            low, high = signed(self.interval.low), signed(self.interval.high)
            parts.append(f"95 % interval {low} to {high}, {self.interval.method}")
        elif self.n > 1:
            parts.append("the same with every seed")
        if self.p_adjusted is not None:
            parts.append(f"adjusted p = {self.p_adjusted:.2g}")
        return f"{signed(self.mean)} points ({'; '.join(parts)})"


def findings(
    family: Sequence[Sequence[float]],
    margin: float,
    words: tuple[str, str] = (BETTER, WORSE),
    identical: Sequence[bool] = (),
) -> list[Finding]:
    """Judge the differences over seeds (in points) of every contrast of one family.

    The verdict is the first that holds:

    - IDENTICAL: the pair is marked so in `identical`; there is nothing to test.
    - one of `words`, for a positive and a negative mean: the sign-flip test over seeds, adjusted
      by Holm over the family, has p <= ALPHA.
    - no difference larger than `margin`: the 95 % interval lies within plus or minus `margin`.
    - TOO_FEW: so few that the test cannot reach ALPHA in this family, or that it would miss a
      difference of `margin`, or as large as the mean if that is larger, in more than one study of
      five, at the observed spread.
    - UNDECIDED.
    """
    tests = [sign_flip_test(values) for values in family]
    adjusted = holm([test.p if test else None for test in tests])
    same = identical or [False] * len(family)
    return [
        _finding(list(values), test, p, len(family), margin, words, is_same)
        for values, test, p, is_same in zip(family, tests, adjusted, same, strict=True)
    ]


def _finding(
    values: list[float],
    test: Test | None,
    p_adjusted: float | None,
    family: int,
    margin: float,
    words: tuple[str, str],
    identical: bool,
) -> Finding:
    n = len(values)
    mean = fmean(values) if values else None
    interval = mean_interval(values)
    needed = ""
    if mean is None:
        verdict = NO_PAIR
    elif identical:
        verdict, test, p_adjusted = IDENTICAL, None, None
    elif p_adjusted is not None and p_adjusted <= ALPHA:
        verdict = words[0] if mean > 0 else words[1]
    elif interval and -margin <= interval.low and interval.high <= margin:
        verdict = f"no difference larger than {margin:g}"
    else:
        seeds = _seeds_needed(values, margin, family)
        verdict = TOO_FEW if n < seeds else UNDECIDED
        if n < seeds:
            needed = f"{seeds}" if seeds < math.inf else f">{MOST_SEEDS}"
    return Finding(n, mean, interval, test, p_adjusted, verdict, needed, margin, family)


def _seeds_needed(values: Sequence[float], margin: float, family: int) -> float:
    least = least_seeds(family)
    if not has_spread(values):
        return least
    difference = max(margin, abs(fmean(values)))
    return max(least, seeds_to_detect(difference, stdev(values), family) or math.inf)


def why_too_few(finding: Finding) -> str:
    """How many seeds could tell, and from what that follows."""
    least = least_seeds(finding.family)
    if finding.seeds_needed == str(least):
        text = (
            f"{least} seeds could tell; the test cannot reach p ≤ {ALPHA:g} with fewer in a "
            f"family of {finding.family}"
        )
        return text + ("" if finding.n > 1 else ", and one seed shows no spread")
    about = "about " + finding.seeds_needed
    number = about.replace("about >", "more than ")
    small = abs(finding.mean or 0) <= finding.margin
    size = f"of {finding.margin:g} points" if small else "as large as this"
    return f"{number} seeds could tell a difference {size}, at this spread"


def finding_in_words(finding: Finding, decided: str, subject: str) -> str:
    """The verdict with its figures."""
    if finding.verdict == TOO_FEW:
        return f"Too few seeds to tell: {subject} is {finding.figures}; {why_too_few(finding)}."
    if finding.verdict == UNDECIDED:
        return (
            f"Undecided: {subject} is {finding.figures}, which rules out neither zero nor a "
            f"difference of more than {finding.margin:g} points."
        )
    if finding.verdict in (BETTER, WORSE, HIGHER, LOWER):
        return f"{decided}: {finding.figures}."
    return (
        f"{finding.verdict[0].upper()}{finding.verdict[1:]} points: {subject} is {finding.figures}."
    )


def left_out(n: int, seeds: int) -> str:
    """How many of the study's seeds are not in the figures."""
    missing = seeds - n
    if not 0 < missing < seeds:
        return ""
    return f" {missing} of {seeds} seeds left out, for want of finished runs."
