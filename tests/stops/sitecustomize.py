"""Stops a training on purpose, at a chosen write or after some seconds.

Python imports a module of this name before it runs a script. tests/faults.py puts this folder on
PYTHONPATH and names the folder of a plan in FAULTS_PLAN; without that, nothing here takes effect.
Every process that runs train.py takes the plan's next stop, a file `{order}.stop` that holds
event, number, signal and target, for instance `replace 2 SIGKILL process`:

- event: `open` (before a file is opened for writing), `write` (half of the bytes are written),
  `fsync` and `replace` (before the call), `replaced` (after it), `seconds` (after its start).
- number: the how manieth event of this kind, or the seconds.
- target: `process` (the training alone) or `group` (Snakemake and all its trainings).

`journal.txt` beside the stops gets a line for every stop that happened, and for every checkpoint
that was moved into place.
"""

import io
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

_open, _fsync, _replace = io.open, os.fsync, os.replace


class Stops:
    """Counts the events of this process, and stops it at the one that its plan names."""

    def __init__(self, plan: Path) -> None:
        self.journal = plan / "journal.txt"
        self.counts: Counter[str] = Counter()
        self.name, self.event, self.number = "", "", 0.0
        self.signal, self.target = signal.SIGKILL, ""
        for file in sorted(plan.glob("*.stop")):
            taken = file.with_suffix(".taken")
            try:
                _replace(file, taken)
            except FileNotFoundError:
                continue  # the other training was faster
            event, number, signal_name, self.target = taken.read_text().split()
            self.name, self.event, self.number = file.stem, event, float(number)
            self.signal = signal.Signals[signal_name]
            break

    def install(self) -> None:
        """Watch all that writes from now on."""
        io.open = self.open
        os.fsync = self.fsync  # type: ignore[assignment]
        os.replace = self.replace  # type: ignore[assignment]
        if self.event == "seconds":
            timer = threading.Timer(self.number, self.stop, ["seconds", ""])
            timer.daemon = True
            timer.start()

    def is_next(self, event: str) -> bool:
        """Whether the next event of this kind is the one to stop at."""
        return event == self.event and self.counts[event] + 1 == self.number

    def reached(self, event: str, path: object) -> None:
        """Count an event, and stop where it is the one."""
        is_stop = self.is_next(event)
        self.counts[event] += 1
        if is_stop:
            self.stop(event, path)

    def stop(self, event: str, path: object) -> None:
        self.note(f"stopped {self.name} {event} {self.signal.name} {self.target} {path}")
        send: Callable[[int, int], None] = os.killpg if self.target == "group" else os.kill
        send(os.getpgrp() if self.target == "group" else os.getpid(), self.signal)

    def note(self, line: str) -> None:
        descriptor = os.open(self.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)

    def open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        # A file with an opener is one without a name (tempfile.TemporaryFile).
        if not set(mode) & set("wxa") or kwargs.get("opener"):
            return _open(file, mode, *args, **kwargs)
        self.reached("open", file)
        raw = TornFile(file, mode.replace("b", "").replace("t", ""))
        raw.stops = self
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        _, encoding, errors, newline = (*args, None, None, None, None)[:4]
        text = {"encoding": encoding, "errors": errors, "newline": newline} | {
            name: value for name, value in kwargs.items() if name != "buffering"
        }
        return io.TextIOWrapper(buffered, **text)

    def fsync(self, descriptor: int) -> None:
        self.reached("fsync", "")
        _fsync(descriptor)

    def replace(self, source: Any, target: Any, **kwargs: Any) -> None:
        self.reached("replace", target)
        _replace(source, target, **kwargs)
        if "/checkpoints/" in str(target):
            self.note(f"kept {target}")
        self.reached("replaced", target)


class TornFile(io.FileIO):
    """A file of which a stop leaves half of what was written last."""

    stops: Stops

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        half = super().write(view[: len(view) // 2]) if self.stops.is_next("write") else 0
        self.stops.reached("write", self.name)
        return half + super().write(view[half:])  # after a signal that only asks, the rest


if "FAULTS_PLAN" in os.environ and sys.orig_argv[-1].endswith(".train.py"):
    Stops(Path(os.environ["FAULTS_PLAN"])).install()
