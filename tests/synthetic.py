"""Made-up run folders: what a training run leaves, without training."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from study.runs.history import COLUMNS
from study.runs.predictions import Predictions

GOOD, CHANCES, SEVERE = (
    "Good performance",
    "Chances of overfit as epochs increase",
    "Severely overfit",
)
SEED_TABLE = [  # id, label, depth, then as the notebook prints them
    ("conv3-k3", "With ConvNet (3, 3)", 3, "99.46%", "0.0396", "0.0185", GOOD),
    ("conv3-k5", "With ConvNet (5, 5)", 3, "98.74%", "0.0942", "0.0479", GOOD),
    ("conv3-no-dropout", "Without Dropouts", 3, "98.76%", "0.0067", "0.0497", SEVERE),
    ("conv3-no-bn", "Without BN", 3, "99.02%", "0.0323", "0.0340", CHANCES),
    ("conv5-k3", "With ConvNet (3, 3)", 5, "99.47%", "0.0305", "0.0186", GOOD),
    ("conv5-k5", "With ConvNet (5, 5)", 5, "98.53%", "0.1300", "0.0584", GOOD),
    ("conv5-no-dropout", "Without Dropouts", 5, "98.94%", "0.0049", "0.0422", SEVERE),
    ("conv5-no-bn", "Without BN", 5, "99.14%", "0.0382", "0.0315", CHANCES),
    ("conv7-k3", "With ConvNet (3, 3)", 7, "99.53%", "0.0382", "0.0193", GOOD),
    ("conv7-k5", "With ConvNet (5, 5)", 7, "98.38%", "0.1694", "0.0699", GOOD),
    ("conv7-no-dropout", "Without Dropouts", 7, "98.80%", "0.0140", "0.0422", SEVERE),
    ("conv7-no-bn", "Without BN", 7, "98.88%", "0.0465", "0.0486", CHANCES),
]
THRESHOLDS: list[dict[str, Any]] = [
    {"below": 0.75, "text": "Good performance"},
    {"below": 2, "text": "Chances of overfit as epochs increase"},
    {"text": "Severely overfit"},
]
GROUPS = {
    **{"k3": "both_3x3", "k5": "both_5x5"},
    **{"no-dropout": "without_dropout", "no-bn": "without_batch_norm"},
}
VARIANTS: list[dict[str, Any]] = [
    {
        "id": id_,
        "label": label,
        "depth": depth,
        "reference": {"accuracy": round(float(accuracy.rstrip("%")) / 100, 4)},
        "notebook_group": GROUPS.get(id_.partition("-")[2]),
        "multiply_adds": 1_000_000 * depth,
        "batch_norms": depth + 1 if not id_.endswith("no-bn") else int(depth > 3),
    }
    for id_, label, depth, accuracy, *_ in SEED_TABLE
]


def metrics(variant: str = "conv3-k3", seed: int = 1, **changes: Any) -> dict[str, Any]:
    """A run's metrics.json; `changes` replace keys, "data__sha256" one inside another."""
    printed = {id_: figures for id_, _, _, *figures, _ in SEED_TABLE}
    percent, *losses = printed.get(variant, ["99.00%", "0.0400", "0.0300"])
    accuracy = round(float(percent.rstrip("%")) / 100, 4)
    train_loss, test_loss = map(float, losses)
    content: dict[str, Any] = {
        "variant": variant,
        "seed": seed,
        "run_digest": "0" * 64,
        "epochs": 12,
        "train_loss": train_loss,
        "train_accuracy": 0.99,
        "train_loss_eval": train_loss / 4,
        "train_accuracy_eval": 0.998,
        "validation_loss": test_loss,
        "validation_accuracy": accuracy,
        "test_loss": test_loss,
        "test_accuracy": accuracy,
        "best_epoch": 11,
        "chosen_epoch": None,
        "chosen_test_loss": None,
        "chosen_test_accuracy": None,
        "parameters": 131786,
        "seconds_per_epoch": 44.25,
        "train_seconds_per_epoch": 41.0,
        "load": {"mean": 2.0, "cores": 2},
        "wall_seconds": 540.0,
        "cpu_seconds": 535.0,
        "peak_memory_mb": 1500.0,
        "threads": 1,
        "validation": "test",
        "versions": {
            "python": "3.11.7",
            "tensorflow": "2.21.0",
            "keras": "3.15.1",
            "numpy": "2.4.6",
            "scikit-learn": "1.9.1",
            "project": "0.1.0",
        },
        "code_digest": "c0de" * 16,
        "git_commit": "abcdef0123456789abcdef0123456789abcdef01",
        "processor": "Intel(R) Xeon(R) Processor @ 2.50GHz",
        "platform": "Linux-6.1-x86_64",
        "onednn": True,
        "kernel_environment": {},
        "data": {
            "dataset": "mnist",
            "sha256": "da7a" * 16,
        },
        "settings": {
            **{"epochs": 12, "batch_size": 120, "validation": "test", "early_stopping": None},
            "metric": None,
            "loss": "categorical_crossentropy",
        },
        "layers": [],
    }
    for key, value in changes.items():
        outer, _, inner = key.partition("__")
        if inner:
            content[outer][inner] = value
        else:
            content[outer] = value
    return content


def evaluation(n: int = 10, correct: int = 9, **changes: Any) -> dict[str, Any]:
    """A run's evaluation.json."""
    accuracy = correct / n
    return {
        **{"epoch": "last", "n": n, "correct": correct, "accuracy": accuracy},
        **{"balanced_accuracy": accuracy, "auc": 0.999, "nll": 0.05, "brier": 0.02},
        **{"accuracy_low": 0.5, "accuracy_high": 0.99, "macro_f1": accuracy},
        **{"expected_calibration_error": 0.01},
    } | changes


def write_metrics(folder: Path, content: dict[str, Any]) -> Path:
    """Write one metrics.json where a run would; returns its path."""
    path = folder / "runs" / content["variant"] / f"seed-{content['seed']}" / "metrics.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    return path


def write_history(path: Path, epochs: int = 12) -> Path:
    """A plausible history.csv; returns its path."""
    lines = [",".join(COLUMNS)]
    for epoch in range(1, epochs + 1):
        loss, val_loss = 0.3 / epoch**0.8 + 0.02, 0.06 / epoch**0.6 + 0.01
        evaluated = f"{loss / 4},{1 - loss / 12}"
        lines.append(
            f"{epoch},{loss},{1 - loss / 3},{evaluated},{val_loss},{1 - val_loss / 3},"
            f"44.1,41.0,2.0,0.001,{1 - val_loss / 3}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def weights(kernels: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The arrays of a weights.npz: kernels of these shapes, batch normalization in between."""
    generator = np.random.default_rng(1)
    arrays: dict[str, np.ndarray] = {}
    for place, (layer, shape) in enumerate(kernels.items(), start=1):
        sd = (2 / np.prod(shape[:-1])) ** 0.5
        initial = generator.normal(0, sd, shape).clip(-2 * sd, 2 * sd).astype("float32")
        final = initial * 0.6 + generator.laplace(-0.2 * sd, 0.5 * sd, shape).astype("float32")
        norm = f"batch_norm_{place}"
        for when, kernel in (("initial", initial), ("final", final.astype("float32"))):
            arrays[f"{when}/{layer}/kernel"] = kernel
            arrays[f"{when}/{layer}/bias"] = np.zeros(shape[-1], "float32")
            if layer != "output":
                arrays[f"{when}/{norm}/gamma"] = np.ones(shape[-1], "float32")
                arrays[f"{when}/{norm}/beta"] = np.zeros(shape[-1], "float32")
    return arrays


CONV3 = {
    "conv_1": (3, 3, 1, 32),
    "conv_2": (3, 3, 32, 64),
    "conv_3": (3, 3, 64, 64),
    "dense_1": (576, 128),
    "output": (128, 10),
}
CONV7 = {
    "conv_1": (3, 3, 1, 32),
    "conv_2": (3, 3, 32, 64),
    "conv_3": (3, 3, 64, 64),
    "conv_4": (5, 5, 64, 128),
    "conv_5": (3, 3, 128, 128),
    "conv_6": (3, 3, 128, 128),
    "conv_7": (3, 3, 128, 128),
    "dense_1": (1152, 128),
    "output": (128, 10),
}


def predictions(wrong: Iterable[int], images: int = 10_000, classes: int = 10) -> Predictions:
    """Predictions that are right but for the images at these places."""
    labels = np.arange(images) % classes
    predicted = labels.copy()
    places = list(wrong)
    predicted[places] = (labels[places] + 1) % classes
    return Predictions(predicted, labels)


def write_predictions(path: Path, content: Predictions, **more: np.ndarray) -> Path:
    """Write a predictions.npz as a run leaves it; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    probabilities = np.eye(int(content.labels.max()) + 1, dtype=np.float32)[content.classes]
    arrays: dict[str, Any] = {"probabilities": probabilities, "labels": content.labels, **more}
    np.savez(path, **arrays)
    return path
