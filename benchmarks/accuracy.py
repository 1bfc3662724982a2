"""Same accuracies? Every network trained our way and the notebook's, on part of the data.

    python benchmarks/accuracy.py --images 6000 --epochs 12 --seeds 3

For each network and seed both start from the same weights; order of the images and dropout are
their own. Prints the test accuracies, the differences paired by seed and their standard errors,
and writes them to `accuracy.csv`.
"""

import argparse
import csv
import math
import sys
from contextlib import closing
from pathlib import Path
from statistics import fmean, stdev, variance

import yaml
from scipy.stats import t as student
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from pipeline import ROOT
from protocol import Worker
from report import markdown_table
from study.config import load_study

Accuracies = dict[str, list[tuple[float, float]]]
"""Our test accuracy and the notebook's, by network, one pair for each seed."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Test accuracies, ours against the notebook's.")
    parser.add_argument("--images", type=int, default=6000, help="training images, the first ones")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3, help="1 to this number")
    parser.add_argument("--networks", nargs="+", help="default: all")
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "prepared" / "mnist.npz")
    parser.add_argument(
        "--outdir", type=Path, default=ROOT / "benchmarks" / "out", help="folder of the results"
    )
    return parser.parse_args()


def measure(options: argparse.Namespace) -> Accuracies:
    """Train everything; both ways at once, since nothing is timed."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    study = load_study(config)
    found: Accuracies = {}
    quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    with (
        closing(Worker("worker_ours.py", options.outdir / "ours.log", {})) as ours,
        closing(Worker("worker_notebook.py", options.outdir / "notebook.log", quiet)) as notebook,
    ):
        ours("start", log=str(ours.log))
        runs = [
            (variant, seed)
            for seed in range(1, options.seeds + 1)
            for variant in study.variants
            if options.networks is None or variant.id in options.networks
        ]
        for variant, seed in tqdm(runs, "trainings", leave=False):
            for worker in (ours, notebook):
                worker.ask(
                    "accuracy",
                    layers=variant.layers,
                    classes=study.dataset["classes"],
                    settings=variant.training | {"epochs": options.epochs},
                    seed=seed,
                    npz=str(options.data),
                    images=options.images,
                )
            found.setdefault(variant.id, []).append((ours.answer(), notebook.answer()))
    return found


def pooled_error(differences: list[list[float]]) -> tuple[float, int]:
    """Standard error of a network's mean difference, with the variance within networks pooled,
    and its degrees of freedom. One of three seeds alone would be too uncertain.
    """
    seeds = len(differences[0])
    spread = fmean(variance(values) for values in differences)
    return math.sqrt(spread / seeds), len(differences) * (seeds - 1)


def accuracy_table(found: Accuracies) -> str:
    """Mean accuracies in percent, and their differences in points."""
    points = {
        network: [100 * (ours - notebook) for ours, notebook in pairs]
        for network, pairs in found.items()
    }
    error, freedom = pooled_error(list(points.values()))
    bound = float(student.ppf(0.975, freedom)) * error
    rows = [
        (
            network,
            f"{100 * fmean(ours for ours, _ in pairs):.2f}",
            f"{100 * fmean(notebook for _, notebook in pairs):.2f}",
            f"{fmean(points[network]):+.2f}",
            f"{stdev(points[network]) / math.sqrt(len(pairs)):.2f}",
            "yes" if abs(fmean(points[network])) <= bound else "no",
        )
        for network, pairs in found.items()
    ]
    every = [value for values in points.values() for value in values]
    whole = error / math.sqrt(len(points))
    rows.append(
        (
            "all",
            f"{100 * fmean(ours for pairs in found.values() for ours, _ in pairs):.2f}",
            f"{100 * fmean(other for pairs in found.values() for _, other in pairs):.2f}",
            f"{fmean(every):+.3f}",
            f"{whole:.3f}",
            "yes" if abs(fmean(every)) <= bound / math.sqrt(len(points)) else "no",
        )
    )
    header = ("network", "ours, %", "notebook, %", "difference", "its s.e.", "within noise")
    return (
        markdown_table(header, rows)
        + f"\n\nWithin noise: within {bound:.2f} points of zero, the 95 % interval by the standard "
        f"error pooled over the networks ({error:.2f} points, {freedom} degrees of freedom)."
    )


def main() -> None:
    options = arguments()
    if not options.data.is_file():
        sys.exit(f"error: there is no {options.data}; `snakemake {options.data}` prepares it")
    if options.seeds < 2:
        sys.exit(f"error: --seeds {options.seeds} shows no spread; at least 2 are needed")
    options.outdir.mkdir(parents=True, exist_ok=True)
    found = measure(options)
    with (options.outdir / "accuracy.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("network", "seed", "ours", "notebook"))
        for network, pairs in found.items():
            writer.writerows((network, seed, *pair) for seed, pair in enumerate(pairs, 1))
    print(
        f"Test accuracy after {options.epochs} epochs on {options.images:,} images, "
        f"mean of {options.seeds} seeds\n\n{accuracy_table(found)}"
    )


if __name__ == "__main__":
    main()
