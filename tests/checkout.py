"""A copy of the checkout to run Snakemake in, and what Snakemake would do there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from conftest import ROOT

Job = tuple[str, str]
"""A rule, and its wildcards as Snakemake prints them: `variant=conv3-k3, seed=1`, or nothing."""

# As `snakemake --dry-run` prints a job, and how many jobs there are in its table.
_JOB = re.compile(
    r"^(?:local)?(?:rule|checkpoint) (?P<rule>\w+):\n(?P<items>(?: {4}.*\n)*)", re.MULTILINE
)
_WILDCARDS = re.compile(r"^ {4}wildcards: (.*)$", re.MULTILINE)
_TOTAL = re.compile(r"^total +(\d+)$", re.MULTILINE)


def copy_checkout(destination: Path) -> None:
    """Copy the project's files, those that git tracks and new ones that it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, copy = ROOT / name, destination / name
        if source.is_symlink() or source.is_file():  # else deleted, and not yet in git
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`base` with the programs of this Python's environment first on PATH."""
    programs = str(Path(sys.executable).parent)
    return {**base, "PATH": programs + os.pathsep + base.get("PATH", "")}


def run_snakemake(
    folder: Path, *args: str, env: Mapping[str, str] = os.environ, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run `snakemake` with `args` in `folder`; its output is kept, its status not checked.

    Raises:
        subprocess.TimeoutExpired: it took longer than `timeout` seconds, and was killed with all
            that it started.
    """
    command = ["snakemake", *args]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # its jobs too, or they would hold the pipes open
        process.communicate()
        raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def planned_jobs(folder: Path, *args: str) -> Counter[Job]:
    """The jobs that `snakemake` with `args` would run in `folder`, by a dry run.

    Raises:
        RuntimeError: the dry run failed, or not all of its jobs were understood.
    """
    done = run_snakemake(folder, "--dry-run", *args, timeout=120)
    printed = done.stdout + done.stderr
    if done.returncode != 0:
        raise RuntimeError(f"the dry run failed:\n{printed}")
    jobs: Counter[Job] = Counter()
    for job in _JOB.finditer(printed):
        wildcards = _WILDCARDS.search(job["items"])
        jobs[job["rule"], wildcards[1] if wildcards else ""] += 1
    total = _TOTAL.search(printed)
    if jobs.total() != (int(total[1]) if total else 0):
        raise RuntimeError(f"{jobs.total()} jobs found in this plan:\n{printed}")
    return jobs
