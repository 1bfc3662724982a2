"""One GPU for each training, whether a scheduler deals them out or not."""

import fcntl
import logging
import os
import re
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from study.errors import StudyError

log = logging.getLogger(__name__)

# All trainings of a machine meet here, whoever starts them and from whichever folder.
LOCKS = Path("/tmp")

SECONDS_BETWEEN_TRIES = 1.0


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    Where that variable is set, as by Slurm for each job, its list counts; else all GPUs of the
    machine do. Numbers, which count as `nvidia-smi` does, are turned into UUIDs where that is
    possible: inside a container or a cgroup several GPUs may have the number 0.
    """
    installed = _installed_gpus()
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is None:
        return list(installed.values())
    names = []
    for name in map(str.strip, given.split(",")):
        if not re.fullmatch(r"\d+|(GPU|MIG)-\S+", name):
            break  # as CUDA does: what is no device hides itself and all after it
        names.append(installed.get(name, name))
    return names


def claim_gpu(gpus: Sequence[str], folder: Path = LOCKS) -> str:
    """Wait for one of `gpus` that no other process has claimed; it is ours until we end.

    The claim is a lock on a file in `folder`, which the kernel drops however the process ends.

    Raises:
        StudyError: there are no `gpus`; or our parent process ended while we waited, so that
            nobody wants the result.
    """
    parent = os.getppid()
    if not gpus:
        raise StudyError(
            "training.gpu: 1 asks for a GPU, and there is none: `nvidia-smi -L` lists none, or "
            "CUDA_VISIBLE_DEVICES hides them; with 0 the training runs on the processor"
        )
    waiting = False
    while True:
        for gpu in gpus:
            if _lock(folder / f"cnn-variants-{gpu}.lock"):
                return gpu
        if not waiting:
            log.info("waiting for a GPU: other trainings use %s", ", ".join(gpus))
            waiting = True
        time.sleep(SECONDS_BETWEEN_TRIES)
        if os.getppid() != parent:
            raise StudyError("snakemake ended while this training waited for a GPU")


def _installed_gpus() -> dict[str, str]:
    """UUIDs by number."""
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # no driver, or no GPU
        return {}
    return dict(re.findall(r"^GPU (\d+): .*\(UUID: (\S+)\)$", listed.stdout, re.MULTILINE))


def _lock(path: Path) -> bool:
    """Lock the file for the rest of the process's life, unless another process has."""
    # Made and opened in two steps: in /tmp Linux refuses to open others' files for creation.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o444))
    file = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return False
    return True  # the file stays open: closing it would end the lock
