"""`make soak`: kill the study on the digits a hundred times, and print what that did to it.

All twelve networks of config/config.yaml are trained for a few epochs, once without any stop and
then, pass after pass, with stops of all kinds (see faults.py) until there were enough. Every pass
must end with the same bytes as the training without stops. The figures go to
docs/reliability.md.
"""

import argparse
import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from conftest import ROOT

sys.path.insert(0, str(ROOT / "workflow" / "scripts"))  # as pytest does

from checkout import copy_checkout
from faults import (
    Record,
    different,
    make_study,
    random_stops,
    results,
    run,
    run_with_stops,
    targets,
)
from study.training.provenance import processor

LONGEST = 12.0  # seconds after its start in which a training is stopped, where not at a write


def study(epochs: int) -> dict[str, Any]:
    """config/digits.yaml with fewer epochs."""
    config, digits = (
        yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))
        for name in ("config.yaml", "digits.yaml")
    )
    training = digits["training"] | {"epochs": epochs}
    return digits | {"training": training, "variants": config["variants"]}


def signals(stopped: Iterable[str]) -> Counter[str]:
    """How many stops there were by signal and target."""
    words = [line.split() for line in stopped]
    targets_ = {"process": "one training", "group": "Snakemake and all its trainings"}
    return Counter(f"{signal} to {targets_[target]}" for _, _, _, signal, target, *_ in words)


def moments(stopped: Iterable[str]) -> Counter[str]:
    """How many stops there were by the moment."""
    names = {
        "open": "before a file is opened",
        "write": "during a write",
        "fsync": "before a flush",
        "replace": "before a file gets its name",
        "replaced": "after a file got its name",
        "seconds": "at any time",
    }
    return Counter(names[line.split()[2]] for line in stopped)


def table(rows: Iterable[tuple[str, object]]) -> str:
    return "\n".join(["| | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)])


def figures(
    passes: list[Record], broken: list[list[str]], files: int, runs: int, epochs: int, alone: float
) -> list[tuple[str, object]]:
    """The rows of the table: what was stopped, how often, and what was left of it."""
    stopped = [line for record in passes for line in record.stopped]
    trained = sum(record.epochs.total() for record in passes)
    needed = len(passes) * runs * epochs
    packages = ("tensorflow", "keras", "numpy", "snakemake")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return [
        ("Stops", len(stopped)),
        *sorted(signals(stopped).items()),
        *sorted(moments(stopped).items()),
        ("Passes over the study, each to its end", len(passes)),
        ("Trainings of a pass, each of " + f"{epochs} epochs", runs),
        ("Starts of snakemake", sum(record.starts for record in passes)),
        ("Epochs that were needed", needed),
        ("Epochs that were trained again", trained - needed),
        ("Epochs that were trained again though their checkpoint was in place", kept_again(passes)),
        ("Checkpoints found damaged", sum(r.console.count("is damaged;") for r in passes)),
        ("Files compared with the training without stops", files * len(passes)),
        ("Files that differ", sum(map(len, broken))),
        ("Minutes without stops", f"{alone / 60:.1f}"),
        ("Minutes with them, all passes", f"{sum(r.seconds for r in passes) / 60:.1f}"),
        ("Machine", f"{processor()}, {os.cpu_count()} cores, {platform.system()}"),
        ("Versions", f"Python {platform.python_version()}, {versions}"),
    ]


def kept_again(passes: Iterable[Record]) -> int:
    """Epochs whose checkpoint was moved into place twice; those in mid-epoch are no epochs."""
    again = 0
    for record in passes:
        epochs = max(epoch for _, epoch in record.epochs)
        asked = record.console.count("| stopped by SIG")
        again += max(0, record.kept.total() - asked - epochs * len(record.kept))
    return again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stops", type=int, default=100, help="at least so many")
    parser.add_argument("--epochs", type=int, default=2, help="epochs of each training")
    parser.add_argument("--seed", type=int, default=1, help="of the moments to stop at")
    arguments = parser.parse_args()
    config = study(arguments.epochs)
    passes: list[Record] = []
    broken: list[list[str]] = []
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary:
        source = Path(temporary, "source")
        copy_checkout(source)
        folder = make_study(Path(temporary, "uninterrupted"), config, source)
        begin = time.monotonic()
        status, console = run(folder, "--cores", "2", *targets(config))
        alone = time.monotonic() - begin
        if status != 0:
            sys.exit(console)
        expected = results(folder / config["outdir"])
        print(f"{len(expected)} files without stops, {alone:.0f} s", flush=True)
        while (done := sum(len(record.stopped) for record in passes)) < arguments.stops:
            number = len(passes) + 1
            folder = make_study(Path(temporary, f"pass-{number}"), config, source)
            stops = random_stops(arguments.stops - done, arguments.seed + number - 1, LONGEST)
            passes.append(run_with_stops(folder, config, stops))
            broken.append(different(expected, results(folder / config["outdir"])))
            print(
                f"pass {number}: {len(passes[-1].stopped)} stops, differ: {broken[-1]}", flush=True
            )
    runs = len(targets(config))
    print(table(figures(passes, broken, len(expected), runs, arguments.epochs, alone)))
    if any(broken) or kept_again(passes):
        sys.exit("error: a stopped training differs from one without stops, or trained too much")


if __name__ == "__main__":
    main()
