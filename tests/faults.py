"""The fault harness: trains while it is killed again and again, and compares the results.

Everything is the real thing, `snakemake` in a copy of the checkout. stops/sitecustomize.py, which
Python loads where this harness asks for it, stops the processes at the chosen writes and moments.
"""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from checkout import copy_checkout, environment

TIMES = {
    *("seconds_per_epoch", "train_seconds_per_epoch", "wall_seconds", "cpu_seconds"),
    *("seconds", "train_seconds", "load", "peak_memory_mb"),
}
EPOCH_LINE = re.compile(r"^(\S+ seed \d+) \| epoch +(\d+)/", re.MULTILINE)
STOPS = Path(__file__).resolve().parent / "stops"
PATIENCE = 600.0  # seconds for one snakemake; one that hangs must not hang the tests

# Two small networks that train in fractions of a second, and need all that a checkpoint holds:
# dropout and moving averages in the one, another optimizer's state, a holdout and pixels that are
# standardized in the other.
MINIATURE: dict[str, Any] = {
    "dataset": "digits",
    "outdir": "results",
    "training": {"epochs": 3, "batch_size": 4},  # many steps, to stop between
    "variants": [
        {
            "id": "with-dropout",
            "layers": [
                {"conv": {"filters": 8, "kernel": 3, "stride": 2, "padding": "valid"}},
                *({"dropout": 0.25}, "batch_norm", "flatten", {"dense": 16}),
                *({"dropout": 0.5}, "batch_norm"),
            ],
        },
        {
            "id": "with-nadam",
            "training": {"optimizer": "nadam", "validation": "holdout", "standardize": True},
            "layers": [
                {"conv": {"filters": 8, "kernel": 3, "stride": 2, "padding": "valid"}},
                "flatten",
            ],
        },
    ],
}


@dataclass(frozen=True)
class Stop:
    """One stop of a training, as stops/sitecustomize.py describes it."""

    event: str
    number: float
    signal: str = "SIGKILL"
    target: str = "process"


@dataclass
class Record:
    """What happened until a study that is killed again and again was complete."""

    stopped: list[str] = field(default_factory=list)  # the stops that happened
    starts: int = 0  # of snakemake
    seconds: float = 0.0
    epochs: Counter[tuple[str, int]] = field(default_factory=Counter)  # trained: (run, epoch)
    kept: Counter[str] = field(default_factory=Counter)  # checkpoints moved into place, by path
    console: str = ""


def make_study(folder: Path, config: dict[str, Any], source: Path | None = None) -> Path:
    """A copy of the checkout with `config` on top of its configuration; returns `folder`.

    With `source` a copy of that folder, so that edits of the checkout do not reach a long test.
    """
    if source is None:
        copy_checkout(folder)
    else:
        shutil.copytree(source, folder)
    (folder / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def targets(config: dict[str, Any]) -> list[str]:
    """The trainings of a study, without its plots."""
    return [
        f"{config['outdir']}/runs/{variant['id']}/seed-{seed}/metrics.json"
        for variant in config["variants"]
        for seed in config.get("seeds", [1])
    ]


def start(
    folder: Path, console: Path, *arguments: str, plan: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start snakemake in `folder`, as the leader of a process group of its own."""
    hook = {"FAULTS_PLAN": str(plan), "PYTHONPATH": str(STOPS)} if plan else {}
    with console.open("ab") as output:
        return subprocess.Popen(
            ["snakemake", "--configfile", "study.yaml", *arguments],
            cwd=folder,
            env=environment(os.environ | hook),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # As in a terminal, where Ctrl-C works; a test suite in the background ignores it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run snakemake in `folder` to its end; returns its status and what it printed."""
    console = folder / "console.txt"
    console.unlink(missing_ok=True)
    status = start(folder, console, *arguments).wait(PATIENCE)
    return status, console.read_text(encoding="utf-8")


def wait_for_end(process: subprocess.Popen[bytes]) -> int:
    """Wait until the whole group of `process` has ended; returns the status of `process`."""
    status = process.wait(PATIENCE)
    wait_until(lambda: not group_lives(process.pid), "the trainings end")
    return status


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool], what: str, patience: float = 120.0) -> None:
    """Wait until `condition` holds.

    Raises:
        TimeoutError: it did not come true in time.
    """
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience:g} s until {what}")
        time.sleep(0.02)


def run_with_stops(
    folder: Path, config: dict[str, Any], stops: Sequence[Stop], cores: int = 2
) -> Record:
    """Complete the study in `folder`, whose trainings meet the `stops`, each start the next one.

    A training that was stopped alone is started again by Snakemake (`--retries`); after a stop of
    the whole group, snakemake is started again, after `--unlock` where it needs that.

    Raises:
        RuntimeError: snakemake failed though nothing had been stopped.
    """
    plan, console = folder / "plan", folder / "console.txt"
    plan.mkdir()
    for order, stop in enumerate(stops):
        event, number, signal_name, target = astuple(stop)
        (plan / f"{order:03}.stop").write_text(f"{event} {number} {signal_name} {target}\n")
    record = Record()
    command = ["--cores", str(cores), "--keep-going", "--retries", str(len(stops))]
    begin = time.monotonic()
    status = -1
    while status != 0:
        before = len(record.stopped)
        record.starts += 1
        status = wait_for_end(start(folder, console, *command, *targets(config), plan=plan))
        journal = plan / "journal.txt"
        lines = journal.read_text().splitlines() if journal.exists() else []
        record.stopped = [line for line in lines if line.startswith("stopped ")]
        record.kept = Counter(line.removeprefix("kept ") for line in lines if line[:5] == "kept ")
        record.console = console.read_text(encoding="utf-8")
        if status != 0 and len(record.stopped) == before:
            raise RuntimeError(f"snakemake failed by itself:\n{record.console[-5000:]}")
        if status == -signal.SIGKILL:
            unlocked = start(folder, console, "--unlock").wait(PATIENCE)
            assert unlocked == 0, console.read_text(encoding="utf-8")[-5000:]
    record.seconds = time.monotonic() - begin
    record.epochs = Counter(
        (name, int(epoch)) for name, epoch in EPOCH_LINE.findall(record.console)
    )
    return record


def results(folder: Path) -> dict[str, Any]:
    """What the trainings in `folder` left, without the times: by file, arrays and layers as bytes.

    Temporary files of killed processes, whose names start with a dot, are no results.

    Raises:
        FileNotFoundError: there is no training.
    """
    found: dict[str, Any] = {}
    for file in sorted(folder.glob("runs/*/seed-*/[!.]*")):
        name = str(file.relative_to(folder))
        if file.suffix == ".npz":
            found[name] = file.read_bytes()
        elif file.name == "history.csv":
            rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
            found[name] = [{k: v for k, v in row.items() if k not in TIMES} for row in rows]
        elif file.name == "metrics.json":
            metrics = json.loads(file.read_text(encoding="utf-8"))
            found[name] = {key: value for key, value in metrics.items() if key not in TIMES}
    if not found:
        raise FileNotFoundError(f"{folder}: no run")
    return found


def different(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """The files that are not the same in both."""
    return sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )


def random_stops(number: int, seed: int, longest: float) -> list[Stop]:
    """Stops of all kinds in a random order that `seed` fixes.

    Two of three come at a write, the others after up to `longest` seconds; every sixth one stops
    Snakemake and all its trainings; one in five asks (SIGTERM, SIGINT) where the others kill.
    """
    generator = random.Random(seed)
    stops = []
    for _ in range(number):
        event = generator.choice(
            ["open", "write", "fsync", "replace", "replaced", "replaced", *["seconds"] * 3]
        )
        if event == "seconds":
            when = round(generator.uniform(0, longest), 2)
        elif event == "write":
            when = generator.randint(1, 60)
        else:
            when = generator.choice([1, 1, 2])
        name = generator.choice([*["SIGKILL"] * 8, "SIGTERM", "SIGINT"])
        stops.append(Stop(event, when, name, generator.choice(["group", *["process"] * 5])))
    return stops


def finished_miniature(folder: Path) -> Path:
    """The results of MINIATURE without any stop, trained in `folder` unless it is there."""
    if not folder.exists():
        make_study(folder, MINIATURE)
        status, console = run(folder, "--cores", "2", *targets(MINIATURE))
        if status != 0:
            raise RuntimeError(console)
    return folder / "results"
