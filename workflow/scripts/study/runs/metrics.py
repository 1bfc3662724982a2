"""The metrics of a finished run, and the error of a failed one."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from study.errors import StudyError
from study.files import read_json


class RunKey(NamedTuple):
    """Identifies a run within its study."""

    variant: str
    seed: int


Metrics = Mapping[str, Any]
"""The content of a run's metrics.json."""


def read_metrics(paths: Iterable[str | Path]) -> dict[RunKey, Metrics]:
    """The content of each metrics.json, by run, in the order of `paths`.

    Raises:
        StudyError: a file does not hold a run's metrics. After it is deleted, Snakemake makes the
            run again.
    """
    # Training imports this module; what tables are checked for is no part of it.
    from study.runs.validity import problem_of

    found: dict[RunKey, Metrics] = {}
    for path in paths:
        content = read_json(path)
        problem = problem_of(content, Path(path))
        if problem:
            raise StudyError(f"{path}: {problem}; delete it and run again")
        found[RunKey(content["variant"], content["seed"])] = content
    return found


def reported_accuracy(run: Metrics) -> float:
    """The run's test accuracy: after its chosen epoch if it has one, else after its last."""
    chosen = run.get("chosen_test_accuracy")
    return float(run["test_accuracy"] if chosen is None else chosen)


def read_failures(paths: Iterable[str | Path]) -> dict[RunKey, str]:
    """The one-line error of each runs/{variant}/seed-{seed}/failed.json, by run.

    Raises:
        StudyError: a file is not the record of a failed run.
    """
    found = {}
    for path in map(Path, paths):
        content = read_json(path)
        try:
            seed = int(path.parent.name.removeprefix("seed-"))
            error = " ".join(str(content["error"]).split())
        except (KeyError, TypeError, ValueError) as cause:
            raise StudyError(f"{path}: not the record of a failed run") from cause
        found[RunKey(path.parent.parent.name, seed)] = error
    return found
