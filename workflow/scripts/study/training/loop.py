"""The epochs of a training, from its last checkpoint to its end."""

import logging
import math
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from study.data.split import Data
from study.errors import StudyError
from study.runs.choice import ACCURACY, best_place
from study.runs.predictions import Probabilities
from study.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from study.training.provenance import instruction_set, processor
from study.training.stop import Interrupted, StopRequest
from study.training.tensorflow_setup import gpu_name

if TYPE_CHECKING:
    from study.runs.definition import Settings
    from study.training.trainer import Evaluation, Score, Trainer


log = logging.getLogger(__name__)


class Diverged(StudyError):
    """The loss is not finite any more; `rows` is the history of the epochs before."""

    def __init__(self, message: str, epoch: int, rows: list[dict[str, float]]) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.rows = rows


class Training:
    """One run under way: the trainer, its progress, and the checkpoint that keeps both.

    `key` says what defines the run: a checkpoint with another one is not its own. `chosen` holds
    the weights after the best epoch so far, unless the test images serve for validation.
    """

    def __init__(self, name: str, trainer: "Trainer", checkpoint: Path, key: str) -> None:
        self.name = name
        self.trainer = trainer
        self.checkpoint = checkpoint
        self.key = key
        self.chosen: dict[str, NDArray[Any]] = {}
        self.progress = self._restored() or Progress()
        self._note_processor()
        self._wall = time.perf_counter() - self.progress.wall_seconds
        self._cpu = time.process_time() - self.progress.cpu_seconds

    def _note_processor(self) -> None:
        """Record which processor works on the run, and warn where others began it."""
        worker = gpu_name() or f"{processor()} ({instruction_set()})"
        earlier = self.progress.processors
        if earlier and worker not in earlier:
            log.warning(
                "warning: %s resumes on another kind of processor (%s, after %s); the result may "
                "differ in its last digits from that of an uninterrupted training",
                *(self.name, worker, " and ".join(earlier)),
            )
        if worker not in earlier:
            earlier.append(worker)

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
                f"{epoch} with learning rate {self.trainer.settings.learning_rate:g}; try a "
                "smaller training.learning_rate",
                epoch,
                self.progress.rows,
            )


def train(
    training: Training, fitted: Data, validation: Data, stop: StopRequest
) -> "Evaluation | None":
    """Train until all epochs are done; the progress's rows are then the whole history.

    After each epoch the network is evaluated on `fitted`, some of the training images, and on the
    `validation` images, with dropout off.

    Returns:
        The last epoch's validation, or None where an earlier process has done that epoch.

    Raises:
        Diverged: the loss is not finite.
        Interrupted: `stop` came; the checkpoint holds every step that was done.
    """
    from study.training.model import named_weights

    name, trainer, progress = training.name, training.trainer, training.progress
    epochs, metric = trainer.settings.epochs, trainer.settings.metric
    evaluation = None
    if progress.rows or progress.step:
        log.info("%s | resumes after epoch %d, step %d", name, len(progress.rows), progress.step)
    while not is_over(progress.rows, trainer.settings):
        epoch = len(progress.rows) + 1
        start = time.perf_counter() - progress.epoch_seconds
        for step, summed_loss in trainer.train_epoch(epoch, progress.step):
            progress.step = step
            training.check_finite(summed_loss)
            if stop.came():
                progress.epoch_seconds = time.perf_counter() - start
                training.save()
                raise Interrupted
        trained = trainer.end_epoch()
        train_seconds = time.perf_counter() - start
        on_fitted, _ = trainer.evaluate(*fitted)
        evaluation = validated, probabilities = trainer.evaluate(*validation)
        training.check_finite(trained.loss)
        training.check_finite(validated.loss)
        progress.rows.append(
            {
                "epoch": epoch,
                "loss": trained.loss,
                "accuracy": trained.accuracy,
                "loss_eval": on_fitted.loss,
                "accuracy_eval": on_fitted.accuracy,
                "val_loss": validated.loss,
                "val_accuracy": validated.accuracy,
                "val_metric": _judged(metric, validated, probabilities, validation[1]),
                "seconds": time.perf_counter() - start,
                "train_seconds": train_seconds,
                "load": os.getloadavg()[0],
                "learning_rate": trainer.learning_rate(epoch),
            }
        )
        is_chosen = best_epoch(progress.rows, metric) == epoch
        if trainer.settings.validation != "test" and is_chosen:
            with trainer.averages.in_place():
                training.chosen = named_weights(trainer.model)
        progress.step, progress.epoch_seconds = 0, 0.0
        log.info("%s | %s", name, epoch_line(progress.rows, epochs))
        training.save()
        if stop.signal is not None:
            raise Interrupted
    trainer.averages.finish()
    if len(progress.rows) < epochs:
        best = best_epoch(progress.rows, metric)
        log.info("%s | stopped early; no epoch was better than number %d", name, best)
    return evaluation


def is_over(rows: Sequence[dict[str, float]], settings: "Settings") -> bool:
    """Whether all epochs are done, or so many since the best one that training stops early."""
    if not rows or len(rows) >= settings.epochs or not settings.early_stopping:
        return len(rows) >= settings.epochs
    return len(rows) - best_epoch(rows, settings.metric) >= settings.early_stopping["patience"]


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


def _judged(
    metric: str | None, score: "Score", probabilities: NDArray[Any], labels: NDArray[Any]
) -> float:
    """The measure of the validation images that the best epoch is found by."""
    if metric in (None, ACCURACY):
        return score.accuracy
    from study.runs.scoring import measured  # scikit-learn takes a second to import

    value = measured(metric, Probabilities(probabilities, labels))
    assert value is not None  # `check_measurable` has seen to that
    return value


def best_epoch(rows: Sequence[dict[str, float]], metric: str | None) -> int:
    """The epoch that did best on the validation images, the first of several.

    `metric` is the measure in the rows' `val_metric`, accuracy if None.
    """
    return best_place(metric or ACCURACY, [row["val_metric"] for row in rows]) + 1
