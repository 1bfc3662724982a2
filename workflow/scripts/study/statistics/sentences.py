"""Findings in words. Every sentence is chosen by the verdict and shows the interval behind it."""

from collections.abc import Callable
from dataclasses import dataclass

from study.runs.choice import ACCURACY
from study.runs.measures import MEASURES, Measure
from study.statistics.failures import unseen_failure_rate
from study.statistics.findings import (
    IDENTICAL,
    NO_PAIR,
    TOO_FEW,
    UNDECIDED,
    Finding,
)
from study.statistics.methods import ALPHA, Interval
from study.statistics.power import POWER
from study.statistics.sign_flip import least_seeds
from study.words import count_of, plural, signed


@dataclass(frozen=True)
class Wording:
    """The words of one contrast or effect.

    `decided` puts a verdict into a clause ("b is better than a"), `subject` is the difference as a
    noun ("b minus a"), `event` is what one seed shows or not ("b beats a"), and `same` is the
    sentence on identical predictions. `accuracy` (a fraction) is the one whose errors the margin
    is compared with. `measure` is what the difference is one of.
    """

    decided: Callable[[str], str]
    subject: str
    event: str
    accuracy: float | None
    missing: str
    same: str = ""
    measure: Measure = MEASURES[ACCURACY]


def sentences(finding: Finding, wording: Wording, failures: str, seeds: int) -> str:
    """All that is said of a finding, in order: failed trainings, verdict, P(A > B), missing seeds.

    `failures` names the failed trainings; `seeds` counts the seeds of the study.
    """
    parts = [
        failures,
        sentence(finding, wording),
        superiority_in_words(finding, wording.event),
        left_out(finding.n, seeds),
    ]
    return " ".join(filter(None, parts))


def sentence(finding: Finding, wording: Wording) -> str:
    """The verdict with its figures; with and without failed trainings where there are some."""
    whole = _one_sentence(finding, wording)
    other = finding.without
    if other is None:
        return whole
    runs = plural(finding.failed, "failed run")
    if other.verdict == NO_PAIR:
        return f"With the {runs}: {whole} Without: no pair of runs is left."
    return f"With the {runs}: {whole} Without: {_one_sentence(other, wording)}"


def _one_sentence(finding: Finding, wording: Wording) -> str:
    if finding.verdict == NO_PAIR:
        return wording.missing
    if finding.verdict == IDENTICAL:
        return wording.same
    measured = f"{wording.subject} is {figures(finding, wording.measure)}"
    if finding.verdict == TOO_FEW:
        return f"Too few seeds to tell: {measured}; {why_too_few(finding, wording.measure)}."
    if finding.verdict == UNDECIDED:
        return f"Undecided: {measured}, {_left_open(finding, wording.measure)}."
    margin = margin_in_words(finding.margin, wording.accuracy, wording.measure)
    if finding.is_decided:
        small = f", and by less than {margin}" if finding.is_small else ""
        return f"{wording.decided(finding.verdict)}{small}: {figures(finding, wording.measure)}."
    unseen = unseen_failure_rate(finding.n)
    return (
        f"No difference larger than {margin}: {measured}. No training failed with "
        f"{count_of(finding.n, 'seed')}, which leaves possible that up to {100 * unseen:.0f} % "
        "of them do (95 %)."
    )


def figures(finding: Finding, measure: Measure) -> str:
    """The mean with its number of seeds, interval and adjusted p."""
    parts = [f"n = {finding.n}"]
    if finding.n > 1 and finding.student is None:
        parts.append("the same with every seed")
    elif finding.interval:
        kind = "simultaneous 95 % interval" if finding.family > 1 else "95 % interval"
        parts.append(f"{kind} {_range(finding.interval, measure)}")
    elif finding.student:
        interval = _range(finding.student, measure)
        parts.append(f"95 % interval if differences are normal {interval}")
    if finding.p_adjusted is not None:
        parts.append(f"{'adjusted ' * (finding.family > 1)}p = {finding.p_adjusted:.2g}")
    return f"{signed(finding.mean, measure.digits)} {measure.phrase} ({'; '.join(parts)})"


def _left_open(finding: Finding, measure: Measure) -> str:
    """What an interval that contains zero says about the margin."""
    assert finding.interval
    if finding.is_small:
        return "and a failed training forbids a verdict of equivalence"
    up, down = finding.interval.high > finding.margin, finding.interval.low < -finding.margin
    side = "in either direction" if up and down else "upwards" if up else "downwards"
    return f"which rules out neither zero nor more than {finding.margin:g} {measure.phrase} {side}"


def why_too_few(finding: Finding, measure: Measure) -> str:
    """How many seeds are needed, and from what that follows."""
    least = least_seeds()
    parts = []
    if finding.n < least:
        parts.append(f"the test needs at least {least} seeds to reach p ≤ {ALPHA:g}")
    if finding.student:
        needed = finding.seeds_needed
        number = f"more than {needed[1:]}" if needed[0] == ">" else f"at least {needed}"
        parts.append(
            f"a true difference of {finding.margin:g} {measure.phrase} takes {number} to be found "
            f"in {POWER * 5:.0f} of 5 studies, if the spread seen is the true one"
        )
    elif finding.n == 1:
        parts.append("one seed shows no spread")
    return ", and ".join(parts)


def superiority_in_words(finding: Finding, event: str) -> str:
    """`b beats a with 9 of 10 seeds; with another in 55 to 100 % of cases (95 % interval).`"""
    if finding.superiority is None:
        return ""
    wins = finding.superiority.estimate * finding.n
    low, high = finding.superiority.interval.low, finding.superiority.interval.high
    return (
        f"{event} with {wins:g} of {count_of(finding.n, 'seed')}; with another in "
        f"{100 * low:.0f} to {100 * high:.0f} % of cases (95 % interval)."
    )


def margin_in_words(margin: float, accuracy: float | None, measure: Measure) -> str:
    """`0.2 points (33 % of the errors at 99.40 %)`; `accuracy` is a fraction."""
    share = margin_of_errors(margin, accuracy)
    if accuracy is None or share is None:
        return f"{margin:g} {measure.phrase}"
    return (
        f"{margin:g} {measure.phrase} ({100 * share:.0f} % of the errors at {100 * accuracy:.2f} %)"
    )


def margin_of_errors(margin: float, accuracy: float | None) -> float | None:
    """The margin as a share of the errors; None without an error."""
    return None if accuracy is None or accuracy >= 1 else margin / (100 * (1 - accuracy))


def left_out(n: int, seeds: int) -> str:
    """How many of the study's seeds are not in the figures."""
    missing = seeds - n
    if not 0 < missing < seeds:
        return ""
    return f"{missing} of {count_of(seeds, 'seed')} left out, for want of finished runs."


def _range(interval: Interval, measure: Measure) -> str:
    return f"{signed(interval.low, measure.digits)} to {signed(interval.high, measure.digits)}"
