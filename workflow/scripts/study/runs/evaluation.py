"""evaluation.json: what a run's predictions for the test images come to, written and read."""

import json
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

from study.errors import StudyError
from study.files import read_json, write_json
from study.runs.choice import ACCURACY
from study.runs.measures import MEASURES
from study.runs.validity import number_problem

Evaluation = Mapping[str, Any]
"""The content of a run's evaluation.json."""

LIMITS: Mapping[str, tuple[float, float]] = {
    **{name: (0, measure.highest) for name, measure in MEASURES.items()},
    **dict.fromkeys(("accuracy_low", "accuracy_high", "macro_f1"), (0, 1)),
    "expected_calibration_error": (0, 1),
    **{"n": (1, inf), "correct": (0, inf)},
}
"""The lowest and the highest value of each figure."""

WHOLE = ("n", "correct")
"""Those that are whole numbers."""

MAY_BE_NULL = ("auc",)
"""Those that are undefined for some test images."""


def write_evaluation(path: str | Path, content: Evaluation) -> None:
    """Write an evaluation.json.

    Raises:
        ValueError: it could not be read again.
    """
    problem = _problem(content)
    if problem:
        raise ValueError(problem)
    write_json(path, content)


def read_evaluations(paths: Sequence[str | Path]) -> list[Evaluation]:
    """The content of each evaluation.json, in the order of `paths`.

    Raises:
        StudyError: a file does not hold a run's evaluation. After it is deleted, Snakemake makes it
            again.
    """
    found = []
    for path in paths:
        content = read_json(path)
        problem = _problem(content)
        if problem:
            raise StudyError(f"{path}: {problem}; delete it and run again")
        found.append(content)
    return found


def _problem(content: Any) -> str | None:
    """The first thing that is wrong with an evaluation.json, in words."""
    if not isinstance(content, dict):
        return "not the evaluation of a run"
    missing = {*LIMITS, "epoch"} - set(content)
    if missing:
        return f"not the evaluation of a run, {', '.join(sorted(missing))} missing"
    for key, (low, high) in LIMITS.items():
        value = content[key]
        if value is None and key in MAY_BE_NULL:
            continue
        problem = number_problem(value, low, high, whole=key in WHOLE)
        if problem:
            return f"{key}: {problem}"
    epoch = content["epoch"]
    if epoch != "last" and (not isinstance(epoch, int) or isinstance(epoch, bool)):
        return f'epoch: {json.dumps(epoch)} is not a whole number or "last"'
    if content[ACCURACY] != content["correct"] / content["n"]:
        return f"{ACCURACY}: {content[ACCURACY]:.10g} is not correct / n"
    return None
