"""The metrics of a finished run, and the error of a failed one."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from study.errors import StudyError
from study.files import read_json

Run = tuple[str, int]
"""A run's variant and seed."""


NEEDED = {
    *("variant", "seed", "epochs", "settings", "validation", "data", "parameters", "versions"),
    *("test_accuracy", "test_loss", "train_loss", "train_loss_eval", "best_epoch", "onednn"),
    *("seconds_per_epoch", "threads", "processor", "code_digest", "git_commit"),
}
"""What the tables are made of."""


def read_metrics(paths: Iterable[str | Path]) -> dict[Run, dict[str, Any]]:
    """The content of every metrics.json, by run.

    Raises:
        StudyError: a file is not a run's metrics; delete it and its run is made again.
    """
    found = {}
    for path in paths:
        content = read_json(path)
        missing = NEEDED - set(content) if isinstance(content, dict) else NEEDED
        if missing:
            raise StudyError(
                f"{path}: no metrics of a run, {', '.join(sorted(missing))} missing; "
                "delete it and run again"
            )
        found[str(content["variant"]), int(content["seed"])] = content
    return found


def read_failures(paths: Iterable[str | Path]) -> dict[Run, str]:
    """The one-line error of every runs/{variant}/seed-{seed}/failed.json, by run.

    Raises:
        StudyError: a file is not the record of a failed run.
    """
    found = {}
    for path in map(Path, paths):
        content = read_json(path)
        try:
            seed = int(path.parent.name.removeprefix("seed-"))
            found[path.parent.parent.name, seed] = " ".join(str(content["error"]).split())
        except (KeyError, TypeError, ValueError) as error:
            raise StudyError(f"{path}: no record of a failed run") from error
    return found
