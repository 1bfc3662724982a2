"""Same accuracies? Every network trained our way and the notebook's, on part of the data.

    python benchmarks/accuracy.py --images 6000 --epochs 12 --seeds 3

For each network and seed both start from the same weights; order of the images and dropout are
their own. Prints the test accuracies and the differences paired by seed with their intervals, and
writes them to `accuracy-{precision}.csv`.
"""

import argparse
import csv
import math
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev

import yaml
from scipy.stats import binom
from scipy.stats import t as student
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from pipeline import ROOT
from protocol import Worker
from report import markdown_table
from study.config.study import load_study

Accuracies = dict[str, list[tuple[float, float]]]
"""Our test accuracy and the notebook's, by network, one pair for each seed."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Test accuracies, ours against the notebook's.")
    parser.add_argument("--images", type=int, default=6000, help="training images, the first ones")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3, help="1 to this number")
    parser.add_argument("--networks", nargs="+", help="default: all")
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        default="float32",
        help="of our steps; the notebook's are float32",
    )
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "prepared" / "mnist.npz")
    parser.add_argument(
        "--outdir", type=Path, default=ROOT / "benchmarks" / "out", help="folder of the results"
    )
    return parser.parse_args()


def measure(options: argparse.Namespace) -> Accuracies:
    """Train everything; both ways at once, since nothing is timed."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    study = load_study(config)
    changes = {"epochs": options.epochs, "precision": options.precision}
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
                    settings=asdict(variant.settings) | changes,
                    seed=seed,
                    npz=str(options.data),
                    images=options.images,
                )
            found.setdefault(variant.id, []).append((ours.answer(), notebook.answer()))
    return found


def margin(errors: list[float], freedom: int) -> float:
    """Half the width of the 95 % interval (Student's t) of a mean of independent means, from
    their standard errors, with so many degrees of freedom.
    """
    error = math.sqrt(sum(error**2 for error in errors)) / len(errors)
    return float(student.ppf(0.975, freedom)) * error


def accuracy_table(found: Accuracies) -> str:
    """Mean accuracies in percent, and their differences in points with 95 % intervals."""
    seeds = len(next(iter(found.values())))
    points = {
        network: [100 * (ours - notebook) for ours, notebook in pairs]
        for network, pairs in found.items()
    }
    errors = {network: stdev(values) / math.sqrt(seeds) for network, values in points.items()}
    margins = {network: margin([error], seeds - 1) for network, error in errors.items()}

    def row(name: str, networks: Sequence[str], half_width: float, digits: int) -> tuple[str, ...]:
        pairs = [pair for network in networks for pair in found[network]]
        difference = fmean(fmean(points[network]) for network in networks)
        return (
            name,
            f"{100 * fmean(ours for ours, _ in pairs):.2f}",
            f"{100 * fmean(notebook for _, notebook in pairs):.2f}",
            f"{difference:+.{digits}f}",
            f"{half_width:.{digits}f}",
            "yes" if abs(difference) <= half_width else "no",
        )

    rows = [row(network, [network], margins[network], 2) for network in found]
    # Not with the degrees of freedom of all networks: one of large variance may outweigh the rest.
    rows.append(row("all", list(found), margin(list(errors.values()), seeds - 1), 3))
    outside = sum(within == "no" for *_, within in rows[:-1])
    expected = 0.05 * len(found)
    chance = float(binom.sf(outside - 1, len(found), 0.05))
    header = ("network", "ours, %", "notebook, %", "difference", "+-", "within noise")
    return (
        markdown_table(header, rows)
        + f"\n\n`+-`: half the 95 % interval of the difference, Student's t over {seeds} paired "
        f"seeds. Where both ways are the same, {expected:.1f} of {len(found)} networks are "
        f"expected outside by chance; {outside} or more with a probability of {chance:.2f}."
    )


def main() -> None:
    options = arguments()
    if not options.data.is_file():
        sys.exit(f"error: there is no {options.data}; `snakemake {options.data}` prepares it")
    if options.seeds < 2:
        sys.exit(f"error: --seeds {options.seeds} shows no spread; at least 2 are needed")
    options.outdir.mkdir(parents=True, exist_ok=True)
    found = measure(options)
    path = options.outdir / f"accuracy-{options.precision}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("network", "seed", "ours", "notebook"))
        for network, pairs in found.items():
            writer.writerows((network, seed, *pair) for seed, pair in enumerate(pairs, 1))
    print(
        f"Test accuracy after {options.epochs} epochs on {options.images:,} images, "
        f"mean of {options.seeds} seeds, our steps in {options.precision}\n\n"
        f"{accuracy_table(found)}"
    )


if __name__ == "__main__":
    main()
