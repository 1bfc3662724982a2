"""What each setting of a recipe costs: the time of a training epoch, over that without it.

    python benchmarks/recipe.py [--rounds N] [network ...]

The pipeline's trainer on one thread, with random images of MNIST's shape; the default network is
conv5-k3. Within a round every setting is timed in turn, from another one in each round; a ratio is
the median over the rounds of the ratios within them.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

import worker_ours
from pipeline import ROOT
from report import markdown_table
from speed import rotated
from study.config.study import Study, load_study

IMAGES = 2400
PLAIN = "nothing more"
RECIPES: Mapping[str, Mapping[str, Any]] = {
    PLAIN: {},
    "augment: shift, rotate, zoom, flip": {
        "augment": {"shift": 0.1, "rotate": 10, "zoom": 0.1, "flip": True}
    },
    "schedule: cosine": {"schedule": {"cosine": {"warmup": 1}}},
    "weight_decay": {"weight_decay": 0.01},
    "label_smoothing": {"label_smoothing": 0.1},
    "ema": {"ema": 0.999},
}


def with_recipe(recipe: Mapping[str, Any]) -> Study:
    """The study of config/config.yaml, all its networks trained by `recipe` too."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text("utf-8"))
    return load_study(config | {"training": config["training"] | recipe})


def measure(network: str, rounds: int) -> dict[str, list[float]]:
    """Seconds of an epoch over IMAGES images by recipe, one value for each round."""
    for name, recipe in RECIPES.items():
        study = with_recipe(recipe)
        (variant,) = (variant for variant in study.variants if variant.id == network)
        worker_ours.prepare(
            name,
            variant.layers,
            list(study.input_shape),
            study.dataset["classes"],
            asdict(variant.settings),
            IMAGES,
        )
    seconds = defaultdict(list)
    for number in range(rounds):
        for name in rotated(list(RECIPES), number):
            seconds[name].append(worker_ours.train(name))
    return seconds


def rows(seconds: Mapping[str, list[float]]) -> list[list[str]]:
    """A row for each recipe: milliseconds of a step, and its ratio to that without the setting."""
    steps = IMAGES / with_recipe({}).variants[0].settings.batch_size
    return [
        [
            name,
            f"{1000 * median(taken) / steps:.1f}",
            f"{median(a / b for a, b in zip(taken, seconds[PLAIN], strict=True)):.3f}",
        ]
        for name, taken in seconds.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="What each setting of a recipe costs.")
    parser.add_argument("networks", nargs="*", default=["conv5-k3"])
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    known = [variant.id for variant in with_recipe({}).variants]
    for network in given.networks:
        if network not in known:
            sys.exit(f"error: {network!r} is not one of {', '.join(known)}")
    with tempfile.TemporaryDirectory() as folder:
        worker_ours.start(str(Path(folder, "log")))
        for network in given.networks:
            print(f"\n{network}, {given.rounds} rounds of {IMAGES} images\n")
            table = rows(measure(network, given.rounds))
            print(markdown_table(["setting", "ms a step", "ratio"], table))


if __name__ == "__main__":
    main()
