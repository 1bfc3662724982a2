"""A small study in which much is odd: its data, its names, and a run that does not learn."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from checkout import copy_checkout, run_snakemake

CHANNELS, CLASSES, TRAIN, TEST = 5, 3, 60, 30
FORMULA = "=1+1 <script>alert(1)</script> ![](http://example.org/x.png) $x_$"
LAYERS = [{"conv": {"filters": 2, "kernel": 3}}, "flatten", {"dense": 8}]


def write_data(path: Path, **changed: Any) -> Path:
    """Images of 8x8 with 5 channels that can be learned; 3 test images are training images."""
    random = np.random.default_rng(1)
    labels = np.arange(TRAIN + TEST, dtype=np.uint8) % CLASSES
    kinds = random.integers(0, 200, (CLASSES, 8, 8, CHANNELS))
    noise = random.integers(0, 56, (len(labels), 8, 8, CHANNELS))
    images = (kinds[labels] + noise).astype(np.uint8)
    images[TRAIN : TRAIN + 3] = images[:3]
    arrays = {
        **{"x_train": images[:TRAIN], "y_train": labels[:TRAIN]},
        **{"x_test": images[TRAIN:], "y_test": labels[TRAIN:]},
    }
    np.savez(path, **(arrays | changed))
    return path


def study(data: Path, **more: Any) -> dict[str, Any]:
    """Its configuration; `more` replaces keys."""
    dataset = {"classes": 4, "npz": str(data), "licence": "CC0", "source": "<b>made</b> up"}
    return {
        "dataset": "own",
        "training": {"epochs": 2, "batch_size": 5, "learning_rate": 0.01},
        "plots": {"dpi": 40},
        "datasets": {"own": dataset},
        "variants": [
            {"id": "plain", "label": FORMULA, "layers": LAYERS},
            {
                **{"id": "chosen", "label": "$30 & $40", "layers": LAYERS},
                "training": {
                    **{"validation": "holdout", "holdout_fraction": 0.2},
                    "activation": "leaky_relu",
                },
            },
            {"id": "wild", "layers": LAYERS, "training": {"learning_rate": 1e9}},
        ],
        "contrasts": [
            {"baseline": "plain", "variant": "chosen", "name": "=cmd()", "differs": "$x_$"}
        ],
    } | more


def write_study(folder: Path, config: dict[str, Any]) -> str:
    """Write the configuration into a checkout; returns the file's name there."""
    (folder / "hostile.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return "hostile.yaml"


def make_study(folder: Path) -> str:
    """A checkout in `folder` with the whole study made; returns what Snakemake printed."""
    copy_checkout(folder)
    file = write_study(folder, study(write_data(folder / "own.npz")))
    done = run_snakemake(folder, "--cores", "2", "--configfile", file)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
