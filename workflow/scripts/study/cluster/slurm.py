"""What Snakemake on Slurm needs before it submits its first job."""

import asyncio
import getpass
import re
import subprocess
import time
from pathlib import Path

from study.errors import StudyError

SECONDS_BETWEEN_LOOKS = 1


SECONDS_TO_END = 300
MOST_SECONDS_BETWEEN_CHECKS = 30


# Snakemake's plugin names all jobs of one session by the same UUID, after a prefix if there is one.
_SESSION = r"(?:\S+_)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def session_jobs(queue: str, folder: Path) -> list[str]:
    """The ids of the jobs in `queue` that a Snakemake in `folder` has submitted.

    Args:
        queue: what `squeue --noheader --format="%i %j %Z"` prints: id, name and folder of each job.
    """
    pattern = rf"^(\S+) {_SESSION} {re.escape(str(folder))}$"
    return re.findall(pattern, queue, re.MULTILINE)


def cancel_orphans(folder: Path) -> list[str]:
    """Cancel the jobs of earlier sessions in `folder`, and wait until they have ended.

    To be called by the one Snakemake that holds the folder's lock, before it submits anything: no
    other can be alive then, so whatever runs from this folder has lost its Snakemake. A training
    that is cancelled writes its checkpoint first, and the new session's goes on from there.

    Returns:
        the ids of the cancelled jobs.

    Raises:
        StudyError: Slurm does not answer, or a job does not end.
    """
    orphans = session_jobs(_squeue(), folder)
    if orphans:
        _run("scancel", *orphans)
        end = time.monotonic() + SECONDS_TO_END
        while left := session_jobs(_squeue(), folder):
            if time.monotonic() > end:
                raise StudyError(
                    f"the Slurm jobs {', '.join(left)} of an earlier snakemake do not end after "
                    f"{SECONDS_TO_END} s; wait until `squeue` does not show them, then try again"
                )
            time.sleep(SECONDS_BETWEEN_LOOKS)
    return orphans


def keep_min_job_age() -> None:
    """Have Snakemake's plugin remember how long Slurm knows of finished jobs (MinJobAge).

    Version 2.8.0 asks the controller for that at each status check. When it is down, the plugin
    turns from squeue to sacct, finds no accounting, loses its jobs and waits for ever.
    """
    import snakemake_executor_plugin_slurm as plugin

    age = plugin.get_min_job_age()
    if age is not None:
        plugin.get_min_job_age = lambda: age


def look_often() -> None:
    """Have Snakemake look for finished jobs at least twice a minute, and end when all is done.

    Between two looks the thread of a remote executor sleeps in one piece, with the Slurm plugin
    for up to 180 s, and Snakemake ends only when it wakes: `RemoteExecutor.shutdown` joins it.
    """
    from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

    async def sleep(executor: RemoteExecutor) -> None:
        seconds = min(executor.next_seconds_between_status_checks, MOST_SECONDS_BETWEEN_CHECKS)
        end = time.monotonic() + seconds
        while executor.wait and time.monotonic() < end:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    RemoteExecutor.sleep = sleep


def _squeue() -> str:
    return _run("squeue", "--noheader", f"--user={getpass.getuser()}", "--format=%i %j %Z")


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        raise StudyError(
            f"cannot ask Slurm for jobs of an earlier snakemake: {reason.strip().splitlines()[-1]}"
        ) from None
    return done.stdout
