"""GPUs: each training one of its own, none for a training that asks for none."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from checkout import copy_checkout, run_snakemake
from conftest import ROOT
from study.errors import StudyError
from study.training.gpu import claim_gpu, visible_gpus

SCRIPTS = ROOT / "workflow" / "scripts"
CLAIM = """
import logging, sys, time
from pathlib import Path
from study.training.gpu import claim_gpu
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
print("claimed", claim_gpu(sys.argv[2:], Path(sys.argv[1])), flush=True)
time.sleep(600)
"""
NVIDIA_SMI = """#!/bin/sh
echo 'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa-0)'
echo 'GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb-1)'
"""


class Claimants:
    """Processes that claim a GPU and keep it."""

    def __init__(self, locks: Path) -> None:
        self.locks = locks
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *gpus: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-u", "-c", CLAIM, str(self.locks), *gpus]
        process = subprocess.Popen(command, cwd=SCRIPTS, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.fixture
def claimants(tmp_path: Path) -> Iterator[Claimants]:
    running = Claimants(tmp_path)
    yield running
    for process in running.processes:
        process.kill()
        process.communicate()


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which `nvidia-smi -L` lists two GPUs."""
    program = tmp_path / "nvidia-smi"
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_trainings_side_by_side_have_different_gpus(claimants: Claimants) -> None:
    assert {said(claimants.start("0", "1")) for _ in range(2)} == {"claimed 0", "claimed 1"}


def test_with_all_gpus_in_use_a_training_waits_for_the_first_that_is_free(
    claimants: Claimants,
) -> None:
    owners = {said(process): process for process in (claimants.start("0", "1") for _ in range(2))}
    third = claimants.start("0", "1")
    assert said(third) == "waiting for a GPU: other trainings use 0, 1"
    owners["claimed 1"].send_signal(signal.SIGKILL)  # however it ends, its GPU is free
    assert said(third) == "claimed 1"


def test_without_a_gpu_there_is_nothing_to_claim(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"^training\.gpu: 1 asks for a GPU, and there is none"):
        claim_gpu([], tmp_path)


@pytest.mark.parametrize(
    ("given", "visible"),
    [
        (None, ["GPU-aaaa-0", "GPU-bbbb-1"]),
        ("1", ["GPU-bbbb-1"]),
        ("1,0", ["GPU-bbbb-1", "GPU-aaaa-0"]),
        ("GPU-bbbb-1", ["GPU-bbbb-1"]),
        ("MIG-cccc", ["MIG-cccc"]),
        ("3", ["3"]),  # not listed: whoever set the variable knows better
        ("0,-1,1", ["GPU-aaaa-0"]),  # CUDA ends its list there
        ("-1", []),
        ("", []),
        ("NoDevFiles", []),  # Slurm, for a job that asked for none
    ],
)
def test_the_outer_list_of_devices_counts(
    two_gpus: None, monkeypatch: pytest.MonkeyPatch, given: str | None, visible: list[str]
) -> None:
    if given is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert visible_gpus() == visible


def test_a_training_that_asks_for_no_gpu_sees_none() -> None:
    program = (
        "import os; from study.training.tensorflow_setup import configure_tensorflow, gpu_name;"
        "configure_tensorflow(1, os.devnull);"
        "assert gpu_name() is None;"
        "print(os.environ['CUDA_VISIBLE_DEVICES'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=SCRIPTS,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "-1"
    assert done.stderr == ""  # what CUDA says about that is for the log


@pytest.mark.parametrize(
    ("visible", "message"),
    [
        ("-1", "error: training.gpu: 1 asks for a GPU, and there is none"),
        ("GPU-not-here", "error: training.gpu: TensorFlow cannot use the GPU GPU-not-here"),
    ],
)
def test_a_gpu_that_is_not_there_is_named_in_one_line(
    tmp_path: Path, visible: str, message: str
) -> None:
    copy_checkout(tmp_path / "study")
    (tmp_path / "gpu.yaml").write_text(
        yaml.safe_dump({"dataset": "digits", "training": {"gpu": 1}})
    )
    target = "results/runs/conv3-k5/seed-1/metrics.json"
    done = run_snakemake(
        tmp_path / "study",
        *("--cores", "1", "--configfile", str(tmp_path / "gpu.yaml"), "--", target),
        env=os.environ | {"CUDA_VISIBLE_DEVICES": visible},
    )
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "study" / target).exists()
