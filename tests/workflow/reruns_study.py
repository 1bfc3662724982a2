"""A miniature study for the tests of reruns, and the jobs that it consists of."""

import gzip
import hashlib
import itertools
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from checkout import Job, copy_checkout, planned_jobs, run_snakemake

CONFIG = "config/miniature.yaml"
VARIANTS = ("plain", "own-rate")
SEEDS = (1, 2)
IMAGES = {"train": 60, "test": 30}
CLASSES = 3

# --- the jobs of the miniature study -------------------------------------------------------------

EACH_RUN = ("train", "evaluate")


def jobs(*rules: str, variants: Iterable[str] = VARIANTS, seeds: Iterable[int] = SEEDS) -> set[Job]:
    """The jobs of these rules for all runs of the variants and seeds."""
    runs = itertools.product(rules, variants, seeds)
    return {(rule, f"variant={variant}, seed={seed}") for rule, variant, seed in runs}


NOTHING: set[Job] = set()
AGGREGATES: set[Job] = {
    *(("compare", ""), ("ensemble", ""), ("summarize", ""), ("plot_study", ""), ("page", "")),
}
SUMMARIES: set[Job] = {("summarize", ""), ("plot_study", ""), ("page", "")}
"""What is made from the metrics of all runs."""
COMPARISON: set[Job] = {("compare", ""), ("summarize", ""), ("page", "")}
"""The comparison, and the summary and the page, which quote it."""
PREPARE: set[Job] = {("prepare", "dataset=tiny")}
TRAININGS = jobs(*EACH_RUN) | AGGREGATES
"""Every training and all that follows from it."""


# --- the miniature study -------------------------------------------------------------------------


def write_mirror(folder: Path) -> dict[str, Any]:
    """Write a small random data set as a mirror would hold it; returns its entry in `datasets`."""
    folder.mkdir()
    random = np.random.default_rng(1)
    files = {}
    for part, count in IMAGES.items():
        labels = np.arange(count, dtype=np.uint8) % CLASSES
        images = random.integers(0, 256, (count, 8, 8), dtype=np.uint8)
        for letter, array in (("x", images), ("y", labels)):
            header = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
            content = gzip.compress(header + array.tobytes(), mtime=0)
            file = folder / f"{part}-{letter}.gz"
            file.write_bytes(content)
            files[f"{letter}_{part}"] = {
                "name": file.name,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
    return {
        "classes": CLASSES,
        "shape": [8, 8, 1],
        "train_images": IMAGES["train"],
        "mirrors": [folder.as_uri()],
        "files": files,
    }


def variant(id_: str, **more: Any) -> dict[str, Any]:
    """A network with one convolution."""
    return {
        "id": id_,
        "label": f"The {id_} one",
        "layers": [[{"conv": {"filters": 2, "kernel": 3}}, "flatten"]],
        **more,
    }


def plan(checkout: Path, *args: str) -> set[Job]:
    """What Snakemake would run now, the rule `all` aside."""
    planned = planned_jobs(checkout, "--configfile", CONFIG, *args)
    assert set(planned.values()) <= {1}
    return set(planned) - {("all", "")}


def run(checkout: Path, *args: str) -> None:
    done = run_snakemake(checkout, *args, "--cores", "2", "--configfile", CONFIG)
    assert done.returncode == 0, done.stderr


def make_finished_study(
    folder: Path,
    variants: Sequence[dict[str, Any]] = (),
    files: Mapping[str, str] = {},
    **more: Any,
) -> Path:
    """A checkout in `folder` with the whole study made; of other `variants` if there are any, with
    more `files` by their paths.
    """
    checkout = folder / "checkout"
    copy_checkout(checkout)
    for path, content in files.items():
        (checkout / path).parent.mkdir(exist_ok=True)
        (checkout / path).write_text(content, encoding="utf-8")
    config = {
        "dataset": "tiny",
        "seeds": list(SEEDS),
        "training": {"epochs": 1, "batch_size": 20, "learning_rate": 0.001},
        "plots": {"dpi": 40},
        "datasets": {"tiny": write_mirror(folder / "mirror")},
        "variants": list(variants)
        or [variant("plain"), variant("own-rate", training={"learning_rate": 0.01})],
        **more,
    }
    (checkout / CONFIG).write_text(yaml.safe_dump(config), encoding="utf-8")
    run(checkout)
    return checkout
