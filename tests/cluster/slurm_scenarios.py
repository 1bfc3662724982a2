"""Scenarios on a private Slurm cluster: a study, an accident, and what they left."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from checkout import environment
from faults import make_study, results
from faults import run as run_locally
from slurm_cluster import SlurmCluster, slurm_cluster

# Seconds in which something must happen (a line in a log, a change in Slurm's queue), and in which
# one snakemake must end or one awaited thing happen, however slow the machine.
STALL = 300.0
PATIENCE = 1800.0
RUN = "conv3-k5/seed-1"
METRICS = f"results/runs/{RUN}/metrics.json"

Job = dict[str, str]
"""Slurm's record of a job: JobState, NodeList, Partition, TimeLimit, Tres and so on."""


class Session:
    """A study on its private cluster."""

    def __init__(self, cluster: SlurmCluster, root: Path) -> None:
        self.cluster = cluster
        self.folder = root / "study"
        self.home = root / "home"
        self.ended = datetime.now()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `snakemake --profile slurm`, as a user with nothing in the home would."""
        with (self.folder / "console.txt").open("ab") as console:
            return subprocess.Popen(
                ["snakemake", "--profile", "slurm", "--configfile", "study.yaml", *arguments],
                cwd=self.folder,
                env=self.cluster.environment(environment(os.environ | {"HOME": str(self.home)})),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_hear_ctrl_c,
            )

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        """The exit status of snakemake."""
        try:
            self.wait_until("snakemake ends", lambda: process.poll() is not None)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        self.ended = datetime.now()
        return process.wait()

    def run(self, *arguments: str) -> int:
        return self.finish(self.start(*arguments))

    def console(self) -> str:
        return (self.folder / "console.txt").read_text()

    def wait_until(self, what: str, happened: Callable[[], Any]) -> None:
        """Wait until `happened()`, for long, but not while nothing happens.

        Raises:
            RuntimeError: nothing has changed for STALL seconds, or PATIENCE is at its end.
        """
        start = changed = time.monotonic()
        before = self._signs_of_life()
        while not happened():
            time.sleep(0.2)
            now, signs = time.monotonic(), self._signs_of_life()
            if signs != before:
                before, changed = signs, now
            if now - changed > STALL or now - start > PATIENCE:
                raise RuntimeError(
                    f"not after {now - start:.0f} s, the last {now - changed:.0f} without a sign "
                    f"of life: {what}\n{self.console()[-3000:]}\n{self.cluster.logs()}"
                )

    def _signs_of_life(self) -> dict[str, int]:
        """The sizes of all logs, and of Slurm's records of finished jobs."""
        files = [
            self.folder / "console.txt",
            self.cluster.folder / "jobcomp.txt",
            *(self.folder / "results" / "logs").rglob("*.log"),
            *(self.folder / ".snakemake" / "slurm_logs").rglob("*.log"),
        ]
        sizes = {}
        for file in files:
            with suppress(OSError):
                sizes[str(file)] = file.stat().st_size
        return sizes

    def running(self, column: str) -> list[str]:
        """One column, as squeue's --format names it, of the jobs that run."""
        return self.cluster.run("squeue", "-h", "-t", "R", "-o", column).split()

    def freeze_training(self) -> psutil.Process:
        """Stop the training after its second epoch: from then on it takes for ever.

        A SIGTERM of Slurm, which sends SIGCONT before it, reaches it as it would any other.
        """
        log = self.folder / "results" / "logs" / "train" / f"{RUN}.log"
        self.wait_until(
            "two epochs are over",
            lambda: log.exists() and re.search(r"\| epoch +2/", log.read_text(errors="replace")),
        )
        (process,) = self.trainings()
        process.suspend()
        return process

    def trainings(self) -> list[psutil.Process]:
        """The processes that train in this folder, on whatever node."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "cwd"])
            if process.info["cwd"] == str(self.folder)
            and (process.info["cmdline"] or [""])[-1].endswith(".train.py")
            and len(process.info["cmdline"]) == 2
        ]

    def outcome(self, status: int) -> "Outcome":
        """What is left after a snakemake that ended with `status`."""
        # Slurm keeps no rule, but Snakemake says where each job's log is.
        said = re.findall(r"SLURM jobid (\d+) \(log: \S+/slurm_logs/(\w+)/", self.console())
        names = dict(said)
        finished = self.cluster.finished_jobs()
        jobs = [(names.get(job["JobId"], job["Name"]), job) for job in finished]
        found = results(self.folder / "results") if status == 0 else {}
        return Outcome(status, self.folder, self.console(), jobs, found, self.ended)


def _hear_ctrl_c() -> None:
    """Undo what a shell does to a command that it starts with `&`, such as these tests."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Outcome:
    """What a scenario left."""

    status: int
    """Of the last snakemake."""
    folder: Path
    console: str
    jobs: list[tuple[str, Job]]
    """The finished jobs, each with its rule or group, in the order of their end."""
    results: dict[str, Any]
    ended: datetime
    """When the last snakemake had ended."""

    def records(self, name: str) -> list[Job]:
        """The jobs of a rule (`rule_train`) or a group (`group_plots`)."""
        return [job for job_name, job in self.jobs if job_name.startswith(name)]

    def training_log(self) -> str:
        return (self.folder / "results" / "logs" / "train" / f"{RUN}.log").read_text()

    def training_states(self) -> list[str]:
        return [job["JobState"] for job in self.records("rule_train")]


@contextmanager
def session(root: Path, config: dict[str, Any]) -> Iterator[Session]:
    """A running cluster, and a fresh checkout whose configuration `config` overrides."""
    with slurm_cluster() as cluster:
        make_study(root / "study", config)
        (root / "home").mkdir()
        yield Session(cluster, root)


def locally(root: Path, config: dict[str, Any], *arguments: str) -> Path:
    """The results of the study on this machine."""
    folder = make_study(root / "local", config)
    status, console = run_locally(folder, "--cores", "1", *arguments)
    assert status == 0, console
    return folder / "results"


def study(default_config: dict[str, Any], variants: list[str], **training: int) -> dict[str, Any]:
    chosen = [variant for variant in default_config["variants"] if variant["id"] in variants]
    return {"dataset": "digits", "variants": chosen, "training": {"batch_size": 32, **training}}


# --- scenarios: what happens on the cluster -----------------------------------------------------


def whole_study(root: Path, config: dict[str, Any]) -> Outcome:
    """With a time span for submissions that is longer than the study takes."""
    with session(root, config) as on_cluster:
        return on_cluster.outcome(on_cluster.run("--max-jobs-per-timespan", "100/20m"))


def on_gpus(root: Path, config: dict[str, Any]) -> Outcome:
    """The nodes have no real GPU: the trainings start, name the one that they got, and fail."""
    with session(root, config) as on_cluster:
        gpus = ("--set-resources", "train:slurm_partition=gpu", "--retries", "0", "--keep-going")
        return on_cluster.outcome(on_cluster.run(*gpus))


def too_little_memory(root: Path, config: dict[str, Any]) -> Outcome:
    """Enough in the second attempt, as the rule would ask."""
    with session(root, config) as on_cluster:
        status = on_cluster.run("--set-resources", "train:mem_mb=450*attempt", "--", METRICS)
        return on_cluster.outcome(status)


def cut_by_the_time_limit(root: Path, config: dict[str, Any]) -> Outcome:
    """A minute is too short on a slow machine: the limit falls when two epochs are over."""
    with session(root, config) as on_cluster:
        process = on_cluster.start("--set-resources", "train:runtime=attempt*30", "--", METRICS)
        on_cluster.freeze_training()
        (job,) = on_cluster.running("%i")
        on_cluster.cluster.run("scontrol", "update", f"JobId={job}", "TimeLimit=1")
        return on_cluster.outcome(on_cluster.finish(process))


def cancelled(root: Path, config: dict[str, Any]) -> Outcome:
    with session(root, config) as on_cluster:
        process = on_cluster.start("--", METRICS)
        on_cluster.freeze_training()
        on_cluster.cluster.run("scancel", *on_cluster.running("%i"))
        return on_cluster.outcome(on_cluster.finish(process))


def preempted_and_requeued(root: Path, config: dict[str, Any]) -> Outcome:
    return _preempted(root, config, "requeued")


def preempted_and_dropped(root: Path, config: dict[str, Any]) -> Outcome:
    return _preempted(root, config, "dropped")


def _preempted(root: Path, config: dict[str, Any], partition: str) -> Outcome:
    """A job of a higher tier takes the node of the training for some seconds."""
    with session(root, config) as on_cluster:
        there = ("--set-resources", f"train:slurm_partition={partition}")
        process = on_cluster.start(*there, "--", METRICS)
        on_cluster.freeze_training()
        (node,) = on_cluster.running("%N")
        urgent = ("--partition=urgent", f"--nodelist={node}", "--exclusive", "--job-name=urgent")
        on_cluster.cluster.run("sbatch", *urgent, "--output=/dev/null", "--wrap=sleep 5")
        return on_cluster.outcome(on_cluster.finish(process))


def snakemake_killed(root: Path, config: dict[str, Any]) -> Outcome:
    with session(root, config) as on_cluster:
        process = on_cluster.start("--", METRICS)
        on_cluster.freeze_training()
        process.kill()
        process.wait()
        time.sleep(3)
        assert len(on_cluster.running("%i")) == 1, "the job outlives its snakemake"
        assert on_cluster.run("--unlock") == 0
        process = on_cluster.start("--", METRICS)
        most = 0
        while process.poll() is None:
            most = max(most, len(on_cluster.trainings()))
            time.sleep(0.05)
        assert most == 1, "the run was trained twice at once"
        return on_cluster.outcome(on_cluster.finish(process))


def node_lost(root: Path, config: dict[str, Any]) -> Outcome:
    with session(root, config) as on_cluster:
        process = on_cluster.start("--", METRICS)
        on_cluster.freeze_training()
        (node,) = on_cluster.running("%N")
        on_cluster.cluster.lose_node(node)
        outcome = on_cluster.outcome(on_cluster.finish(process))
        assert outcome.records("rule_train")[-1]["NodeList"] != node
        return outcome


def stopped_without_controller(root: Path, config: dict[str, Any]) -> Outcome:
    """Ctrl-C while nobody answers; the training is left behind."""
    with session(root, config) as on_cluster:
        process = on_cluster.start("--", METRICS)
        on_cluster.freeze_training()
        on_cluster.cluster.stop_controller()
        time.sleep(45)  # a look has come, and is repeated
        process.send_signal(signal.SIGINT)
        stopped = time.monotonic()
        assert on_cluster.finish(process) != 0
        assert time.monotonic() - stopped < 200, "Ctrl-C waits for the controller"
        on_cluster.cluster.start_controller()
        return on_cluster.outcome(on_cluster.run("--", METRICS))


def controller_down(root: Path, config: dict[str, Any]) -> Outcome:
    with session(root, config) as on_cluster:
        process = on_cluster.start("--", METRICS)
        training = on_cluster.freeze_training()
        on_cluster.cluster.stop_controller()
        time.sleep(60)
        on_cluster.cluster.start_controller()
        training.resume()
        return on_cluster.outcome(on_cluster.finish(process))
