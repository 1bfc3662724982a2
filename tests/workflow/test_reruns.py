"""What reruns after a change: the table in docs/reruns.md, row by row.

A miniature study is made once, from download to summary. Each row changes a copy of it and asks
for a plan by a dry run; the plan must hold exactly the jobs that the row names.
"""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from checkout import Job, run_snakemake
from reruns_changes import configured, edited
from reruns_study import (
    AGGREGATES,
    CONFIG,
    NOTHING,
    PREPARE,
    TRAININGS,
    make_finished_study,
    plan,
    run,
)
from reruns_table import ROWS, Row


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout with the whole study made."""
    return make_finished_study(tmp_path_factory.mktemp("reruns"))


@pytest.fixture(scope="module")
def plans(
    finished: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[set[Job]]]]:
    """The plan after each row's change; as many dry runs at a time as there are cores."""
    folder = tmp_path_factory.mktemp("plans")

    def plan_after(row: Row) -> set[Job]:
        checkout = folder / str(ROWS.index(row))
        shutil.copytree(finished, checkout, symlinks=True)  # time stamps too
        row.change(checkout)
        planned = plan(checkout, *row.options)
        shutil.rmtree(checkout)
        return planned

    selected: list[Any] = [
        item.callspec.params["row"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.originalname == "test_exactly_these_jobs_rerun"
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {row.name: pool.submit(plan_after, row) for row in selected}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_exactly_these_jobs_rerun(plans: dict[str, Future[set[Job]]], row: Row) -> None:
    planned = plans[row.name].result()
    assert sorted(planned - row.expected) == [], "planned without need"
    assert sorted(row.expected - planned) == [], "needed, but not planned"


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished study to run in."""
    shutil.copytree(finished, tmp_path / "checkout", symlinks=True)
    return tmp_path / "checkout"


def time_stamps(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in folder.rglob("*")}


def test_results_of_a_removed_variant_stay_and_are_used_again(
    finished: Path, checkout: Path
) -> None:
    folder = checkout / "results" / "runs" / "own-rate"
    before = time_stamps(folder)
    configured(lambda config: config["variants"].pop())(checkout)
    run(checkout)
    assert "own-rate" not in (checkout / "results" / "summary.csv").read_text(encoding="utf-8")
    assert time_stamps(folder) == before

    shutil.copy2(finished / CONFIG, checkout / CONFIG)
    assert plan(checkout) == AGGREGATES


def test_data_prepared_again_with_the_same_content_train_nothing(checkout: Path) -> None:
    before = time_stamps(checkout / "results" / "runs")
    shutil.rmtree(checkout / "data" / "prepared")
    edited("study/data/digits.py", "DIGITS_SPLIT_SEED = 0", "DIGITS_SPLIT_SEED = 1")(checkout)
    run(checkout, "results/summary.md")
    assert (checkout / "data" / "prepared" / "tiny.npz").exists()
    assert time_stamps(checkout / "results" / "runs") == before
    assert plan(checkout) == NOTHING


@pytest.mark.parametrize(
    ("script", "line", "expected"),
    [
        ("study/training/run.py", "    settings = definition.settings\n", TRAININGS),
        (
            "study/data/prepared.py",
            "    arrays = check_dataset(read, places, classes)\n",
            PREPARE | TRAININGS,
        ),
    ],
    ids=["train", "prepare"],
)
def test_what_failed_runs_again(checkout: Path, script: str, line: str, expected: set[Job]) -> None:
    """Even where every job failed that would show that there is something to do."""
    edited(script, line, f"{line}    raise ValueError('out of luck')\n")(checkout)
    done = run_snakemake(checkout, "--cores", "2", "--keep-going", "--configfile", CONFIG)
    assert done.returncode != 0
    assert "out of luck" in done.stderr
    assert plan(checkout) == expected
