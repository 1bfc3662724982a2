"""How often the verdicts are wrong, in simulated studies whose truth is known.

    python benchmarks/error_rates.py                # what docs/statistics.md records
    python benchmarks/error_rates.py --studies 100  # a glance

The accuracies of the networks are drawn, not trained; contrasts, tests, intervals and verdicts are
the pipeline's. Every line is seeded by its text and does not depend on the others.
"""

import argparse
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from study.config.contrasts import Contrast
from study.config.study import load_study
from study.statistics.failures import failed_trainings
from study.statistics.findings import Finding, findings, no_difference
from study.statistics.methods import ALPHA, probability_of_superiority
from study.statistics.power import seeds_to_detect
from study.statistics.sign_flip import sign_flip_family

CONFIG = Path(__file__).resolve().parents[1] / "config" / "config.yaml"
IMAGES = 10_000
MEAN = 99.0  # percent
OWN_SD = 0.1  # points, of one network's accuracy from seed to seed
SHARED_SD = 0.05  # points, of what a seed does to all networks alike
MARGIN = 0.2  # points, as in the configuration's default
FAILURE = 3.0  # points that a failed training loses
FAILURE_RATE = 0.1

Noise = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""Draws of mean 0 and standard deviation 1."""


def normal(random: np.random.Generator, n: int) -> NDArray[np.float64]:
    return random.normal(size=n)


def heavy(random: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Student's t with 3 degrees of freedom."""
    return random.standard_t(3, n) / 3**0.5


def skewed(random: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Exponential, with the long tail towards low accuracies."""
    return 1 - random.exponential(size=n)


PSEUDO_MEDIAN = 0.071
"""Pseudo-median of a skewed minus a normal draw: half of the means of two lie above it."""


@dataclass(frozen=True)
class World:
    """Where accuracies come from: noise of all networks, and of some in particular.

    `means` are shifts in points of single networks; those in `failing` lose FAILURE points in one
    run of ten.
    """

    noise: Noise = normal
    particular: Mapping[str, Noise] = field(default_factory=dict)
    means: Mapping[str, float] = field(default_factory=dict)
    failing: frozenset[str] = frozenset()

    def accuracies(
        self, networks: Iterable[str], seeds: int, random: np.random.Generator
    ) -> dict[str, NDArray[np.float64]]:
        """Accuracies [seeds] in percent by network, whole numbers of IMAGES images."""
        shared = SHARED_SD * self.noise(random, seeds)
        found = {}
        for name in networks:
            own = OWN_SD * self.particular.get(name, self.noise)(random, seeds)
            lost = FAILURE * (random.random(seeds) < FAILURE_RATE) * (name in self.failing)
            exact = MEAN + self.means.get(name, 0.0) + shared + own - lost
            found[name] = np.round(exact, 2).clip(0, 100)
        return found


def differences(
    contrasts: Sequence[Contrast], accuracies: Mapping[str, NDArray[np.float64]]
) -> list[list[float]]:
    """Of every contrast, in points."""
    return [np.round(accuracies[c.variant] - accuracies[c.baseline], 2).tolist() for c in contrasts]


def judged(
    contrasts: Sequence[Contrast], world: World, seeds: int, random: np.random.Generator
) -> list[Finding]:
    """One simulated study, judged as the pipeline does."""
    networks = sorted({name for c in contrasts for name in (c.baseline, c.variant)})
    accuracies = world.accuracies(networks, seeds, random)
    failed = {name: np.array(failed_trainings(a / 100, IMAGES)) for name, a in accuracies.items()}
    return findings(
        differences(contrasts, accuracies),
        MARGIN,
        failed=[(failed[c.baseline] | failed[c.variant]).tolist() for c in contrasts],
    )


def random_for(line: str) -> np.random.Generator:
    """The random numbers of one line of the output."""
    return np.random.default_rng(zlib.crc32(line.encode()))


def share(hits: Sequence[bool] | NDArray[np.bool_]) -> str:
    """`3.1 % (31 of 1000)`."""
    return f"{100 * np.mean(hits):.1f} % ({int(np.sum(hits))} of {len(hits)})"


def worlds(contrasts: Sequence[Contrast]) -> dict[str, World]:
    """Networks without a difference, in one sense or another."""
    baselines = {c.baseline for c in contrasts}
    every = baselines | {c.variant for c in contrasts}
    first = contrasts[0].baseline
    skew = dict.fromkeys(baselines, skewed)
    return {
        "normal": World(),
        "heavy tails (t, 3 df)": World(heavy),
        "all skewed alike (exponential)": World(skewed),
        "baselines skewed, equal means": World(particular=skew),
        "baselines skewed, equal typical values": World(
            particular=skew, means=dict.fromkeys(baselines, -OWN_SD * PSEUDO_MEDIAN)
        ),
        "one network fails in 1 run of 10, equal typical values": World(failing=frozenset([first])),
        "every network fails in 1 run of 10": World(failing=frozenset(every)),
        "one network fails in 1 run of 10, equal means": World(
            failing=frozenset([first]), means={first: FAILURE * FAILURE_RATE}
        ),
    }


def false_verdicts(
    contrasts: Sequence[Contrast],
    world: World,
    seeds: int,
    studies: int,
    random: np.random.Generator,
) -> tuple[list[bool], list[bool]]:
    """For every study, whether any contrast was called better or worse: with all runs, and
    without failed trainings.
    """
    whole, without = [], []
    for _ in range(studies):
        found = judged(contrasts, world, seeds, random)
        whole.append(any(finding.is_decided for finding in found))
        without.append(any((finding.without or finding).is_decided for finding in found))
    return whole, without


def detected(
    contrasts: Sequence[Contrast],
    world: World,
    seeds: int,
    studies: int,
    random: np.random.Generator,
) -> tuple[list[bool], list[bool]]:
    """Whether the first contrast, which has a difference, was called so; as in false_verdicts."""
    found = [judged(contrasts, world, seeds, random)[0] for _ in range(studies)]
    return (
        [finding.is_decided for finding in found],
        [(finding.without or finding).is_decided for finding in found],
    )


def detected_by_holm(
    contrasts: Sequence[Contrast],
    world: World,
    seeds: int,
    studies: int,
    random: np.random.Generator,
) -> list[bool]:
    """The same by the sign-flip test of single contrasts, adjusted by Holm."""
    networks = sorted({name for c in contrasts for name in (c.baseline, c.variant)})
    hits = []
    for _ in range(studies):
        points = differences(contrasts, world.accuracies(networks, seeds, random))
        alone = [found.p for values in points for found in sign_flip_family([values]) if found]
        hits.append(bool(multipletests(alone, method="holm")[1][0] <= ALPHA))
    return hits


def print_false_verdicts(contrasts: Sequence[Contrast], studies: int) -> None:
    print(f"{len(contrasts)} contrasts; no difference; any verdict of better or worse")
    print("(with all runs, without failed trainings):")
    for name, world in worlds(contrasts).items():
        for seeds in (5, 6, 8, 10, 12, 20):
            line = f"  {seeds} seeds, {name}: "
            some = studies if seeds <= 12 else max(1, studies // 10)
            whole, without = false_verdicts(contrasts, world, seeds, some, random_for(line))
            print(f"{line}{share(whole)}, {share(without)}", flush=True)


def print_power(contrasts: Sequence[Contrast], studies: int) -> None:
    variant = contrasts[0].variant
    print("one network is worse by so much; its contrast is called worse; the same by Holm:")
    for loss in (0.2, 0.3, 0.5):
        for seeds in (6, 8, 9, 10, 12):
            line = f"  {loss} points, {seeds} seeds: "
            world, random = World(means={variant: -loss}), random_for(line)
            found, _ = detected(contrasts, world, seeds, studies, random)
            old = detected_by_holm(contrasts, world, seeds, max(1, studies // 4), random)
            print(f"{line}{share(found)}; {share(old)}", flush=True)
    print("the same where its baseline fails in 1 run of 10 (all runs, without failed trainings):")
    failing = frozenset([contrasts[0].baseline])
    for loss in (0.3, 0.5):
        for seeds in (8, 10, 12):
            line = f"  {loss} points, {seeds} seeds, failing: "
            world = World(means={variant: -loss}, failing=failing)
            found, without = detected(contrasts, world, seeds, studies, random_for(line))
            print(f"{line}{share(found)}, {share(without)}", flush=True)


def print_seeds_needed(contrasts: Sequence[Contrast], studies: int) -> None:
    sd = 2**0.5 * OWN_SD
    print("with the seeds that the page names for a difference of so much, it is found:")
    for family in (contrasts[:1], contrasts):
        for loss in (0.15, 0.2, 0.3):
            seeds = seeds_to_detect(loss, sd, len(family))
            assert seeds
            line = f"  {loss} points, {len(family)} contrasts, {seeds} seeds: "
            world = World(means={contrasts[0].variant: -loss})
            some = studies if seeds <= 12 else max(1, studies // 10)
            found, _ = detected(family, world, seeds, some, random_for(line))
            print(f"{line}{share(found)}", flush=True)


def print_equivalence(contrasts: Sequence[Contrast], studies: int) -> None:
    baselines = {c.baseline for c in contrasts}
    below = {c.variant: -MARGIN for c in contrasts if c.variant not in baselines}
    edge = [c.variant in below for c in contrasts]
    print(f"{sum(edge)} contrasts differ by just {MARGIN} points; any called no larger difference;")
    print("all true differences of the family lie in their intervals:")
    for seeds in (5, 6, 8, 10, 12):
        line = f"  {seeds} seeds at the margin: "
        random, wrong, covered = random_for(line), [], []
        for _ in range(studies):
            found = judged(contrasts, World(means=below), seeds, random)
            wrong.append(any(f.is_small for f, e in zip(found, edge, strict=True) if e))
            truth = [-MARGIN * e for e in edge]
            covered.append(
                all(
                    f.interval is None or not f.interval.excludes(t)
                    for f, t in zip(found, truth, strict=True)
                )
            )
        print(f"{line}{share(wrong)}; {share(covered)}", flush=True)
    print("all networks are equal; a contrast is called no larger difference:")
    for seeds in (8, 10, 12, 16):
        line = f"  {seeds} seeds, equal: "
        random = random_for(line)
        some = max(1, studies // 10)
        same = [
            finding.verdict == no_difference(MARGIN)
            for _ in range(some)
            for finding in judged(contrasts, World(), seeds, random)
        ]
        print(f"{line}{share(same)}", flush=True)
    one = contrasts[:1]
    print("one contrast; the network fails in 1 run of 10, so that the means differ by 0.3 points;")
    print("called no larger difference:")
    for seeds in (5, 6, 8, 10):
        line = f"  {seeds} seeds, failing, one contrast: "
        random, world = random_for(line), World(failing=frozenset([one[0].baseline]))
        found = [judged(one, world, seeds, random)[0] for _ in range(studies)]
        print(f"{line}{share([f.verdict == no_difference(MARGIN) for f in found])}", flush=True)


def print_superiority(studies: int) -> None:
    print("95 % intervals that hold the true P(A > B), paired, ties as half:")
    pair = [Contrast("b vs a", "study", "a", "b", "")]
    for gain, noise in ((0.0, normal), (0.1, normal), (0.3, normal), (0.1, skewed)):
        world = World(particular={"b": noise}, means={"b": gain})

        def points(n: int, random: np.random.Generator, world: World = world) -> list[float]:
            return differences(pair, world.accuracies("ab", n, random))[0]

        name = f"{gain} points, {noise.__name__}"
        true = probability_of_superiority(points(1_000_000, random_for(name)))
        assert true
        for seeds in (3, 5, 10, 20):
            line = f"  {seeds} seeds, {name}, P = {true.estimate:.2f}: "
            random = random_for(line)
            held = [
                not found.interval.excludes(true.estimate)
                for _ in range(studies)
                if (found := probability_of_superiority(points(seeds, random)))
            ]
            print(f"{line}{share(held)}", flush=True)


def print_failures(studies: int) -> None:
    print("a run of a network is falsely said not to have learned; a run 3 points low is found:")
    for noise in (normal, heavy, skewed):
        for seeds in (3, 5, 10, 20):
            line = f"  {seeds} seeds, {noise.__name__}: "
            random, alarms, hits = random_for(line), [], []
            for _ in range(studies):
                accuracies = World(noise).accuracies("a", seeds, random)["a"] / 100
                alarms.append(any(failed_trainings(accuracies, IMAGES)))
                accuracies[0] -= FAILURE / 100
                hits.append(failed_trainings(accuracies, IMAGES)[0])
            print(f"{line}{share(alarms)}; {share(hits)}", flush=True)


def sections(contrasts: Sequence[Contrast], studies: int) -> dict[str, Callable[[], None]]:
    """The parts of the output by name, in order."""
    return {
        "false": lambda: print_false_verdicts(contrasts, studies),
        "power": lambda: print_power(contrasts, studies),
        "seeds": lambda: print_seeds_needed(contrasts, studies),
        "equivalence": lambda: print_equivalence(contrasts, studies),
        "superiority": lambda: print_superiority(studies),
        "failures": lambda: print_failures(studies),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--only", help="one part of the output")
    options = parser.parse_args()
    contrasts = load_study(yaml.safe_load(CONFIG.read_text(encoding="utf-8"))).contrasts
    for name, section in sections(contrasts, options.studies).items():
        if options.only in (None, name):
            section()


if __name__ == "__main__":
    main()
