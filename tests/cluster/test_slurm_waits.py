"""Snakemake on Slurm ends soon after its last job, and looks for finished jobs often enough."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

from study.cluster import slurm


@pytest.fixture(autouse=True)
def patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RemoteExecutor, "sleep", RemoteExecutor.sleep)  # put back at the end
    monkeypatch.setattr(slurm, "SECONDS_BETWEEN_LOOKS", 0.01)
    slurm.look_often()


def slept(**executor: object) -> float:
    start = time.monotonic()
    asyncio.run(RemoteExecutor.sleep(SimpleNamespace(**executor)))
    return time.monotonic() - start


def test_a_shutdown_ends_the_sleep() -> None:
    assert slept(wait=False, next_seconds_between_status_checks=180) < 5


def test_no_sleep_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "MOST_SECONDS_BETWEEN_CHECKS", 0.05)
    assert 0.05 <= slept(wait=True, next_seconds_between_status_checks=180) < 5
