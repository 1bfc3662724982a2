"""Snakemake on Slurm ends soon after its last job, and looks for finished jobs often enough.

Whether it does so on a cluster is measured in test_slurm.py.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import snakemake_executor_plugin_slurm as plugin
from snakemake.scheduling.job_scheduler import JobScheduler
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

from study.cluster import slurm
from study.cluster.slurm import most_seconds, seconds_between_looks


@pytest.fixture(autouse=True)
def patched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sleep", "shutdown"):  # put back at the end
        monkeypatch.setattr(RemoteExecutor, name, getattr(RemoteExecutor, name))
    monkeypatch.setattr(
        JobScheduler, "_schedule_reevalutation", JobScheduler._schedule_reevalutation
    )
    monkeypatch.setattr(plugin, "query_job_status", plugin.query_job_status)
    monkeypatch.setattr(plugin, "get_min_job_age", lambda: 300)
    monkeypatch.setattr(slurm, "SECONDS_BETWEEN_LOOKS", 0.01)


def executor(wait: bool = True, least: float = 0.05) -> Any:
    settings = SimpleNamespace(init_seconds_before_status_checks=least)
    return SimpleNamespace(
        wait=wait, active_jobs=[], workflow=SimpleNamespace(executor_settings=settings)
    )


def slept(executor: Any) -> float:
    start = time.monotonic()
    asyncio.run(RemoteExecutor.sleep(executor))
    return time.monotonic() - start


def test_a_shutdown_ends_the_sleep() -> None:
    slurm.look_often()
    assert slept(executor(wait=False, least=100)) < 50
    late = executor(least=100)
    timer = threading.Timer(0.1, setattr, (late, "wait", False))
    timer.start()
    assert slept(late) < 50
    timer.join()


def test_the_first_look_after_a_change_comes_as_soon_as_the_profile_says() -> None:
    slurm.look_often()
    assert 0.2 <= slept(executor(least=0.2)) < 10


def looks(minutes: float, jobs: int = 1, least: float = 5, most: float = 30) -> Iterator[float]:
    """The seconds, after the last change, at which Slurm is asked."""
    at = 0.0
    while at < 60 * minutes:
        wait = 0.0
        while wait < seconds_between_looks(jobs, at + wait, least, most):
            wait += 1
        at += wait
        yield at


def test_slurm_is_asked_as_often_as_the_documentation_says() -> None:
    assert list(looks(1))[:8] == [5, 10, 15, 20, 27, 36, 48, 64]
    assert len(list(looks(10))) == 27
    assert len(list(looks(60))) - len(list(looks(50))) == 20  # every 30 s


def test_with_many_jobs_out_slurm_is_asked_less_often() -> None:
    assert [seconds_between_looks(jobs, 0, 5, 30) for jobs in (1, 10, 40, 60, 1000)] == [
        5,
        5,
        20,
        30,
        30,
    ]


def test_a_site_may_ask_for_longer_waits() -> None:
    assert seconds_between_looks(1, 0, least=60, most=30) == 60


@pytest.mark.parametrize(("age", "seconds"), [(None, 30), (0, 30), (300, 30), (60, 30), (20, 10)])
def test_a_job_is_looked_for_before_slurm_forgets_it(age: int | None, seconds: float) -> None:
    assert most_seconds(age) == seconds


def test_the_scheduler_has_one_timer_which_no_exit_waits_for() -> None:
    slurm.plan_with_one_timer()
    before = set(threading.enumerate())
    scheduler: Any = SimpleNamespace(_open_jobs=threading.Semaphore(0))
    for _ in range(5):
        JobScheduler._schedule_reevalutation(scheduler, 0.2)
    timers = set(threading.enumerate()) - before
    assert [timer.daemon for timer in timers] == [True]
    assert scheduler._open_jobs.acquire(timeout=30)
    JobScheduler._schedule_reevalutation(scheduler, 0.01)  # and then the next one
    assert scheduler._open_jobs.acquire(timeout=30)
    assert not scheduler._open_jobs.acquire(timeout=0.3)


@pytest.mark.parametrize(
    ("command", "state"), [("squeue --name x", "CANCELLED"), ("sacct --name x", "PREEMPTED")]
)
def test_squeue_shows_as_preempted_what_was_not_requeued(
    monkeypatch: pytest.MonkeyPatch, command: str, state: str
) -> None:
    async def states(command: str, logger: Any) -> Any:
        return {"1": "RUNNING", "2": "PREEMPTED"}, 0.1

    monkeypatch.setattr(plugin, "query_job_status", states)
    slurm.end_preempted_jobs()
    said: list[str] = []
    logger = SimpleNamespace(warning=said.append)
    for _ in range(2):
        found = asyncio.run(plugin.query_job_status(command, logger))
        assert found == ({"1": "RUNNING", "2": state}, 0.1)
    assert len(said) == (command.startswith("squeue"))


def test_a_slurm_that_does_not_answer_stays_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(command: str, logger: Any) -> Any:
        return None, None

    monkeypatch.setattr(plugin, "query_job_status", silence)
    slurm.end_preempted_jobs()
    assert asyncio.run(plugin.query_job_status("squeue", None)) == (None, None)


def test_after_a_shutdown_slurm_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(command: str, logger: Any) -> Any:
        return None, None

    monkeypatch.setattr(plugin, "query_job_status", silence)
    ended: list[Any] = []
    monkeypatch.setattr(RemoteExecutor, "shutdown", ended.append)
    slurm.stop_asking_at_the_end()
    assert asyncio.run(plugin.query_job_status("squeue", None)) == (None, None)
    RemoteExecutor.shutdown("executor")
    assert ended == ["executor"]
    assert asyncio.run(plugin.query_job_status("squeue", None)) == ({}, 0.0)
