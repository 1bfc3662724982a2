"""Requests to stop a training: signals, and the death of Snakemake."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PARENT = os.getppid()  # Snakemake; it may be gone by the time that TensorFlow or a GPU is there


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
