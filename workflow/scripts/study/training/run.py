"""One run: trained, evaluated, and described."""

import hashlib
import json
import statistics
from typing import TYPE_CHECKING, Any

from study.training.loop import Training, best_epoch
from study.training.provenance import peak_memory_mb, versions
from study.training.tensorflow_setup import onednn_enabled

if TYPE_CHECKING:
    from study.training.trainer import Score


def checkpoint_key(run: Any, code: str, manifest: dict[str, Any]) -> str:
    """Digest of all that decides the result.

    The packages that compute are part of it: with another version a training could not go on to
    the result that it would have had.
    """
    packages = [versions()[name] for name in ("tensorflow", "keras", "numpy", "scikit-learn")]
    defining = [run, code, manifest["sha256"], manifest["classes"], packages, onednn_enabled()]
    return hashlib.sha256(json.dumps(defining).encode()).hexdigest()


def describe_result(
    training: Training, fitted: "Score", tested: "Score", chosen: "Score | None"
) -> dict[str, Any]:
    """The figures of a finished training: of its last epoch, and of the final network on the
    training images (`fitted`) and the test images (`tested`), both with dropout off; and of the
    network after the `chosen` epoch on the test images, where held-out images chose it.
    """
    progress, rows = training.progress, training.progress.rows
    return {
        "epochs": len(rows),
        "train_loss": rows[-1]["loss"],
        "train_accuracy": rows[-1]["accuracy"],
        "train_loss_eval": fitted.loss,
        "train_accuracy_eval": fitted.accuracy,
        "validation_loss": rows[-1]["val_loss"],
        "validation_accuracy": rows[-1]["val_accuracy"],
        "test_loss": tested.loss,
        "test_accuracy": tested.accuracy,
        "best_epoch": best_epoch(rows),
        "chosen_epoch": best_epoch(rows) if chosen else None,
        "chosen_test_loss": chosen.loss if chosen else None,
        "chosen_test_accuracy": chosen.accuracy if chosen else None,
        "seconds_per_epoch": statistics.median(row["seconds"] for row in rows),
        "wall_seconds": progress.wall_seconds,
        "cpu_seconds": progress.cpu_seconds,
        "peak_memory_mb": peak_memory_mb(),
    }
