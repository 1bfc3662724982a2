"""The contrasts judged over paired seeds."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.config.contrasts import Contrast
from study.runs.choice import ACCURACY
from study.runs.metrics import RunKey
from study.runs.predictions import Predictions, Runs
from study.statistics.failures import Failures, failures_of
from study.statistics.findings import Finding, findings
from study.statistics.methods import mcnemar_test
from study.statistics.sentences import Wording, margin_of_errors, sentences
from study.statistics.values import Values
from study.words import count_of


@dataclass(frozen=True)
class ContrastRow:
    """One contrast: a line of comparisons.csv, a column per field.

    `baseline_value` and `variant_value` are means of the `metric` over the paired seeds, accuracies
    as fractions. `difference` and the intervals are the variant minus the baseline, percentage
    points for accuracies: `low` and `high` are simultaneous for the family and decide the verdict,
    `normal_low` and `normal_high` (Student's t) hold if differences are normal and decide nothing.
    `superiority` is the probability that the variant beats the baseline with one seed. `mcnemar`
    has a p-value per seed. `within_margin` (yes or no) says whether the interval lies within the
    margin, which is `margin_of_errors` of the baseline's errors if the metric is the accuracy.
    """

    family: str
    contrast: str
    baseline: str
    variant: str
    differs: str
    n: int
    metric: str
    baseline_value: float | None
    variant_value: float | None
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
    """The runs of a contrast's baseline and variant, by the seeds that both have.

    `differences` are variant minus baseline, percentage points for accuracies.
    """

    baseline: Mapping[int, Predictions]
    variant: Mapping[int, Predictions]
    differences: Mapping[int, float]

    @property
    def same(self) -> list[bool]:
        """Whether the two predict the same class for every image, for each seed."""
        return [
            np.array_equal(baseline.classes, self.variant[seed].classes)
            for seed, baseline in self.baseline.items()
        ]


def pairs_of(contrast: Contrast, runs: Runs, values: Values, seeds: Sequence[int]) -> Pairs:
    """The contrast's runs with those of `seeds` that both of its variants have finished."""
    both = [s for s in seeds if {(contrast.baseline, s), (contrast.variant, s)} <= runs.keys()]
    return Pairs(
        {seed: runs[RunKey(contrast.baseline, seed)] for seed in both},
        {seed: runs[RunKey(contrast.variant, seed)] for seed in both},
        {
            seed: values.difference(RunKey(contrast.variant, seed), RunKey(contrast.baseline, seed))
            for seed in both
        },
    )


def contrast_rows(
    contrasts: Sequence[Contrast], runs: Runs, values: Values, seeds: Sequence[int], margin: float
) -> list[ContrastRow]:
    """Every contrast judged within its family by the `values` of `runs`; in their order."""
    failures = failures_of(runs)
    families: dict[str, list[Contrast]] = defaultdict(list)
    for contrast in contrasts:
        families[contrast.family].append(contrast)
    rows = {}
    for family in families.values():
        pairs = [pairs_of(contrast, runs, values, seeds) for contrast in family]
        judged = findings(
            [[pair.differences.get(seed, math.nan) for seed in seeds] for pair in pairs],
            margin,
            # Probabilities may differ where the classes are the same.
            identical=[
                values.measure.is_accuracy and bool(pair.same) and all(pair.same) for pair in pairs
            ],
            failed=[
                [failures.has((c.baseline, c.variant), seed) for seed in seeds] for c in family
            ],
            lower_is_better=values.measure.lower_is_better,
        )
        for contrast, pair, finding in zip(family, pairs, judged, strict=True):
            rows[contrast] = _contrast_row(contrast, pair, values, finding, failures, len(seeds))
    return [rows[contrast] for contrast in contrasts]


def _contrast_row(
    contrast: Contrast,
    pairs: Pairs,
    values: Values,
    finding: Finding,
    failures: Failures,
    seeds: int,
) -> ContrastRow:
    def mean_value(variant: str) -> float | None:
        found = [values.counts[RunKey(variant, seed)] / values.of for seed in pairs.baseline]
        return float(np.mean(found)) if found else None

    mcnemar = [
        "identical" if same else str(mcnemar_test(pairs.variant[seed].right, baseline.right))
        for (seed, baseline), same in zip(pairs.baseline.items(), pairs.same, strict=True)
    ]
    both = contrast.baseline, contrast.variant
    baseline = mean_value(contrast.baseline)
    perfect = " Both got every image right." if baseline == 1 else ""
    accuracy = baseline if values.measure.key == ACCURACY else None
    wording = Wording(
        decided=lambda verdict: f"{contrast.variant} is {verdict} than {contrast.baseline}",
        subject=f"{contrast.variant} minus {contrast.baseline}",
        event=f"{contrast.variant} beats {contrast.baseline}",
        accuracy=accuracy,
        missing=f"Nothing can be said of {contrast.variant} and {contrast.baseline}: no seed has "
        "finished runs of both.",
        same=f"{contrast.variant} and {contrast.baseline} predicted the same class for every test "
        f"image, with {count_of(finding.n, 'seed')}; there is nothing to test.{perfect}",
        measure=values.measure,
    )
    return ContrastRow(
        family=contrast.family,
        contrast=contrast.name,
        baseline=contrast.baseline,
        variant=contrast.variant,
        differs=contrast.differs,
        metric=values.measure.key,
        baseline_value=baseline,
        variant_value=mean_value(contrast.variant),
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
