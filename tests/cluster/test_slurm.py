"""The study on a real Slurm cluster, and its ways back from accidents (docs/cluster.md).

Not part of plain `pytest`; `make test-slurm` runs it. Each scenario has a cluster, a copy of the
checkout and an empty home of its own, and they run side by side, because most of their time is
spent on waiting for time limits and status checks. What Slurm did is read from its own job records.
"""

import csv
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from checkout import environment
from faults import different, make_study, results
from faults import run as run_locally
from slurm_cluster import SlurmCluster, missing_programs, slurm_cluster
from study.cluster.resources import training_memory_mb, training_minutes
from study.config.study import load_study

pytestmark = pytest.mark.slurm

SCENARIOS_AT_ONCE = 5
PATIENCE = 300.0  # seconds, for one snakemake or one thing to happen
RUN = "conv3-k5/seed-1"
METRICS = f"results/runs/{RUN}/metrics.json"

Job = dict[str, str]
"""Slurm's record of a job: JobState, NodeList, Partition, TimeLimit, Tres and so on."""


class Session:
    """A study on a cluster of its own."""

    def __init__(self, cluster: SlurmCluster, root: Path) -> None:
        self.cluster = cluster
        self.folder = root / "study"
        self.home = root / "home"

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
            )

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        """The exit status of snakemake."""
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise RuntimeError(f"snakemake hangs:\n{self.console()[-3000:]}") from None

    def run(self, *arguments: str) -> int:
        return self.finish(self.start(*arguments))

    def console(self) -> str:
        return (self.folder / "console.txt").read_text()

    def wait_until(self, what: str, happened: Callable[[], Any]) -> None:
        self.cluster.wait_until(what, lambda: bool(happened()), PATIENCE)

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
        jobs = [(names[job["JobId"]], job) for job in self.cluster.finished_jobs()]
        found = results(self.folder / "results") if status == 0 else {}
        return Outcome(status, self.folder, self.console(), jobs, found)


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

    def records(self, name: str) -> list[Job]:
        """The jobs of a rule (`rule_train`) or a group (`group_plots`)."""
        return [job for job_name, job in self.jobs if job_name.startswith(name)]

    def training_states(self) -> list[str]:
        return [job["JobState"] for job in self.records("rule_train")]


@contextmanager
def session(root: Path, config: dict[str, Any]) -> Iterator[Session]:
    """A running cluster, and a fresh checkout with `config` on top of its configuration."""
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
    with session(root, config) as on_cluster:
        return on_cluster.outcome(on_cluster.run())


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
    with session(root, config) as on_cluster:
        minutes = ("--set-resources", "train:runtime=attempt*10-9")
        process = on_cluster.start(*minutes, "--", METRICS)
        on_cluster.freeze_training()
        return on_cluster.outcome(on_cluster.finish(process))


def cancelled(root: Path, config: dict[str, Any]) -> Outcome:
    with session(root, config) as on_cluster:
        process = on_cluster.start("--", METRICS)
        on_cluster.freeze_training()
        on_cluster.cluster.run("scancel", *on_cluster.running("%i"))
        return on_cluster.outcome(on_cluster.finish(process))


def snakemake_killed(root: Path, config: dict[str, Any]) -> Outcome:
    with session(root, config) as on_cluster:
        process = on_cluster.start("--", METRICS)
        on_cluster.freeze_training()
        process.kill()
        process.wait()
        time.sleep(3)
        assert len(on_cluster.running("%i")) == 1, "the job goes on without its snakemake"
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


def controller_down(root: Path, config: dict[str, Any]) -> Outcome:
    with session(root, config) as on_cluster:
        process = on_cluster.start("--", METRICS)
        training = on_cluster.freeze_training()
        on_cluster.cluster.stop_controller()
        time.sleep(60)
        on_cluster.cluster.start_controller()
        training.resume()
        return on_cluster.outcome(on_cluster.finish(process))


# --- fixtures -----------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def slurm_is_installed() -> None:
    """Skip without Slurm; with REQUIRE_SLURM in the environment, fail."""
    missing = ", ".join(missing_programs())
    if missing and os.environ.get("REQUIRE_SLURM"):
        pytest.fail(f"REQUIRE_SLURM is set, and these programs are missing: {missing}")
    if missing:
        pytest.skip(f"not installed: {missing}; `make test-slurm` installs them")


@pytest.fixture(scope="module")
def networks(default_config: dict[str, Any]) -> dict[str, Any]:
    """Three networks of the study for two epochs."""
    return study(default_config, ["conv3-k3", "conv3-k5", "conv7-k5"], epochs=2)


@pytest.fixture(scope="module")
def started(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    default_config: dict[str, Any],
    networks: dict[str, Any],
    slurm_is_installed: None,
) -> Iterator[dict[Any, Future[Any]]]:
    """The scenarios of the chosen tests, under way."""
    one = study(default_config, ["conv3-k5"], epochs=40)
    gpus = study(default_config, ["conv3-k5", "conv7-k5"], epochs=1, gpu=1)
    configs = {whole_study: networks, on_gpus: gpus}
    chosen = dict.fromkeys(  # in the order of the tests, the longest first
        marker.kwargs["function"]
        for item in request.session.items
        for marker in item.iter_markers("scenario")
    )
    with ThreadPoolExecutor(SCENARIOS_AT_ONCE) as pool:
        futures: dict[Any, Future[Any]] = {
            scenario: pool.submit(
                scenario, tmp_path_factory.mktemp(scenario.__name__), configs.get(scenario, one)
            )
            for scenario in chosen
        }
        futures["one"] = pool.submit(locally, tmp_path_factory.mktemp("one"), one, "--", METRICS)
        yield futures


@pytest.fixture
def outcome(request: pytest.FixtureRequest, started: dict[Any, Future[Any]]) -> Outcome:
    """What the scenario of this test left."""
    return started[request.node.get_closest_marker("scenario").kwargs["function"]].result()


@pytest.fixture
def expected(started: dict[Any, Future[Any]]) -> dict[str, Any]:
    """The results of the run that all accidents happen to, without any."""
    return results(started["one"].result())


# --- tests --------------------------------------------------------------------------------------


@pytest.mark.scenario(function=cut_by_the_time_limit)
def test_a_training_cut_by_its_time_limit_goes_on_with_more_time(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    assert outcome.training_states() == ["TIMEOUT", "COMPLETED"]
    first, second = outcome.records("rule_train")
    assert (first["TimeLimit"], second["TimeLimit"]) == ("1", "11")
    log = (outcome.folder / "results" / "logs" / "train" / f"{RUN}.log").read_text()
    assert f"{RUN.replace('/seed-', ' seed ')} | goes on after epoch" in log
    assert different(expected, outcome.results) == []


@pytest.mark.scenario(function=node_lost)
def test_a_training_on_a_lost_node_goes_on_on_another(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    assert outcome.training_states()[-1] == "COMPLETED"
    assert different(expected, outcome.results) == []


@pytest.mark.scenario(function=controller_down)
def test_a_controller_that_is_down_for_a_minute_costs_nothing(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    assert outcome.training_states() == ["COMPLETED"]
    assert different(expected, outcome.results) == []


@pytest.mark.scenario(function=too_little_memory)
def test_a_training_with_too_little_memory_gets_more_in_its_second_attempt(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    first, second = outcome.records("rule_train")
    assert (first["JobState"], second["JobState"]) == ("FAILED", "COMPLETED")
    assert "mem=450M" in first["Tres"]
    assert "mem=900M" in second["Tres"]
    assert different(expected, outcome.results) == []


@pytest.mark.scenario(function=cancelled)
def test_a_cancelled_training_is_reported_and_goes_on_in_a_new_job(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    assert outcome.training_states() == ["CANCELLED", "COMPLETED"]
    assert "SLURM status is: 'CANCELLED'" in outcome.console
    assert different(expected, outcome.results) == []


@pytest.mark.scenario(function=snakemake_killed)
def test_what_a_killed_snakemake_left_is_cancelled_before_anything_is_submitted(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    orphan, second = outcome.records("rule_train")
    assert (orphan["JobState"], second["JobState"]) == ("CANCELLED", "COMPLETED")
    assert orphan["EndTime"] <= second["SubmitTime"]
    assert f"Cancelled jobs of an earlier snakemake: {orphan['JobId']}" in outcome.console
    assert different(expected, outcome.results) == []


@pytest.mark.scenario(function=on_gpus)
def test_each_training_on_a_gpu_has_one_of_its_own(outcome: Outcome) -> None:
    assert outcome.status == 1
    jobs = outcome.records("rule_train")
    assert [job["Partition"] for job in jobs] == ["gpu", "gpu"]
    assert [job["NodeList"] for job in jobs] == ["g1", "g1"]
    assert [job["TresPerJob"] for job in jobs] == ["gres:gpu:1", "gres:gpu:1"]
    logs = outcome.folder / "results" / "logs" / "train"
    used = {
        re.findall(r"TensorFlow cannot use the GPU (\d)", log.read_text(errors="replace"))[0]
        for log in logs.glob("*/*.log")
    }
    assert used == {"0", "1"}


@pytest.mark.scenario(function=whole_study)
def test_the_study_runs_on_several_nodes_at_once(outcome: Outcome) -> None:
    assert outcome.status == 0, outcome.console
    trainings = outcome.records("rule_train")
    assert len(trainings) == 3
    assert len({job["NodeList"] for job in trainings}) == 2
    latest_start = max(job["StartTime"] for job in trainings)
    assert all(job["EndTime"] > latest_start for job in trainings)
    assert {job["JobState"] for _, job in outcome.jobs} == {"COMPLETED"}


@pytest.mark.scenario(function=whole_study)
def test_every_job_asks_for_what_its_rule_names(
    outcome: Outcome, networks: dict[str, Any], default_config: dict[str, Any]
) -> None:
    described = load_study(default_config | networks | {"training": networks["training"]})
    asked = Counter(
        (f"mem={training_memory_mb(described, run)}M", str(training_minutes(described, run)))
        for run in described.runs
    )
    trainings = outcome.records("rule_train")
    given = Counter((job["Tres"].split(",")[1], job["TimeLimit"]) for job in trainings)
    assert given == asked
    for _, job in outcome.jobs:
        assert job["Partition"] == "main"
        assert job["Tres"].startswith("cpu=1,")
        assert job["TresPerJob"] == "N/A"


@pytest.mark.scenario(function=whole_study)
def test_short_jobs_are_put_together(outcome: Outcome) -> None:
    short = 2 * len(outcome.records("rule_train"))
    assert 1 <= len(outcome.records("group_plots")) < short
    assert Counter(name for name, _ in outcome.jobs if name.startswith("rule_")) == {
        "rule_prepare": 1,
        "rule_train": 3,
        "rule_compare": 1,
        "rule_plot_study": 1,
        "rule_summarize": 1,
    }
    for run in (outcome.folder / "results" / "runs").glob("*/seed-1"):
        assert {"model.keras", "loss.png", "kernels.png"} < {file.name for file in run.iterdir()}


def summary(results: Path) -> list[dict[str, str]]:
    """The summary without its times."""
    with (results / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {column: value for column, value in row.items() if "seconds" not in column} for row in rows
    ]


@pytest.mark.scenario(function=whole_study)
def test_the_results_are_those_of_a_local_run_to_the_bit(
    outcome: Outcome, networks: dict[str, Any], tmp_path: Path
) -> None:
    here = locally(tmp_path, networks, "results/summary.csv")
    assert summary(outcome.folder / "results") == summary(here)
    assert different(results(here), outcome.results) == []
