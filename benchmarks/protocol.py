"""Worker processes that stay alive and are asked in turn, by lines of JSON.

Standard library alone: the worker for PyTorch may run in an interpreter that has nothing else.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
SCRIPTS = FOLDER.parent / "workflow" / "scripts"

# What would change a library's own choice of threads and kernels.
SETTINGS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
)


class WorkerEnded(Exception):
    """A worker process is gone; the message names its log."""


class Worker:
    """A process that runs `script`, a file of this folder that calls `serve`."""

    def __init__(
        self,
        script: str,
        log: Path,
        environment: Mapping[str, str],
        python: str = sys.executable,
    ) -> None:
        self.log = log
        inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        with log.open("w", encoding="utf-8") as messages:
            self._process = subprocess.Popen(
                [python, str(FOLDER / script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=messages,
                text=True,
                env={
                    **inherited,
                    "PYTHONPATH": str(SCRIPTS),
                    "CUDA_VISIBLE_DEVICES": "-1",  # processors are compared
                    **environment,
                },
            )

    def ask(self, call: str, **arguments: Any) -> None:
        """Send a request and do not wait; `answer` must follow."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"call": call, **arguments}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise WorkerEnded(f"a worker ended; its messages are in {self.log}") from None

    def answer(self) -> Any:
        """Wait for the answer to the last request."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorkerEnded(f"a worker ended; its messages are in {self.log}")
        return json.loads(line)

    def __call__(self, call: str, **arguments: Any) -> Any:
        """Ask, and wait for the answer."""
        self.ask(call, **arguments)
        return self.answer()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def serve(calls: Mapping[str, Callable[..., Any]]) -> None:
    """Answer requests from standard input until it is closed."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not get among the answers
    for line in sys.stdin:
        request = json.loads(line)
        answer = calls[request.pop("call")](**request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
