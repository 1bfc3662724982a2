"""The contrasts judged over paired seeds."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.config.contrasts import Contrast
from study.runs.metrics import RunKey
from study.runs.predictions import Predictions, Runs
from study.statistics.failures import Failures, failures_of
from study.statistics.findings import Finding, findings
from study.statistics.methods import mcnemar_test
from study.statistics.sentences import Wording, margin_of_errors, sentences
from study.words import count_of


@dataclass(frozen=True)
class ContrastRow:
    """One contrast: a line of comparisons.csv, a column per field.

    Accuracies are fractions, means over the paired seeds. `difference` and the intervals are
    percentage points, the variant minus the baseline: `low` and `high` are simultaneous for the
    family and decide the verdict, `normal_low` and `normal_high` (Student's t) hold if differences
    are normal and decide nothing. `superiority` is the probability that the variant beats the
    baseline with one seed. `mcnemar` has a p-value per seed. `within_margin` (yes or no) says
    whether the interval lies within the margin, which is `margin_of_errors` of the baseline's
    errors.
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
    normal_low: float | None
    normal_high: float | None
    p: float | None
    test: str
    p_adjusted: float | None
    superiority: float | None
    superiority_low: float | None
    superiority_high: float | None
    mcnemar: str
    failed_runs: str
    verdict: str
    verdict_without_failed: str
    within_margin: str
    margin_of_errors: float | None
    seeds_needed: str
    conclusion: str


@dataclass(frozen=True)
class Pairs:
    """The runs of a contrast's baseline and variant, by the seeds that both have."""

    baseline: Mapping[int, Predictions]
    variant: Mapping[int, Predictions]

    @property
    def points_by_seed(self) -> dict[int, float]:
        """Differences in percentage points, variant minus baseline."""
        return {
            seed: 100 * (self.variant[seed].correct - baseline.correct) / len(baseline.labels)
            for seed, baseline in self.baseline.items()
        }

    @property
    def points(self) -> list[float]:
        """The differences in the order of the seeds."""
        return list(self.points_by_seed.values())

    @property
    def same(self) -> list[bool]:
        """Whether the two predict the same class for every image, for each seed."""
        return [
            np.array_equal(baseline.classes, self.variant[seed].classes)
            for seed, baseline in self.baseline.items()
        ]


def pairs_of(contrast: Contrast, runs: Runs, seeds: Sequence[int]) -> Pairs:
    """The contrast's runs with those of `seeds` that both of its variants have finished."""
    both = [s for s in seeds if {(contrast.baseline, s), (contrast.variant, s)} <= runs.keys()]
    return Pairs(
        {seed: runs[RunKey(contrast.baseline, seed)] for seed in both},
        {seed: runs[RunKey(contrast.variant, seed)] for seed in both},
    )


def contrast_rows(
    contrasts: Sequence[Contrast], runs: Runs, seeds: Sequence[int], margin: float
) -> list[ContrastRow]:
    """Every contrast judged within its family, in the order of `contrasts`."""
    failures = failures_of(runs)
    families: dict[str, list[Contrast]] = defaultdict(list)
    for contrast in contrasts:
        families[contrast.family].append(contrast)
    rows = {}
    for family in families.values():
        pairs = [pairs_of(contrast, runs, seeds) for contrast in family]
        judged = findings(
            [[pair.points_by_seed.get(seed, math.nan) for seed in seeds] for pair in pairs],
            margin,
            identical=[bool(pair.same) and all(pair.same) for pair in pairs],
            failed=[
                [failures.has((c.baseline, c.variant), seed) for seed in seeds] for c in family
            ],
        )
        for contrast, pair, finding in zip(family, pairs, judged, strict=True):
            rows[contrast] = _contrast_row(contrast, pair, finding, failures, len(seeds))
    return [rows[contrast] for contrast in contrasts]


def _contrast_row(
    contrast: Contrast, pairs: Pairs, finding: Finding, failures: Failures, seeds: int
) -> ContrastRow:
    def mean_accuracy(runs: Mapping[int, Predictions]) -> float | None:
        return float(np.mean([run.accuracy for run in runs.values()])) if runs else None

    mcnemar = [
        "identical" if same else str(mcnemar_test(pairs.variant[seed].right, baseline.right))
        for (seed, baseline), same in zip(pairs.baseline.items(), pairs.same, strict=True)
    ]
    both = contrast.baseline, contrast.variant
    accuracy = mean_accuracy(pairs.baseline)
    perfect = " Both got every image right." if accuracy == 1 else ""
    wording = Wording(
        decided=lambda verdict: f"{contrast.variant} is {verdict} than {contrast.baseline}",
        subject=f"{contrast.variant} minus {contrast.baseline}",
        event=f"{contrast.variant} beats {contrast.baseline}",
        accuracy=accuracy,
        missing=f"Nothing can be said of {contrast.variant} and {contrast.baseline}: no seed has "
        "finished runs of both.",
        same=f"{contrast.variant} and {contrast.baseline} predicted the same class for every test "
        f"image, with {count_of(finding.n, 'seed')}; there is nothing to test.{perfect}",
    )
    return ContrastRow(
        family=contrast.family,
        contrast=contrast.name,
        baseline=contrast.baseline,
        variant=contrast.variant,
        differs=contrast.differs,
        baseline_accuracy=accuracy,
        variant_accuracy=mean_accuracy(pairs.variant),
        difference=finding.mean,
        mcnemar="; ".join(mcnemar),
        failed_runs=failures.names(both),
        margin_of_errors=margin_of_errors(finding.margin, accuracy),
        conclusion=sentences(finding, wording, " ".join(failures.in_words(both)), seeds),
        **finding_columns(finding),
    )


def finding_columns(finding: Finding) -> dict[str, Any]:
    """The columns that comparisons.csv and effects.csv have in common."""
    interval, normal, superiority = finding.interval, finding.student, finding.superiority
    return {
        "n": finding.n,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "interval": interval.method if interval else "",
        "normal_low": normal.low if normal else None,
        "normal_high": normal.high if normal else None,
        "p": finding.test.p if finding.test else None,
        "test": finding.test.name if finding.test else "",
        "p_adjusted": finding.p_adjusted,
        "superiority": superiority.estimate if superiority else None,
        "superiority_low": superiority.interval.low if superiority else None,
        "superiority_high": superiority.interval.high if superiority else None,
        "verdict": finding.verdict,
        "verdict_without_failed": finding.without.verdict if finding.without else "",
        "within_margin": "yes" if finding.is_small else "no",
        "seeds_needed": finding.seeds_needed,
    }
