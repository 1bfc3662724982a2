"""What the pipeline costs around its trainings: Snakemake's own time, and every job's.

All in copies of the checkout in temporary folders.
"""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import yaml
from tqdm import tqdm

from protocol import FOLDER

ROOT = FOLDER.parent
PARTS = ("Snakefile", "config", "envs", "profiles", "pyproject.toml", "workflow")
NETWORKS_AT_SCALE = 10  # of the study's twelve, so that the numbers of runs are round


@dataclass(frozen=True)
class Usage:
    """What a command took."""

    seconds: float
    peak_mib: float


@dataclass(frozen=True)
class DryRuns:
    """`snakemake -n` on a study of `runs` runs, nothing done yet and everything done."""

    runs: int
    nothing_done: Usage
    everything_done: Usage


@dataclass(frozen=True)
class Demo:
    """A run of the whole pipeline on the small bundled data."""

    runs: int
    epochs: int
    cores: int
    wall: float
    jobs: dict[str, list[float]]
    """Seconds of every job, by rule."""
    training: float
    """Seconds of all epochs of all runs, each with its validation."""

    def job(self, rule: str) -> float:
        """Median seconds of the rule's jobs."""
        return median(self.jobs[rule])

    def own(self) -> float:
        """Core seconds of Snakemake itself, and of cores that waited."""
        return self.cores * self.wall - sum(map(sum, self.jobs.values()))


def copy_checkout(folder: Path) -> Path:
    """Copy what the pipeline is made of, and nothing that it made."""
    folder.mkdir()
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder)
    return folder


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ) -> Usage:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; the message holds the end of what it printed.
    """
    log = folder / "benchmark.log"
    # Scripts are started as `python`, from the environment of this interpreter.
    path = os.pathsep.join((str(Path(sys.executable).parent), environment["PATH"]))
    with log.open("w", encoding="utf-8") as messages:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=messages,
            stderr=subprocess.STDOUT,
            env={**environment, "PATH": path},
        )
        _, status, usage = os.wait4(process.pid, 0)  # this process's own peak, not that of all
        seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-15:])
        raise RuntimeError(f"{' '.join(command)} failed:\n{tail}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Usage(seconds, usage.ru_maxrss / unit)


def dry_run(folder: Path, *options: str) -> Usage:
    """`snakemake -n`."""
    return run([sys.executable, "-m", "snakemake", "-n", "--cores", "all", *options], folder)


def pretend_finished(folder: Path, *options: str) -> None:
    """Leave what a finished study leaves, empty files in place of results."""
    script = str(FOLDER / "pretend_finished.py")
    run([sys.executable, script, "--touch", "--cores", "all", *options], folder)


def measure_graph(folder: Path, repeats: int) -> tuple[list[float], list[float]]:
    """Seconds of `snakemake -n` with nothing to do, and with an empty Snakefile, in turn."""
    copy = copy_checkout(folder / "graph")
    options = ("--configfile", "config/digits.yaml")
    pretend_finished(copy, *options)
    empty = folder / "empty"
    empty.mkdir()
    (empty / "Snakefile").write_text("rule all:\n    input: []\n", encoding="utf-8")
    nothing_to_do, nothing_at_all = [], []
    for _ in tqdm(range(repeats), "snakemake -n", leave=False):
        nothing_to_do.append(dry_run(copy, *options).seconds)
        nothing_at_all.append(dry_run(empty).seconds)
    return nothing_to_do, nothing_at_all


def write_scaled_config(copy: Path, runs: int) -> None:
    """Write scale.yaml: the shipped study with so many seeds that it has `runs` runs."""
    shipped = yaml.safe_load((copy / "config" / "config.yaml").read_text(encoding="utf-8"))
    config = {
        "dataset": "digits",
        "variants": shipped["variants"][:NETWORKS_AT_SCALE],
        "seeds": runs // NETWORKS_AT_SCALE,
    }
    (copy / "scale.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def measure_dry_runs(folder: Path, runs: int) -> DryRuns:
    """Dry runs of the shipped study with so many seeds that it has `runs` runs."""
    copy = copy_checkout(folder / f"runs-{runs}")
    write_scaled_config(copy, runs)
    options = ("--configfile", "scale.yaml")
    before = dry_run(copy, *options)
    pretend_finished(copy, *options)
    return DryRuns(runs, before, dry_run(copy, *options))


def measure_demo(folder: Path, cores: int, networks: Sequence[str], epochs: int | None) -> Demo:
    """Run the pipeline as `make demo` does, on `networks`; for `epochs` epochs if given."""
    copy = copy_checkout(folder / "demo")
    config = yaml.safe_load((copy / "config" / "config.yaml").read_text(encoding="utf-8"))
    changes: dict[str, object] = {
        "variants": [variant for variant in config["variants"] if variant["id"] in networks]
    }
    if epochs is not None:
        changes["training"] = {"epochs": epochs}
    (copy / "demo.yaml").write_text(yaml.safe_dump(changes), encoding="utf-8")
    files = ["--configfile", "config/digits.yaml", "demo.yaml"]
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *files]
    usage = run(command, copy)
    outdir = copy / "results" / "digits"
    histories = epoch_seconds(outdir)
    return Demo(
        runs=len(histories),
        epochs=max(map(len, histories.values())),
        cores=cores,
        wall=usage.seconds,
        jobs=job_seconds(outdir),
        training=sum(map(sum, histories.values())),
    )


def job_seconds(outdir: Path) -> dict[str, list[float]]:
    """Seconds of the jobs by rule, as Snakemake noted them in a study's folder."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for file in sorted((outdir / "benchmarks").rglob("*.tsv")):
        rule = file.relative_to(outdir / "benchmarks").parts[0].removesuffix(".tsv")
        with file.open(newline="", encoding="utf-8") as rows:
            seconds[rule] += [float(row["s"]) for row in csv.DictReader(rows, delimiter="\t")]
    return dict(seconds)


def epoch_seconds(outdir: Path) -> Mapping[str, list[float]]:
    """Seconds of every epoch, by run, from the histories in a study's folder."""
    seconds = {}
    for file in sorted((outdir / "runs").glob("*/*/history.csv")):
        with file.open(newline="", encoding="utf-8") as rows:
            seconds[f"{file.parts[-3]}/{file.parts[-2]}"] = [
                float(row["seconds"]) for row in csv.DictReader(rows)
            ]
    return seconds
