"""One run: trained, evaluated and described."""

import hashlib
import json
import logging
import os
import platform
import signal
import statistics
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from study.archives import write_arrays
from study.data.prepared import load_prepared
from study.data.split import Data, sample, split
from study.files import atomic, remove_leftovers, write_json
from study.runs.choice import check_measurable
from study.runs.definition import Definition
from study.runs.history import write_history
from study.runs.learning import why_not_learned
from study.runs.predictions import LAST, REPORTED
from study.training.gpu import claim_gpu, visible_gpus
from study.training.loop import Diverged, Training, best_epoch, train
from study.training.provenance import (
    git_commit,
    has_bfloat16,
    kernel_environment,
    peak_memory_mb,
    versions,
)
from study.training.stop import Interrupted, StopRequest
from study.training.tensorflow_setup import (
    avoid_failing_rewrites,
    configure_tensorflow,
    memory_errors,
    onednn_enabled,
)

if TYPE_CHECKING:
    from study.training.network import Network
    from study.training.trainer import Evaluation, Score

log = logging.getLogger(__name__)

FAILURE = "failed.json"

EVALUATED_IMAGES = 5000  # at most, of the training images, after each epoch; 3 % of its time


@dataclass(frozen=True)
class Outputs:
    """The files that a finished run leaves."""

    history: Path
    metrics: Path
    predictions: Path
    weights: Path
    model: Path


def train_run(
    variant: str,
    definition: Definition,
    source: str,
    code_digest: str,
    data: str | Path,
    manifest: str | Path,
    outputs: Outputs,
    checkpoint: Path,
    log_file: Path,
) -> None:
    """Train a run as defined, evaluate it, and write its files.

    `source` is the function that builds a network in Python, as in `models/mine.py:build`.

    Raises:
        StudyError: damaged data, a metric that is undefined on the validation images, no GPU for
            the run, no network in Python, or a loss that is not finite.
        MemoryError: the network does not fit into the memory.
    """
    for file in asdict(outputs).values():
        remove_leftovers(file)
    arrays, description = load_prepared(data, manifest)
    settings = definition.settings
    images = split(arrays, settings.validation, settings.holdout_fraction, definition.seed)
    check_measurable(settings.metric, images[1][1].tolist(), description["classes"])
    gpu = claim_gpu(visible_gpus()) if settings.gpu else None
    configure_tensorflow(settings.threads, log_file, gpu)
    avoid_failing_rewrites(settings.activation)
    if settings.precision == "mixed_bfloat16" and not (gpu or has_bfloat16()):
        log.warning("training.precision: this processor has no bfloat16; float32 would be faster")
    from study.training.network import network_or_report

    with memory_errors():
        network = network_or_report(
            definition, source, description, outputs.metrics.with_name(FAILURE)
        )
        _train_and_write(
            variant, definition, network, code_digest, description, images, outputs, checkpoint
        )


def _train_and_write(
    variant: str,
    definition: Definition,
    network: "Network",
    code_digest: str,
    manifest: Mapping[str, Any],
    images: tuple[Data, Data, Data],
    outputs: Outputs,
    checkpoint: Path,
) -> None:
    from study.training.model import named_weights, set_weights
    from study.training.trainer import Trainer

    settings, seed, model = definition.settings, definition.seed, network.model
    fitted, validation, test = images
    initial = named_weights(model)
    key = checkpoint_key(definition, code_digest, manifest)
    trainer = Trainer(model, *fitted, settings, seed, network.output)
    training = Training(f"{variant} seed {seed}", trainer, checkpoint, key)
    # No more than there are to validate on: of a small data set all would take a quarter longer.
    some = sample(fitted, min(EVALUATED_IMAGES, len(validation[1])))
    tested = _train_or_report(training, some, validation, outputs.metrics.parent)
    on_fitted, _ = trainer.evaluate(*fitted)
    # With `validation: test` the last epoch's validation is the final test already.
    if tested is None or settings.validation != "test":
        tested = trainer.evaluate(*test)
    on_test, probabilities = tested
    predictions: dict[str, NDArray[Any]] = {REPORTED: probabilities, "labels": test[1]}
    weights = {"initial": initial, "final": named_weights(model)}
    on_test_chosen = None
    if training.chosen:
        set_weights(model, training.chosen, str(checkpoint))
        predictions[LAST] = probabilities
        on_test_chosen, predictions[REPORTED] = trainer.evaluate(*test)
        weights["chosen"] = training.chosen
    training.stamp()

    write_history(outputs.history, training.progress.rows)
    write_arrays(outputs.predictions, predictions)
    write_arrays(
        outputs.weights,
        {
            f"{when}/{name}": values
            for when, named in weights.items()
            for name, values in named.items()
        },
    )
    with atomic(outputs.model) as temporary:
        model.save(temporary)
    metrics = {
        "variant": variant,
        "seed": seed,
        "run_digest": key[:16],
        **describe_result(training, on_fitted, on_test, on_test_chosen),
        "pixel_scaling": asdict(trainer.scaling),
        "threads": settings.threads,
        "validation": settings.validation,
        "versions": versions(),
        "code_digest": code_digest,
        "git_commit": git_commit(),
        "processor": " and ".join(training.progress.processors),
        "platform": platform.platform(),
        "onednn": onednn_enabled(),
        "kernel_environment": kernel_environment(),
        "data": {"dataset": manifest["dataset"], "sha256": manifest["sha256"]},
        "settings": asdict(settings),
        **network.description,
    }
    why = why_not_learned(metrics, manifest["test"]["per_class"])
    if why:
        log.warning("warning: %s did not learn: %s", training.name, why)
    write_json(outputs.metrics, metrics)


def _train_or_report(
    training: Training, fitted: Data, validation: Data, folder: Path
) -> "Evaluation | None":
    """Train, and return as `train` does; where that stops early, say why.

    A loss that is not finite leaves failed.json and failed-history.csv in the run's `folder`; a
    signal ends the process with its status.

    Raises:
        Diverged: the loss is not finite.
    """
    failure, history = folder / FAILURE, folder / "failed-history.csv"
    failure.unlink(missing_ok=True)
    history.unlink(missing_ok=True)
    stop = StopRequest()
    try:
        with stop.listening():
            return train(training, fitted, validation, stop)
    except Interrupted:
        assert stop.signal is not None
        reason = signal.Signals(stop.signal).name
        log.info("%s | stopped by %s; the same command resumes here", training.name, reason)
        sys.exit(128 + stop.signal)
    except Diverged as error:
        write_history(history, error.rows)
        write_json(failure, {"error": str(error), "epoch": error.epoch})
        raise


def checkpoint_key(definition: Definition, code_digest: str, manifest: Mapping[str, Any]) -> str:
    """Digest of all that decides the result, but for the processor.

    The packages that compute are part of it, and the environment variables that choose their
    kernels: with others a training could not resume to the result that it would have had. Nor can
    it on a processor with other instructions; but on a cluster of mixed nodes a run that started
    again at each change might never end, so that is recorded (`Progress.processors`) and not here.
    """
    packages = [versions()[name] for name in ("tensorflow", "keras", "numpy", "scikit-learn")]
    data = [manifest["sha256"], manifest["classes"]]
    kernels = [onednn_enabled(), kernel_environment()]
    defining = [definition.to_json(), code_digest, data, packages, kernels]
    return hashlib.sha256(json.dumps(defining).encode()).hexdigest()


def describe_result(
    training: Training, fitted: "Score", tested: "Score", chosen: "Score | None"
) -> dict[str, Any]:
    """The figures of a finished training: of its last epoch, and of the final network on the
    training images (`fitted`) and the test images (`tested`), both with dropout off; and of the
    network after the `chosen` epoch on the test images, where validation images chose it.
    """
    progress, rows = training.progress, training.progress.rows
    best = best_epoch(rows, training.trainer.settings.metric)
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
        "best_epoch": best,
        "chosen_epoch": best if chosen else None,
        "chosen_test_loss": chosen.loss if chosen else None,
        "chosen_test_accuracy": chosen.accuracy if chosen else None,
        "seconds_per_epoch": statistics.median(row["seconds"] for row in rows),
        "train_seconds_per_epoch": statistics.median(row["train_seconds"] for row in rows),
        "load": {"mean": statistics.fmean(row["load"] for row in rows), "cores": os.cpu_count()},
        "wall_seconds": progress.wall_seconds,
        "cpu_seconds": progress.cpu_seconds,
        "peak_memory_mb": peak_memory_mb(),
    }
