"""The contrasts judged over paired seeds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from study.config.contrasts import Contrast
from study.runs.metrics import RunKey
from study.runs.predictions import Predictions, Runs
from study.statistics.findings import (
    IDENTICAL,
    NO_PAIR,
    Finding,
    finding_in_words,
    findings,
    left_out,
)
from study.statistics.methods import mcnemar_test
from study.words import count_of


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
class Pairs:
    """The runs of a contrast's baseline and variant, in the order of their common seeds."""

    baseline: list[Predictions]
    variant: list[Predictions]

    @property
    def points(self) -> list[float]:
        """Differences in percentage points, variant minus baseline."""
        return [
            100 * (variant.correct - baseline.correct) / len(variant.labels)
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
        [runs[RunKey(contrast.baseline, seed)] for seed in both],
        [runs[RunKey(contrast.variant, seed)] for seed in both],
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
            f"{count_of(finding.n, 'seed')}; there is nothing to test."
        ) + (" Both got every image right." if mean_accuracy(pairs.variant) == 1 else "")
    else:
        sentence = finding_in_words(
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
        conclusion=sentence + left_out(finding.n, seeds),
    )
