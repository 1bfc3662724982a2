"""What Snakemake on Slurm needs before it submits its first job."""

import asyncio
import getpass
import re
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

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
    that is cancelled writes its checkpoint first, and the new session's resumes from there.

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
    """Have Snakemake look soon after a change, seldom when nothing changes, and end at once.

    The plugin's status thread sleeps in one piece, 10 s longer after each look, up to 180 s. So a
    short job has ended long before the next look, and `RemoteExecutor.shutdown`, which joins the
    thread, waits for the rest of the sleep.
    """
    import snakemake_executor_plugin_slurm as plugin
    from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

    known: set[str | None] = set()
    changed = time.monotonic()
    most = most_seconds(plugin.get_min_job_age())

    async def sleep(executor: RemoteExecutor) -> None:
        nonlocal known, changed
        start = time.monotonic()
        least = executor.workflow.executor_settings.init_seconds_before_status_checks
        while executor.wait:
            now = time.monotonic()
            jobs = {job.external_jobid for job in list(executor.active_jobs)}
            if jobs != known:
                known, changed = jobs, now
            if now - start >= seconds_between_looks(len(jobs), now - changed, least, most):
                return
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    RemoteExecutor.sleep = sleep


def seconds_between_looks(jobs: int, unchanged: float, least: float, most: float) -> float:
    """How long after the last look the next one comes.

    Args:
        jobs: how many are waiting or running. With a few, the study waits for each; with many,
            the next one to end does not hold it up.
        unchanged: seconds since the last submission or end of a job that was noticed.
        least: what the profile says (`slurm-init-seconds-before-status-checks`).
    """
    return max(least, min(jobs / 2, most), min(unchanged / 4, most))


def most_seconds(min_job_age: int | None) -> float:
    """The longest time between two looks: Slurm must still know a job that ended after the last."""
    if not min_job_age:
        return MOST_SECONDS_BETWEEN_CHECKS
    return min(MOST_SECONDS_BETWEEN_CHECKS, min_job_age / 2)


def plan_with_one_timer() -> None:
    """Have Snakemake end without waiting for `max-jobs-per-timespan`.

    Each time that the scheduler has chosen jobs it starts a timer for that time, after which it
    looks again whether it may submit more. Python waits for these threads before it exits, up to a
    minute after the last step, and each job that ends while others are ready adds one for good.
    """
    from snakemake.scheduling.job_scheduler import JobScheduler

    planned: set[int] = set()

    def schedule(scheduler: JobScheduler, delay: float) -> None:
        def wake() -> None:
            planned.discard(id(scheduler))
            scheduler._open_jobs.release()

        if id(scheduler) not in planned:
            planned.add(id(scheduler))
            timer = threading.Timer(delay, wake)
            timer.daemon = True
            timer.start()

    JobScheduler._schedule_reevalutation = schedule


def end_preempted_jobs() -> None:
    """Have Snakemake submit a job again that Slurm has preempted by cancelling it.

    squeue shows such a job as PREEMPTED; one that Slurm has requeued as PENDING. The
    plugin takes both for requeued and would wait for the first for ever.
    """
    import snakemake_executor_plugin_slurm as plugin

    ask = plugin.query_job_status
    said: set[str] = set()

    async def query(command: str, logger: Any) -> Any:
        states, seconds = await ask(command, logger)
        if not states or not command.startswith("squeue"):
            return states, seconds
        preempted = {job for job, state in states.items() if state == "PREEMPTED"}
        for job in sorted(preempted - said):
            logger.warning(f"Slurm job {job} was preempted and not requeued: as if cancelled.")
        said.update(preempted)
        return states | dict.fromkeys(preempted, "CANCELLED"), seconds

    plugin.query_job_status = query


def stop_asking_at_the_end() -> None:
    """Have Ctrl-C end Snakemake while the controller is down, too.

    The plugin asks `slurm-status-attempts` times for the states of its jobs, a quarter of an hour
    and more, and `RemoteExecutor.shutdown` waits for the thread that asks.
    """
    import snakemake_executor_plugin_slurm as plugin
    from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

    ask, shutdown = plugin.query_job_status, RemoteExecutor.shutdown
    ending = threading.Event()

    async def query(command: str, logger: Any) -> Any:
        return ({}, 0.0) if ending.is_set() else await ask(command, logger)

    def end(executor: RemoteExecutor) -> None:
        ending.set()
        shutdown(executor)

    plugin.query_job_status = query
    RemoteExecutor.shutdown = end


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
