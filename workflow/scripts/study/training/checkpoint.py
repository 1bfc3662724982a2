"""Checkpoints: the whole state of a training, from which it resumes exactly."""

import json
import logging
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from study.files import atomic, remove_leftovers

log = logging.getLogger(__name__)

Arrays = dict[str, NDArray[Any]]


@dataclass
class Progress:
    """How far a training has come.

    Order of the images and dropout follow from seed, epoch and step alone, so this and the
    variables of model and optimizer are its whole state.
    """

    rows: list[dict[str, float]] = field(default_factory=list)  # history of the finished epochs
    step: int = 0  # steps done in the epoch under way
    epoch_seconds: float = 0.0  # spent on that epoch so far
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    processors: list[str] = field(default_factory=list)  # that have worked on it


def save_checkpoint(path: str | Path, key: str, progress: Progress, variables: Arrays) -> None:
    """Write the state to `path`, whole or not at all. `key` says which training it belongs to."""
    header = json.dumps({"key": key, "progress": asdict(progress), "arrays": [*variables]})
    with atomic(path) as temporary:
        np.savez(temporary, header=np.array(header), **variables)  # type: ignore[arg-type]


def load_checkpoint(path: str | Path, key: str) -> tuple[Progress, Arrays] | None:
    """The state in `path`, or None where there is none of the training `key`.

    A checkpoint of another training or a damaged one is set aside beside it, with a warning.
    """
    path = Path(path)
    remove_leftovers(path)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            variables = dict(archive)  # the checksums of the archive are compared here
        header = json.loads(str(variables.pop("header")))
        progress = Progress(**header["progress"])
        # An archive whose directory is damaged may seem to hold fewer arrays.
        if header["arrays"] != [*variables]:
            raise ValueError
        reason = "is of other settings, code, data or packages" if header["key"] != key else None
    # A damaged archive may seem encrypted or packed by an unknown method: RuntimeError.
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        EOFError,
        RuntimeError,
        BadZipFile,
        zlib.error,
    ):
        reason = "is damaged"
    if reason is None:
        return progress, variables
    aside = path.with_name(f"{path.stem}.set-aside{path.suffix}")
    path.replace(aside)
    log.warning("warning: the checkpoint %s %s; it is now %s", path, reason, aside.name)
    return None
