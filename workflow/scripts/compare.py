"""Compare the variants over paired seeds: contrasts and factor effects, as tables and figures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from study.config.contrasts import Contrast
from study.effect_plots import ForestRow, forest_figure, interactions_figure
from study.effects import Change, Effect, effects
from study.files import atomic
from study.inference import (
    BETTER,
    HIGHER,
    IDENTICAL,
    LOWER,
    NO_PAIR,
    TOO_FEW,
    UNDECIDED,
    WORSE,
    Finding,
    findings,
    seeds_in_number,
    why_too_few,
)
from study.logs import script_log
from study.records import write_records
from study.runs.predictions import Predictions, Runs, read_runs
from study.statistics import mcnemar_test

if TYPE_CHECKING:
    snakemake: Any


@dataclass(frozen=True)
class ContrastRow:
    """One contrast: a line of comparisons.csv, a column per field.

    Accuracies are fractions, means over the paired seeds. `difference`, `low` and `high` are
    percentage points, the variant minus the baseline. `mcnemar` has a p-value per seed.
    """

    family: str
    contrast: str
    baseline: str
    variant: str
    differs: str
    n: int
    baseline_accuracy: float | None
    variant_accuracy: float | None
    difference: float | None
    low: float | None
    high: float | None
    interval: str
    p: float | None
    test: str
    p_adjusted: float | None
    mcnemar: str
    verdict: str
    seeds_needed: str
    conclusion: str


@dataclass(frozen=True)
class EffectRow:
    """One main effect or interaction: a line of effects.csv, in percentage points."""

    kind: str
    effect: str
    levels: str
    n: int
    estimate: float | None
    low: float | None
    high: float | None
    interval: str
    p: float | None
    p_adjusted: float | None
    verdict: str
    conclusion: str


@dataclass(frozen=True)
class Pairs:
    """The runs of a contrast's baseline and variant, in the order of their common seeds."""

    baseline: list[Predictions]
    variant: list[Predictions]

    @property
    def points(self) -> list[float]:
        """Differences in percentage points, variant minus baseline."""
        return [
            100 * float(variant.right.sum() - baseline.right.sum()) / len(variant.right)
            for baseline, variant in zip(self.baseline, self.variant, strict=True)
        ]

    @property
    def same(self) -> list[bool]:
        """Whether the two predict the same class for every image."""
        return [
            np.array_equal(baseline.classes, variant.classes)
            for baseline, variant in zip(self.baseline, self.variant, strict=True)
        ]


def pairs_of(contrast: Contrast, runs: Runs, seeds: Sequence[int]) -> Pairs:
    """The contrast's runs with those of `seeds` that both of its variants have finished."""
    both = [s for s in seeds if {(contrast.baseline, s), (contrast.variant, s)} <= runs.keys()]
    return Pairs(
        [runs[contrast.baseline, seed] for seed in both],
        [runs[contrast.variant, seed] for seed in both],
    )


def contrast_rows(
    contrasts: Sequence[Contrast], runs: Runs, seeds: Sequence[int], margin: float
) -> list[ContrastRow]:
    """Every contrast judged within its family, in the order of `contrasts`."""
    families: dict[str, list[Contrast]] = defaultdict(list)
    for contrast in contrasts:
        families[contrast.family].append(contrast)
    rows = {}
    for family in families.values():
        pairs = [pairs_of(contrast, runs, seeds) for contrast in family]
        judged = findings(
            [pair.points for pair in pairs],
            margin,
            identical=[bool(pair.same) and all(pair.same) for pair in pairs],
        )
        for contrast, pair, finding in zip(family, pairs, judged, strict=True):
            rows[contrast] = _contrast_row(contrast, pair, finding, len(seeds))
    return [rows[contrast] for contrast in contrasts]


def _contrast_row(contrast: Contrast, pairs: Pairs, finding: Finding, seeds: int) -> ContrastRow:
    def mean_accuracy(runs: Sequence[Predictions]) -> float | None:
        return float(np.mean([run.accuracy for run in runs])) if runs else None

    mcnemar = [
        "identical" if same else str(mcnemar_test(variant.right, baseline.right))
        for baseline, variant, same in zip(pairs.baseline, pairs.variant, pairs.same, strict=True)
    ]
    names = f"{contrast.variant} and {contrast.baseline}"
    if finding.verdict == NO_PAIR:
        sentence = f"Nothing can be said of {names}: no seed has finished runs of both."
    elif finding.verdict == IDENTICAL:
        sentence = (
            f"{names} predicted the same class for every test image, with "
            f"{seeds_in_number(finding.n)}; there is nothing to test."
        ) + (" Both got every image right." if mean_accuracy(pairs.variant) == 1 else "")
    else:
        sentence = _sentence(
            finding,
            decided=f"{contrast.variant} is {finding.verdict} than {contrast.baseline}",
            subject=f"{contrast.variant} minus {contrast.baseline}",
        )
    return ContrastRow(
        family=contrast.family,
        contrast=contrast.name,
        baseline=contrast.baseline,
        variant=contrast.variant,
        differs=contrast.differs,
        n=finding.n,
        baseline_accuracy=mean_accuracy(pairs.baseline),
        variant_accuracy=mean_accuracy(pairs.variant),
        difference=finding.mean,
        low=finding.interval.low if finding.interval else None,
        high=finding.interval.high if finding.interval else None,
        interval=finding.interval.method if finding.interval else "",
        p=finding.test.p if finding.test else None,
        test=finding.test.name if finding.test else "",
        p_adjusted=finding.p_adjusted,
        mcnemar="; ".join(mcnemar),
        verdict=finding.verdict,
        seeds_needed=finding.seeds_needed,
        conclusion=sentence + _left_out(finding.n, seeds),
    )


def _sentence(finding: Finding, decided: str, subject: str) -> str:
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


def _left_out(n: int, seeds: int) -> str:
    """How many of the study's seeds are not in the figures."""
    missing = seeds - n
    if not 0 < missing < seeds:
        return ""
    return f" {missing} of {seeds} seeds left out, for want of finished runs."


def accuracy_table(
    variants: Sequence[str], runs: Runs, seeds: Sequence[int]
) -> NDArray[np.float64]:
    """Accuracies [seeds, variants] in percent, of the seeds that every variant has finished."""
    complete = [s for s in seeds if all((variant, s) in runs for variant in variants)]
    table = [[100 * runs[variant, seed].accuracy for variant in variants] for seed in complete]
    return np.array(table).reshape(len(complete), len(variants))


def effect_rows(
    factors: Mapping[str, Sequence[str]],
    accuracies: NDArray[np.float64],
    seeds: int,
    margin: float,
) -> list[EffectRow]:
    """Every effect of the design, judged as one family.

    `accuracies` is as from accuracy_table; `seeds` counts the study's.
    """
    found = effects(factors, accuracies)
    judged = findings([effect.points for effect in found], margin, words=(HIGHER, LOWER))
    return [
        EffectRow(
            kind=effect.kind,
            effect=" x ".join(change.name for change in effect.changes),
            levels=", ".join(change.levels for change in effect.changes),
            n=finding.n,
            estimate=finding.mean,
            low=finding.interval.low if finding.interval else None,
            high=finding.interval.high if finding.interval else None,
            interval=finding.interval.method if finding.interval else "",
            p=finding.test.p if finding.test else None,
            p_adjusted=finding.p_adjusted,
            verdict=finding.verdict,
            conclusion=_effect_sentence(effect, finding) + _left_out(finding.n, seeds),
        )
        for effect, finding in zip(found, judged, strict=True)
    ]


def _effect_sentence(effect: Effect, finding: Finding) -> str:
    if finding.verdict == NO_PAIR:
        return "Nothing can be said: no seed has finished runs of every variant."
    change, *moderators = effect.changes
    subject = f"the change by {change.name} ({change.levels})"
    if not moderators:
        return _sentence(
            finding,
            decided=f"Accuracy is {finding.verdict} {_with(change, change.other)} than "
            f"{_with(change, change.first)}",
            subject=subject,
        )
    (moderator,) = moderators
    first, other = _with(moderator, moderator.first), _with(moderator, moderator.other)
    return _sentence(
        finding,
        decided=f"{subject[0].upper()}{subject[1:]} is {finding.verdict} {other} than {first}",
        subject=f"{subject} {other}, minus that {first},",
    )


def _with(change: Change, level: str) -> str:
    """`without dropout`, `with kernel 5`."""
    if level in ("with", "without"):
        return f"{level} {change.name}"
    return f"with {change.name} {level}"


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        params, output = snakemake.params, snakemake.output
        runs = read_runs(snakemake.input.predictions, params.runs)
        contrasts = [Contrast(**contrast) for contrast in params.contrasts]
        rows = contrast_rows(contrasts, runs, params.seeds, params.margin)
        write_records(output.comparisons, ContrastRow, rows)
        table = accuracy_table(params.design, runs, params.seeds)
        effects_found = effect_rows(params.factors, table, len(params.seeds), params.margin)
        write_records(output.effects, EffectRow, effects_found)
        drawn = [
            ForestRow(
                name=row.contrast,
                detail=row.differs,
                points=tuple(pairs_of(contrast, runs, params.seeds).points),
                mean=row.difference,
                interval=None if row.low is None or row.high is None else (row.low, row.high),
                verdict=row.verdict,
            )
            for contrast, row in zip(contrasts, rows, strict=True)
        ]
        figures = {output.contrasts: forest_figure(drawn, params.margin, params.title)}
        if params.factors:
            figures[output.interactions] = interactions_figure(params.factors, table, params.title)
        for path, figure in figures.items():
            with atomic(path) as temporary:
                figure.savefig(temporary, dpi=params.dpi)
