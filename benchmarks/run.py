"""Benchmark: training against the notebook's way, PyTorch and the processor; and all around it.

    python benchmarks/run.py           # a few minutes
    python benchmarks/run.py --full    # what docs/performance.md records

Prints its tables, and writes them to the folder `--outdir` with CSV files and a figure.
"""

import argparse
import datetime
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from flops import done_flops, training_flops
from pipeline import ROOT, epoch_seconds, job_seconds, measure_demo, measure_dry_runs, measure_graph
from report import (
    Outcome,
    costs,
    estimate_table,
    markdown_table,
    speed_figure,
    speed_legend,
    speed_table,
    target_table,
    targets,
    write_costs,
    write_samples,
)
from speed import Plan, has_torch, measure_speed
from study.config.study import Study, load_study
from study.config.variants import Variant
from study.networks.costs import multiply_adds
from study.training.provenance import git_commit, processor

PARTS = ("speed", "pipeline", "graph")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Benchmark of training and of all around it.")
    parser.add_argument("--full", action="store_true", help="measure longer, and all")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure; default: all"
    )
    parser.add_argument("--networks", nargs="+", help="networks to train; default: all")
    parser.add_argument("--rounds", type=int, help="rounds of all columns; default: 2, full 3")
    parser.add_argument(
        "--torch-python",
        default=os.environ.get("BENCH_TORCH_PYTHON", sys.executable),
        help="an interpreter that has PyTorch; default: $BENCH_TORCH_PYTHON, else this one",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=ROOT / "data" / "prepared" / "mnist.npz",
        help="prepared data, to time their reading if they are there",
    )
    parser.add_argument("--study", type=Path, help="a finished study's folder, to add up its jobs")
    parser.add_argument(
        "--outdir", type=Path, default=ROOT / "benchmarks" / "out", help="folder of the results"
    )
    return parser.parse_args()


def chosen(variants: Sequence[Variant], networks: Sequence[str] | None) -> list[Variant]:
    """The variants that `networks` names, by default all."""
    known = [variant.id for variant in variants]
    for network in networks or ():
        if network not in known:
            sys.exit(f"error: --networks: {network!r} is not one of {', '.join(known)}")
    return [variant for variant in variants if networks is None or variant.id in networks]


def images_to_time(study: Study, variants: Sequence[Variant], images: int) -> dict[str, int]:
    """On how many images each network is timed: `images`, five times as many of small networks.

    Otherwise an epoch of these would be over in a tenth of a second.
    """
    classes = study.dataset["classes"]
    costs = {
        variant.id: multiply_adds(variant.layers, study.input_shape, classes)
        for variant in study.variants
    }
    return {
        variant.id: images * (5 if 10 * costs[variant.id] < max(costs.values()) else 1)
        for variant in variants
    }


def count_flops(study: Study, variants: Sequence[Variant]) -> dict[str, dict[str, int]]:
    """Operations to train each network on one image, by the ways to count them."""
    classes = study.dataset["classes"]
    counts: dict[str, dict[str, int]] = {"every tap": {}, "taps on pixels": {}, "as done": {}}
    for variant in variants:
        network = variant.layers, study.input_shape, classes
        counts["every tap"][variant.id] = training_flops(*network)
        counts["taps on pixels"][variant.id] = training_flops(*network, on_pixels=True)
        counts["as done"][variant.id] = done_flops(*network, variant.settings.batch_size)
    return counts


def measure(options: argparse.Namespace, study: Study, cores: int, folder: Path) -> Outcome:
    """Measure the parts that were asked for."""
    outcome: dict[str, object] = {"cores": cores}
    variants = chosen(study.variants, options.networks)
    if "graph" in options.parts:
        outcome["graph"] = measure_graph(folder, repeats=5 if options.full else 3)
        sizes = (1000, 10_000) if options.full else (1000,)
        outcome["dry_runs"] = [measure_dry_runs(folder, runs) for runs in sizes]
    if "pipeline" in options.parts:
        networks = [variant.id for variant in variants]
        if options.full:
            outcome["demo"] = measure_demo(folder, cores, networks, epochs=None)
        else:
            outcome["demo"] = measure_demo(folder, cores, [networks[0], networks[-1]], epochs=1)
        outcome["demo_is_whole"] = options.full and len(networks) == len(study.variants)
    if "speed" in options.parts:
        plan = Plan(
            variants=variants,
            rounds=options.rounds or (3 if options.full else 2),
            images=images_to_time(study, variants, 6000 if options.full else 1200),
        )
        torch = options.torch_python if has_torch(options.torch_python) else None
        outcome["speed"] = measure_speed(study, plan, cores, options.outdir, torch, options.data)
        outcome["flops"] = count_flops(study, variants)
    return Outcome(**outcome)  # type: ignore[arg-type]


def describe(options: argparse.Namespace, outcome: Outcome) -> str:
    """Where, when and with what this was measured."""
    memory = psutil.virtual_memory().total / 2**30
    now = datetime.datetime.now(datetime.UTC)
    lines = [
        f"{now:%Y-%m-%d %H:%M} UTC, commit {git_commit()}, "
        f"{'full' if options.full else 'short'} mode",
        f"{processor()}, {outcome.cores} cores, {memory:.0f} GiB",
    ]
    if outcome.speed is not None:
        images = " or ".join(f"{count:,}" for count in sorted(set(outcome.speed.images.values())))
        lines.append(f"{outcome.speed.rounds()} rounds of {images} images for each network")
        lines.append(", ".join(" ".join(pair) for pair in outcome.speed.versions.items()))
    return "\n\n".join(lines)


def report(options: argparse.Namespace, outcome: Outcome) -> str:
    """All tables."""
    sections = [describe(options, outcome)]
    if outcome.speed is not None:
        sections += [speed_table(outcome), speed_legend(outcome)]
    sections.append(
        markdown_table(
            ("around training", "measured", ""),
            [(name, f"{value:.2f}", unit) for name, value, unit in costs(outcome)],
        )
    )
    if outcome.speed is not None and outcome.demo is not None:
        sections.append(estimate_table(outcome))
    if options.study is not None:
        jobs = sum(map(sum, job_seconds(options.study).values()))
        epochs = sum(map(sum, epoch_seconds(options.study).values()))
        sections.append(
            f"The study in {options.study}: {jobs:.0f} s of jobs, of which {epochs:.0f} s epochs "
            f"with their validation; the rest is {1 - epochs / jobs:.1%}."
        )
    if targets(outcome):
        sections.append(target_table(outcome))
    return "\n\n".join(sections) + "\n"


def main() -> None:
    options = arguments()
    if options.study is not None and not job_seconds(options.study):
        sys.exit(f"error: {options.study} holds no finished jobs (benchmarks/*/*.tsv)")
    options.outdir.mkdir(parents=True, exist_ok=True)
    shipped = (ROOT / "config" / "config.yaml").read_text(encoding="utf-8")
    study = load_study(yaml.safe_load(shipped))
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        outcome = measure(options, study, cores, Path(folder))
    text = report(options, outcome)
    print(text)
    (options.outdir / "report.md").write_text(text, encoding="utf-8")
    write_costs(options.outdir / "costs.csv", outcome)
    if outcome.speed is not None:
        write_samples(options.outdir / "speed.csv", outcome.speed)
        speed_figure(outcome).savefig(options.outdir / "speed.png", dpi=120)


if __name__ == "__main__":
    main()
