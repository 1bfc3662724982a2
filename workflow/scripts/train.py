"""Train one variant with one seed, from its last checkpoint where there is one."""

import hashlib
import json
import logging
import math
import os
import platform
import signal
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from study.archives import write_arrays
from study.checkpoint import Progress, load_checkpoint, save_checkpoint
from study.data.prepared import load_prepared
from study.data.split import Data, split
from study.errors import StudyError
from study.files import remove_leftovers, write_json
from study.gpu import claim_gpu, visible_gpus
from study.logs import script_log
from study.networks.costs import count_parameters
from study.provenance import git_commit, has_bfloat16, peak_memory_mb, processor, versions
from study.runs.history import write_history
from study.tensorflow_setup import configure_tensorflow, gpu_name, memory_errors, onednn_enabled

if TYPE_CHECKING:
    from study.training import Evaluation, Score, Trainer

    snakemake: Any


log = logging.getLogger(__name__)


PARENT = os.getppid()  # Snakemake; it may be gone by the time that TensorFlow or a GPU is there


class Diverged(StudyError):
    """The loss is not finite any more; `rows` is the history of the epochs before."""

    def __init__(self, message: str, epoch: int, rows: list[dict[str, float]]) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.rows = rows


class Interrupted(Exception):
    """The process was asked to end, and has written its checkpoint."""


class StopRequest:
    """Remembers a SIGTERM (from a scheduler) or SIGINT (Ctrl-C) that came while listening."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def came(self) -> bool:
        """Whether to stop, which the death of Snakemake asks for too: nobody takes the results,
        and the next snakemake trains the same run.
        """
        if self.signal is None and os.getppid() != PARENT:
            self.signal = signal.SIGHUP
        return self.signal is not None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.signal = number

    @contextmanager
    def listening(self) -> Iterator[None]:
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, self) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


class Training:
    """One run under way: the trainer, its progress, and the checkpoint that keeps both.

    `key` says what defines the run: a checkpoint with another one is not its own. `chosen` holds
    the weights after the best epoch so far, with `validation: holdout`.
    """

    def __init__(self, name: str, trainer: "Trainer", checkpoint: Path, key: str) -> None:
        self.name = name
        self.trainer = trainer
        self.checkpoint = checkpoint
        self.key = key
        self.chosen: dict[str, NDArray[Any]] = {}
        self.progress = self._restored() or Progress()
        worker = gpu_name() or processor()
        if worker not in self.progress.processors:
            self.progress.processors.append(worker)
        self._wall = time.perf_counter() - self.progress.wall_seconds
        self._cpu = time.process_time() - self.progress.cpu_seconds

    def _restored(self) -> Progress | None:
        found = load_checkpoint(self.checkpoint, self.key)
        if found is None:
            return None
        progress, values = found
        for position, variable in enumerate(self.trainer.variables):
            variable.assign(values[f"variable_{position}"])
        self.chosen = {
            name.removeprefix("chosen/"): value
            for name, value in values.items()
            if name.startswith("chosen/")
        }
        return progress

    def save(self) -> None:
        """Write the checkpoint."""
        self.stamp()
        values = {
            f"variable_{position}": variable.numpy()
            for position, variable in enumerate(self.trainer.variables)
        } | {f"chosen/{name}": value for name, value in self.chosen.items()}
        save_checkpoint(self.checkpoint, self.key, self.progress, values)

    def stamp(self) -> None:
        """Note the time spent, earlier attempts included."""
        self.progress.wall_seconds = time.perf_counter() - self._wall
        self.progress.cpu_seconds = time.process_time() - self._cpu

    def check_finite(self, loss: float) -> None:
        """Raise Diverged unless `loss` is finite."""
        if not math.isfinite(loss):
            epoch = len(self.progress.rows) + 1
            raise Diverged(
                f"{self.name}: loss is {'NaN' if math.isnan(loss) else 'infinite'} in epoch "
                f"{epoch} with learning rate {self.trainer.settings['learning_rate']:g}; try a "
                "smaller training.learning_rate",
                epoch,
                self.progress.rows,
            )


def train(
    training: Training, validation: Data, checkpoint_every: int, stop: StopRequest
) -> "Evaluation | None":
    """Train until all epochs are done; the progress's rows are then the whole history.

    Returns:
        The last epoch's validation, or None where an earlier process has done that epoch.

    Raises:
        Diverged: the loss is not finite.
        Interrupted: `stop` came; the checkpoint holds every step that was done.
    """
    from study.model import named_weights

    name, trainer, progress = training.name, training.trainer, training.progress
    epochs = trainer.settings["epochs"]
    evaluation = None
    if progress.rows or progress.step:
        log.info("%s | goes on after epoch %d, step %d", name, len(progress.rows), progress.step)
    while len(progress.rows) < epochs:
        epoch = len(progress.rows) + 1
        start = time.perf_counter() - progress.epoch_seconds
        for step, summed_loss in trainer.train_epoch(epoch, progress.step):
            progress.step = step
            training.check_finite(summed_loss)
            if stop.came():
                progress.epoch_seconds = time.perf_counter() - start
                training.save()
                raise Interrupted
        fitted = trainer.end_epoch()
        evaluation = validated, _ = trainer.evaluate(*validation)
        training.check_finite(fitted.loss)
        training.check_finite(validated.loss)
        progress.rows.append(
            {
                "epoch": epoch,
                "loss": fitted.loss,
                "accuracy": fitted.accuracy,
                "val_loss": validated.loss,
                "val_accuracy": validated.accuracy,
                "seconds": time.perf_counter() - start,
            }
        )
        if trainer.settings["validation"] == "holdout" and best_epoch(progress.rows) == epoch:
            training.chosen = named_weights(trainer.model)
        progress.step, progress.epoch_seconds = 0, 0.0
        log.info("%s | %s", name, epoch_line(progress.rows, epochs))
        if epoch % checkpoint_every == 0 or epoch == epochs or stop.signal is not None:
            training.save()
        if stop.signal is not None:
            raise Interrupted
    return evaluation


def epoch_line(rows: Sequence[dict[str, float]], epochs: int) -> str:
    """One finished epoch in words, with the time that is left."""
    row = rows[-1]
    left = statistics.fmean(row["seconds"] for row in rows) * (epochs - len(rows))
    return (
        f"epoch {len(rows):{len(str(epochs))}}/{epochs} | loss {row['loss']:.4f} "
        f"accuracy {row['accuracy']:.4f} | val_loss {row['val_loss']:.4f} "
        f"val_accuracy {row['val_accuracy']:.4f} | {row['seconds']:.1f} s | "
        f"{int(left) // 60} min {int(left) % 60:02} s left"
    )


def best_epoch(rows: Sequence[dict[str, float]]) -> int:
    """The epoch with the highest validation accuracy, the first of several."""
    return max(range(len(rows)), key=lambda position: rows[position]["val_accuracy"]) + 1


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


def main() -> None:
    run = json.loads(snakemake.params.definition)
    for file in snakemake.output:
        remove_leftovers(file)
    arrays, manifest = load_prepared(snakemake.input.data, snakemake.input.manifest)
    data = split(arrays, run["training"], run["seed"])
    gpu = claim_gpu(visible_gpus()) if run["training"].get("gpu") else None
    configure_tensorflow(run["training"]["threads"], snakemake.log[0], gpu)
    if run["training"].get("precision") == "mixed_bfloat16" and not (gpu or has_bfloat16()):
        log.warning("training.precision: this processor has no bfloat16; float32 would be faster")
    with memory_errors():
        train_run(run, manifest, *data)


def train_run(
    run: dict[str, Any], manifest: dict[str, Any], fitted: Data, validation: Data, test: Data
) -> None:
    """Train the run as defined, evaluate it, and write the rule's outputs."""
    from study.model import build_model, named_weights, set_weights
    from study.training import Trainer

    settings, layers, seed = run["training"], run["layers"], run["seed"]
    shape, classes = tuple(manifest["input_shape"]), manifest["classes"]
    output = snakemake.output
    model = build_model(layers, shape, classes, settings, seed)
    initial = named_weights(model)
    key = checkpoint_key(run, snakemake.params.code, manifest)
    training = Training(
        f"{snakemake.wildcards.variant} seed {seed}",
        Trainer(model, *fitted, settings, seed),
        Path(snakemake.params.checkpoint),
        key,
    )
    tested = train_or_report(training, validation, Path(output.metrics).parent)
    evaluate = training.trainer.evaluate
    on_fitted, _ = evaluate(*fitted)
    # With `validation: test` the last epoch's validation is the final test already.
    if tested is None or settings["validation"] != "test":
        tested = evaluate(*test)
    on_test, probabilities = tested
    predictions: dict[str, NDArray[Any]] = {"probabilities": probabilities, "labels": test[1]}
    weights = {"initial": initial, "final": named_weights(model)}
    on_test_chosen = None
    if training.chosen:
        set_weights(model, training.chosen, str(training.checkpoint))
        on_test_chosen, predictions["chosen_probabilities"] = evaluate(*test)
        weights["chosen"] = training.chosen
    training.stamp()

    write_history(output.history, training.progress.rows)
    write_arrays(output.predictions, predictions)
    write_arrays(
        output.weights,
        {
            f"{when}/{name}": values
            for when, named in weights.items()
            for name, values in named.items()
        },
    )
    write_json(output.architecture, json.loads(model.to_json()))
    write_json(
        output.metrics,
        {
            "variant": snakemake.wildcards.variant,
            "seed": seed,
            "run_digest": key[:16],
            **describe_result(training, on_fitted, on_test, on_test_chosen),
            "parameters": count_parameters(layers, shape, classes),
            "threads": settings["threads"],
            "validation": settings["validation"],
            "versions": versions(),
            "code_digest": snakemake.params.code,
            "git_commit": git_commit(),
            "processor": " and ".join(training.progress.processors),
            "platform": platform.platform(),
            "onednn": onednn_enabled(),
            "data": {"dataset": manifest["dataset"], "sha256": manifest["sha256"]},
            "settings": settings,
            "layers": layers,
        },
    )


def train_or_report(training: Training, validation: Data, folder: Path) -> "Evaluation | None":
    """Train, and return as `train` does; where that stops early, say why.

    A loss that is not finite leaves failed.json and failed-history.csv in the run's `folder`; a
    signal ends the process with its status.

    Raises:
        Diverged: the loss is not finite.
    """
    failure, history = folder / "failed.json", folder / "failed-history.csv"
    failure.unlink(missing_ok=True)
    history.unlink(missing_ok=True)
    stop = StopRequest()
    try:
        with stop.listening():
            return train(training, validation, snakemake.params.checkpoint_every, stop)
    except Interrupted:
        assert stop.signal is not None
        reason = signal.Signals(stop.signal).name
        log.info("%s | stopped by %s; the same command goes on from here", training.name, reason)
        sys.exit(128 + stop.signal)
    except Diverged as error:
        write_history(history, error.rows)
        write_json(failure, {"error": str(error), "epoch": error.epoch})
        raise


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        main()
