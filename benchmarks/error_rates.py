"""How often the verdicts are wrong, in simulated studies whose truth is known.

    python benchmarks/error_rates.py                # what docs/statistics.md records
    python benchmarks/error_rates.py --studies 100  # a glance

The accuracies of the twelve networks are drawn, not trained; contrasts, tests, intervals and
verdicts are the pipeline's own.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from study.config.contrasts import Contrast
from study.config.study import load_study
from study.statistics.findings import BETTER, WORSE, Finding, findings
from study.statistics.methods import Interval, bca_interval, student_interval

CONFIG = Path(__file__).resolve().parents[1] / "config" / "config.yaml"
OWN_SD = 0.1  # points, of one network's accuracy from seed to seed
SHARED_SD = 0.05  # points, of what a seed does to all networks alike
MARGIN = 0.2  # points, as in the configuration's default

Noise = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]
"""Draws of mean 0 and standard deviation 1."""

NOISES: dict[str, Noise] = {
    "normal": lambda random, shape: random.normal(size=shape),
    "skewed (exponential)": lambda random, shape: 1 - random.exponential(size=shape),
    "heavy tails (t, 3 df)": lambda random, shape: random.standard_t(3, shape) / 3**0.5,
}


def simulated_study(
    contrasts: Sequence[Contrast],
    means: dict[str, float],
    seeds: int,
    random: np.random.Generator,
    noise: Noise = NOISES["normal"],
) -> list[Finding]:
    """Judge one simulated study.

    `means` holds the true accuracies in percent of the variants that are not at 99. Accuracies
    are whole numbers of 10,000 test images.
    """
    shared = SHARED_SD * noise(random, (seeds,))
    accuracies = {
        variant: np.round(
            means.get(variant, 99.0) + shared + OWN_SD * noise(random, (seeds,)), 2
        ).clip(0, 100)
        for variant in sorted({name for c in contrasts for name in (c.baseline, c.variant)})
    }
    differences = [
        np.round(accuracies[contrast.variant] - accuracies[contrast.baseline], 2).tolist()
        for contrast in contrasts
    ]
    return findings(differences, MARGIN)


def share(hits: Sequence[bool]) -> str:
    """`3.1 % (31 of 1000)`."""
    return f"{np.mean(hits):.1%} ({sum(hits)} of {len(hits)})".replace("%", " %")


def false_verdicts(
    contrasts: Sequence[Contrast], seeds: int, studies: int, noise: Noise
) -> list[bool]:
    """For studies of equal networks, whether any contrast was called better or worse."""
    random = np.random.default_rng(seeds)
    return [
        any(
            finding.verdict in (BETTER, WORSE)
            for finding in simulated_study(contrasts, {}, seeds, random, noise)
        )
        for _ in range(studies)
    ]


def found(contrasts: Sequence[Contrast], difference: float, seeds: int, studies: int) -> list[bool]:
    """For studies in which the first contrast's variant is so many points worse, and all other
    networks are equal, whether the first contrast was called worse.
    """
    random = np.random.default_rng(seeds)
    means = {contrasts[0].variant: 99.0 - difference}
    return [
        simulated_study(contrasts, means, seeds, random)[0].verdict == WORSE for _ in range(studies)
    ]


def false_equivalence(contrast: Contrast, seeds: int, studies: int) -> list[bool]:
    """For pairs that differ by just the margin, whether it was called no larger difference."""
    random = np.random.default_rng(seeds)
    means = {contrast.variant: 99.0 - MARGIN}
    return [
        simulated_study([contrast], means, seeds, random)[0].verdict.startswith("no difference")
        for _ in range(studies)
    ]


def covered(
    interval: Callable[[NDArray[np.float64]], Interval], seeds: int, studies: int, noise: Noise
) -> list[bool]:
    """Whether the interval of the mean of so many values held the true mean."""
    random = np.random.default_rng(seeds)
    intervals = [interval(noise(random, (seeds,))) for _ in range(studies)]
    return [found.low <= 0 <= found.high for found in intervals]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    studies = parser.parse_args().studies
    contrasts = load_study(yaml.safe_load(CONFIG.read_text(encoding="utf-8"))).contrasts

    print(f"{len(contrasts)} contrasts; equal networks; any verdict of better or worse:")
    for seeds, name in ((5, "normal"), *((10, name) for name in NOISES)):
        wrong = false_verdicts(contrasts, seeds, studies, NOISES[name])
        print(f"  {seeds} seeds, {name}: {share(wrong)}")
    print("one network is worse by so much; its contrast is called worse:")
    for difference, seeds in ((0.5, 9), (0.5, 10), (0.3, 10), (0.2, 10)):
        hits = found(contrasts, difference, seeds, studies)
        print(f"  {difference} points, {seeds} seeds: {share(hits)}")
    print(f"a difference of just {MARGIN} points is called no difference larger than that:")
    for seeds in (3, 5, 10):
        print(f"  {seeds} seeds: {share(false_equivalence(contrasts[0], seeds, studies))}")
    print("95 % intervals that hold the true mean, Student t and BCa bootstrap:")
    for name, noise in NOISES.items():
        for seeds in (3, 5, 10, 20, 30, 50):
            student, bca = (
                share(covered(method, seeds, studies, noise))
                for method in (student_interval, bca_interval)
            )
            print(f"  {seeds} seeds, {name}: {student}, {bca}")


if __name__ == "__main__":
    main()
