"""The study on a real Slurm cluster, and its ways back from accidents (docs/cluster.md).

Not part of plain `pytest`; `make test-slurm` runs it. Each scenario has a cluster, a copy of the
checkout and an empty home of its own, and they run side by side, because most of their time is
spent on waiting for time limits and status checks. What Slurm did is read from its own job records.
"""

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from faults import different, results
from slurm_cluster import missing_programs
from slurm_scenarios import (
    METRICS,
    RUN,
    Outcome,
    cancelled,
    controller_down,
    cut_by_the_time_limit,
    locally,
    node_lost,
    on_gpus,
    preempted_and_dropped,
    preempted_and_requeued,
    snakemake_killed,
    stopped_without_controller,
    study,
    too_little_memory,
    whole_study,
)
from study.cluster.resources import training_memory_mb, training_minutes
from study.config.study import load_study

pytestmark = pytest.mark.slurm

SCENARIOS_AT_ONCE = 5


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
    assert (first["TimeLimit"], second["TimeLimit"]) == ("1", "60")
    assert f"{RUN.replace('/seed-', ' seed ')} | resumes after epoch" in outcome.training_log()
    assert different(expected, outcome.results) == []


@pytest.mark.scenario(function=preempted_and_requeued)
def test_a_preempted_training_that_slurm_requeues_resumes_in_the_same_job(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    jobs = outcome.records("rule_train")
    assert jobs[-1]["JobState"] == "COMPLETED"
    assert len({job["JobId"] for job in jobs}) == 1
    assert jobs[-1]["StartTime"] > outcome.records("urgent")[0]["StartTime"]
    assert "resumes after epoch" in outcome.training_log()
    assert different(expected, outcome.results) == []


@pytest.mark.scenario(function=preempted_and_dropped)
def test_a_preempted_training_that_slurm_cancels_resumes_in_a_new_job(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    assert outcome.training_states() == ["PREEMPTED", "COMPLETED"]
    first, second = outcome.records("rule_train")
    assert first["EndTime"] <= second["SubmitTime"]
    assert f"job {first['JobId']} was preempted and not requeued" in outcome.console
    assert "resumes after epoch" in outcome.training_log()
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


@pytest.mark.scenario(function=stopped_without_controller)
def test_ctrl_c_ends_snakemake_while_the_controller_is_down(
    outcome: Outcome, expected: dict[str, Any]
) -> None:
    assert outcome.status == 0, outcome.console
    assert outcome.training_states() == ["CANCELLED", "COMPLETED"]
    assert "Cancelled jobs of an earlier snakemake: " in outcome.console
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
def test_snakemake_ends_soon_after_its_last_job(outcome: Outcome) -> None:
    last = max(datetime.fromisoformat(job["EndTime"]) for _, job in outcome.jobs)
    assert (outcome.ended - last).total_seconds() < 120  # a look, and the end of Python


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
        "rule_ensemble": 1,
        "rule_page": 1,
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
        {
            column: value
            for column, value in row.items()
            if "seconds" not in column and column != "load"
        }
        for row in rows
    ]


@pytest.mark.scenario(function=whole_study)
def test_the_results_are_those_of_a_local_run_to_the_bit(
    outcome: Outcome, networks: dict[str, Any], tmp_path: Path
) -> None:
    here = locally(tmp_path, networks, "results/summary.csv")
    assert summary(outcome.folder / "results") == summary(here)
    assert different(results(here), outcome.results) == []
