"""How good the verdicts are, judged by a finished study with many seeds.

    python benchmarks/judging.py RESULTS            # what docs/statistics.md records
    python benchmarks/judging.py RESULTS --other FOLDER

RESULTS is the folder of a study whose `comparisons.csv` compares its networks. Smaller studies are
drawn from its runs, and judged as the pipeline judges. `--other` names the results of runs of the
same networks and seeds by another machine.
"""

import argparse
import itertools
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from error_rates import MARGIN, OWN_SD, SHARED_SD, random_for, share
from report import markdown_table
from study.config.contrasts import Contrast
from study.runs.metrics import read_metrics, reported_accuracy
from study.statistics.findings import BETTER, WORSE, Finding, findings, no_difference
from study.statistics.power import MOST_SEEDS, POWER, seeds_to_detect

SMALL = (3, 5, 6, 8)
"""Seeds of the smaller studies."""

Accuracies = Mapping[str, NDArray[np.float64]]
"""Test accuracies [seeds] in percent by network, all with the same seeds in one order."""


def read_accuracies(results: Path) -> Accuracies:
    """Those of the seeds that every network has finished."""
    by_network: dict[str, dict[int, float]] = defaultdict(dict)
    runs = read_metrics(sorted(results.glob("runs/*/seed-*/metrics.json")))
    for (network, seed), run in runs.items():
        by_network[network][seed] = 100 * reported_accuracy(run)
    if not by_network:
        sys.exit(f"error: {results}: no finished runs")
    seeds = sorted(set.intersection(*map(set, by_network.values())))
    return {name: np.array([of[seed] for seed in seeds]) for name, of in by_network.items()}


def read_contrasts(results: Path) -> list[Contrast]:
    """The contrasts of comparisons.csv."""
    table = pd.read_csv(results / "comparisons.csv", keep_default_na=False)
    names = {"contrast": "name", "family": "family", "baseline": "baseline"}
    columns = names | {"variant": "variant", "differs": "differs"}
    records = table[[*columns]].rename(columns=columns).to_dict("records")
    return [Contrast(**{str(key): value for key, value in record.items()}) for record in records]


def judged(contrasts: Sequence[Contrast], accuracies: Accuracies) -> list[Finding]:
    """One study of these accuracies; all contrasts are one family."""
    points = [(accuracies[c.variant] - accuracies[c.baseline]).round(6) for c in contrasts]
    return findings([values.tolist() for values in points], MARGIN)


def subsets(seeds: int, size: int, most: int, line: str) -> list[list[int]]:
    """So many different subsets of the seeds, or all where there are no more."""
    every = [list(chosen) for chosen in itertools.combinations(range(seeds), size)]
    if len(every) <= most:
        return every
    places = random_for(line).choice(len(every), most, replace=False)
    return [every[place] for place in places]


def drawn(accuracies: Accuracies, chosen: Sequence[int]) -> Accuracies:
    return {name: values[chosen] for name, values in accuracies.items()}


def kind(finding: Finding) -> str:
    """The verdict in a word."""
    if finding.is_decided:
        return finding.verdict
    return "none larger" if finding.verdict == no_difference(MARGIN) else "open"


def contradicts(small: Finding, whole: Finding) -> bool:
    """Whether both cannot be right: opposite signs, or no difference larger than the margin in
    the one where the other's whole interval is beyond it.
    """
    signs = {kind(small), kind(whole)}
    if signs == {BETTER, WORSE}:
        return True
    return any(
        one.is_small
        and other.interval is not None
        and max(other.interval.low, -other.interval.high) > MARGIN
        for one, other in ((small, whole), (whole, small))
    )


def print_resampled(contrasts: Sequence[Contrast], accuracies: Accuracies, most: int) -> None:
    seeds = len(next(iter(accuracies.values())))
    whole = judged(contrasts, accuracies)
    print(f"Studies of fewer seeds, drawn from the {seeds}; {len(contrasts)} contrasts each:\n")
    rows = []
    for size in (size for size in SMALL if size < seeds):
        chosen = subsets(seeds, size, most, f"resampled, {size} seeds")
        pairs = [
            pair
            for some in chosen
            for pair in zip(judged(contrasts, drawn(accuracies, some)), whole, strict=True)
        ]
        decided = [(a, b) for a, b in pairs if a.is_decided]
        found = [a.is_decided for a, b in pairs if b.is_decided]
        rows.append(
            [
                *(str(size), str(len(chosen))),
                share([contradicts(a, b) for a, b in pairs]),
                share([not b.is_decided for _, b in decided]) if decided else "none decided",
                share(found) if found else "none to find",
                share([kind(a) == kind(b) for a, b in pairs]),
            ]
        )
    header = ["seeds", "studies", "verdicts that contradict", "better or worse, open with all"]
    print(markdown_table([*header, "differences of all seeds found", "same verdict"], rows))


def print_shuffled(contrasts: Sequence[Contrast], accuracies: Accuracies, studies: int) -> None:
    """Where labels are exchanged at random, no network is better than another."""
    random = random_for("shuffled labels")
    names = list(accuracies)
    table = np.array([accuracies[name] for name in names])  # [networks, seeds]
    seeds = table.shape[1]
    pair = [Contrast("b vs a", "study", "a", "b", "")]
    single = []
    for first, second in itertools.combinations(table, 2):
        for _ in range(max(1, studies // 10)):
            flip = random.random(seeds) < 0.5
            a, b = np.where(flip, second, first), np.where(flip, first, second)
            single.append(judged(pair, {"a": a, "b": b})[0].is_decided)
    whole = []
    for _ in range(studies):
        mixed = random.permuted(table, axis=0)
        found = judged(contrasts, dict(zip(names, mixed, strict=True)))
        whole.append(any(finding.is_decided for finding in found))
    print("The networks' labels shuffled within each seed; called better or worse:\n")
    rows = [["one pair of networks", share(single)]]
    rows.append([f"any of the {len(contrasts)} contrasts of a study", share(whole)])
    print(markdown_table(["", "share"], rows))


def print_spread(contrasts: Sequence[Contrast], accuracies: Accuracies) -> None:
    print("Spread over seeds, in points:\n")
    rows = [
        [name, str(len(values)), f"{values.mean():.3f}", f"{values.std(ddof=1):.3f}"]
        for name, values in accuracies.items()
    ]
    print(markdown_table(["network", "n", "mean", "sd"], rows))
    correlations = np.corrcoef(list(accuracies.values()))
    pairs = correlations[np.triu_indices(len(accuracies), 1)]
    spreads = [values.std(ddof=1) for values in accuracies.values()]
    paired = [(accuracies[c.variant] - accuracies[c.baseline]).std(ddof=1) for c in contrasts]
    alone = [
        np.hypot(accuracies[c.variant].std(ddof=1), accuracies[c.baseline].std(ddof=1))
        for c in contrasts
    ]
    assumed = np.hypot(OWN_SD, SHARED_SD)
    low, middle, high = np.quantile(pairs, [0.05, 0.5, 0.95])
    rows = [
        ["sd of a network, median", f"{median(spreads):.3f}", f"{assumed:.3f}"],
        [
            "correlation of two networks over seeds, median (5 to 95 %)",
            f"{middle:.2f} ({low:.2f} to {high:.2f})",
            f"{SHARED_SD**2 / assumed**2:.2f}",
        ],
        [
            "sd of a contrast's differences, median",
            f"{median(paired):.3f}",
            f"{2**0.5 * OWN_SD:.3f}",
        ],
        ["the same if seeds were not paired", f"{median(alone):.3f}", f"{2**0.5 * assumed:.3f}"],
    ]
    print()
    print(markdown_table(["", "here", "assumed by error_rates.py"], rows))


def print_seeds_needed(contrasts: Sequence[Contrast], accuracies: Accuracies, most: int) -> None:
    seeds = len(next(iter(accuracies.values())))
    whole = judged(contrasts, accuracies)
    print(
        f"Seeds that a difference of {MARGIN:g} points needs, by the spread of 3 seeds and of all"
    )
    print(f"{seeds}; and the least seeds with which {POWER:.0%} of the drawn studies decide:\n")
    studies = {
        size: [judged(contrasts, drawn(accuracies, some)) for some in chosen]
        for size in range(3, seeds)
        if (chosen := subsets(seeds, size, most, f"needed, {size} seeds"))
    }
    rows = []
    for place, (contrast, finding) in enumerate(zip(contrasts, whole, strict=True)):
        points = accuracies[contrast.variant] - accuracies[contrast.baseline]
        of_three = sorted(
            _needed(points[some], len(contrasts))
            for some in subsets(seeds, 3, most, "needed, 3 seeds")
        )
        took = [
            size
            for size, found in studies.items()
            if np.mean([study[place].is_decided for study in found]) >= POWER
        ]
        low, middle, high = (of_three[int(q * (len(of_three) - 1))] for q in (0.1, 0.5, 0.9))
        rows.append(
            [
                contrast.name,
                f"{points.mean():+.3f}",
                f"{middle} ({low} to {high})",
                str(_needed(points, len(contrasts))),
                str(min(took))
                if took
                else f"{'all ' + str(seeds) if finding.is_decided else 'more'}",
            ]
        )
    header = ["contrast", "difference", "by 3 seeds, median (10 to 90 %)", f"by {seeds}", "it took"]
    print(markdown_table(header, rows))


def _needed(points: NDArray[np.float64], family: int) -> int:
    """MOST_SEEDS + 1 stands for more."""
    sd = float(points.std(ddof=1))
    return seeds_to_detect(MARGIN, sd, family) or MOST_SEEDS + 1 if sd else 0


def print_other(accuracies: Path, other: Path) -> None:
    """The same runs by another machine: differences in units of the spread over seeds."""
    here, there = (
        read_metrics(sorted(folder.glob("runs/*/seed-*/metrics.json")))
        for folder in (accuracies, other)
    )
    spread = {name: of.std(ddof=1) for name, of in read_accuracies(accuracies).items()}
    both = [key for key in here if key in there]
    if not both:
        sys.exit(f"error: {other}: has no run of {accuracies}")
    print(f"The same runs here ({here[both[0]]['processor']}) and there")
    print(f"({there[both[0]]['processor']}, threads {there[both[0]]['threads']}):\n")
    rows = []
    for key in both:
        points = 100 * (reported_accuracy(there[key]) - reported_accuracy(here[key]))
        rows.append(
            [
                f"{key.variant}, seed {key.seed}",
                f"{points:+.3f}",
                f"{points / spread[key.variant]:+.2f}",
            ]
        )
    print(markdown_table(["run", "accuracy, there minus here, points", "in sd over seeds"], rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of a finished study")
    parser.add_argument("--other", type=Path, help="results of some of its runs elsewhere")
    parser.add_argument("--studies", type=int, default=200, help="drawn for each line; 200")
    given = parser.parse_args()
    accuracies, contrasts = read_accuracies(given.results), read_contrasts(given.results)
    parts: list[Callable[[], None]] = [
        lambda: print_resampled(contrasts, accuracies, given.studies),
        lambda: print_shuffled(contrasts, accuracies, given.studies),
        lambda: print_spread(contrasts, accuracies),
        lambda: print_seeds_needed(contrasts, accuracies, given.studies),
    ]
    if given.other:
        parts.append(lambda: print_other(given.results, given.other))
    for part in parts:
        part()
        print()


if __name__ == "__main__":
    main()
