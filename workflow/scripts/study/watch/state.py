"""The state of each training of a study, from the files that it leaves."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from study.cluster.resources import training_minutes
from study.config.study import Study
from study.errors import StudyError
from study.files import read_json
from study.runs.definition import Run

TAIL = 16_384
"""Bytes at the end of a log that are read; an error with its traceback fits."""

SILENT = 120
"""Seconds beyond three epochs without a line, after which a training may have stopped."""


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped?"
    """Its log has not changed for long: its process or its machine may be gone."""
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    `seconds` are those of an epoch, `left` those until its end; `note` is the reason of a failure,
    or something else to know.
    """

    run: Run
    state: State
    epoch: int = 0
    val_accuracy: float | None = None
    seconds: float | None = None
    left: float | None = None
    note: str = ""


# As `epoch_line` in training/loop.py writes it.
_EPOCH = re.compile(
    r"epoch +(?P<epoch>\d+)/\d+ \|.* val_accuracy (?P<val_accuracy>[\d.]+) "
    r"\| (?P<seconds>[\d.]+) s \| (?P<minutes>\d+) min (?P<rest>\d+) s left$"
)
_RESUMED = re.compile(r"\| resumes after epoch (?P<epoch>\d+), step \d+$")
_ENDED = re.compile(r"\| (?P<note>stopped by \w+); the same command resumes here$")
# With a time stamp, which lines of other packages do not have.
_ERROR = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d error: (?P<reason>.*)$")


class Watch:
    """Reads the states of a study's trainings again and again; a file only after it has changed."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._longest: dict[str, float] = {}
        self._known: dict[Path, tuple[tuple[int, int], Any]] = {}

    def states(self, now: float) -> list[Progress]:
        """The state of each training, in the plan's order. `now` is the time in seconds."""
        return [self._state(run, now) for run in self.study.runs]

    def _state(self, run: Run, now: float) -> Progress:
        place = Path(run.variant, f"seed-{run.seed}")
        folder = Path(self.study.outdir, "runs", place)
        log = Path(self.study.outdir, "logs", "train", place).with_suffix(".log")
        try:
            metrics = self._read(folder / "metrics.json", read_json)
            if metrics is not None:
                return finished(run, metrics)
            tail = self._read(log, _tail)
            if tail is not None:
                silent = max(0.0, now - self._known[log][0][0] / 1e9)
                return from_log(run, tail, silent, self._longest_epoch(run))
            failure = self._read(folder / "failed.json", read_json)
        except StudyError as error:
            return Progress(run, State.FAILED, note=str(error))
        if failure is not None:
            return Progress(run, State.FAILED, note=str(failure["error"]))
        return Progress(run, State.WAITING)

    def _read(self, path: Path, reader: Any) -> Any:
        """The content of a file; None without one."""
        try:
            found = path.stat()
            version = found.st_mtime_ns, found.st_size
            if path not in self._known or self._known[path][0] != version:
                self._known[path] = version, reader(path)
        except OSError:
            return None
        return self._known[path][1]

    def _longest_epoch(self, run: Run) -> float:
        """Seconds that no epoch of the run should take, with its share of the start."""
        if run.variant not in self._longest:
            minutes = training_minutes(self.study, run)
            self._longest[run.variant] = 60 * minutes / run.settings.epochs
        return self._longest[run.variant]


def finished(run: Run, metrics: Mapping[str, Any]) -> Progress:
    """The state of a training that has a metrics.json."""
    try:
        made, planned = metrics["settings"], json.loads(run.definition)["settings"]
        changed = sorted(name for name in planned if name in made and made[name] != planned[name])
        if run.python:
            is_same = metrics["python"]["digest"] == run.python.digest
        else:
            is_same = metrics["layers"] == run.layers
        if changed or not is_same:
            note = f"has results with other {', '.join(changed) or 'layers'}"
            return Progress(run, State.WAITING, note=note)
        return Progress(
            run,
            State.DONE,
            epoch=metrics["epochs"],
            val_accuracy=metrics["validation_accuracy"],
            seconds=metrics["seconds_per_epoch"],
        )
    except (KeyError, TypeError):
        raise StudyError(
            "metrics.json: not the metrics of a run; delete it and run again"
        ) from None


def from_log(run: Run, tail: str, silent: float, longest_epoch: float) -> Progress:
    """The state of a training without results, from the end of its log.

    Args:
        silent: seconds since the log has changed.
        longest_epoch: seconds that an epoch takes at most, for a training that has finished none.
    """
    epoch, accuracy, seconds, left, note = 0, None, None, None, ""
    for line in tail.splitlines():
        if failure := _ERROR.match(line):
            reason = failure["reason"].removeprefix(f"{run.variant} seed {run.seed}: ")
            return Progress(run, State.FAILED, epoch, accuracy, seconds, note=reason)
        if found := _EPOCH.search(line):
            epoch, accuracy = int(found["epoch"]), float(found["val_accuracy"])
            seconds = float(found["seconds"])
            left = 60 * int(found["minutes"]) + float(found["rest"])
        elif found := _RESUMED.search(line):
            epoch = int(found["epoch"])
        elif found := _ENDED.search(line):
            note = found["note"]
    if note:
        return Progress(run, State.WAITING, epoch, accuracy, seconds, left, note)
    if silent > 3 * (seconds or longest_epoch) + SILENT:
        quiet = f"its log has not changed for {duration(silent)}"
        return Progress(run, State.STOPPED, epoch, accuracy, seconds, left, quiet)
    if left is not None:
        left -= min(silent, seconds or 0)  # of the epoch under way
    return Progress(run, State.RUNNING, epoch, accuracy, seconds, left)


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 05 min`."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        return file.read().decode("utf-8", errors="replace")
