"""What is shown of a study under way: states from its files, time left, a table that fits."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from conftest import ROOT
from study.config.study import Study, load_study
from study.files import read_json
from study.networks.python import python_network
from study.training.loop import epoch_line
from study.watch.estimate import epoch_costs, study_left, with_time_left
from study.watch.plan import planned_study
from study.watch.state import Progress, State, Watch, duration, finished, from_log
from study.watch.table import screen

STAMP = "2026-11-24 18:23:37"
COMMAND = [sys.executable, str(ROOT / "workflow" / "scripts" / "watch.py")]


@pytest.fixture(scope="module")
def configuration(default_config: dict[str, Any]) -> dict[str, Any]:
    """The twelve networks with two seeds on the digits."""
    return default_config | {"dataset": "digits", "seeds": 2}


@pytest.fixture(scope="module")
def planned(configuration: dict[str, Any]) -> Study:
    return load_study(configuration)


@pytest.fixture
def study(planned: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return planned


@pytest.fixture
def configured(study: Study, configuration: dict[str, Any]) -> Study:
    """The study in a folder that has its configuration."""
    Path("config").mkdir()
    Path("config/config.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    return study


def epochs(last: int, seconds: float = 4.0) -> str:
    """The lines of a log up to this epoch of 12, written as the training writes them."""
    row = {"loss": 0.1, "accuracy": 0.9, "val_loss": 0.2, "val_accuracy": 0.9872}
    rows = [row | {"seconds": seconds}] * last
    return "".join(
        f"{STAMP} a seed 1 | {epoch_line(rows[:epoch], 12)}\n" for epoch in range(1, last + 1)
    )


def write_log(study: Study, place: int, text: str, age: float = 0) -> None:
    run = study.runs[place]
    log = Path(study.outdir, "logs", "train", run.variant, f"seed-{run.seed}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text, encoding="utf-8")
    os.utime(log, (time.time() - age,) * 2)


def write_result(study: Study, place: int, **changes: Any) -> Path:
    run = study.runs[place]
    file = Path(study.outdir, "runs", run.variant, f"seed-{run.seed}", "metrics.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        **{"epochs": 12, "validation_accuracy": 0.99, "seconds_per_epoch": 10.0},
        **{"settings": asdict(run.settings), "layers": run.layers},
    }
    file.write_text(json.dumps(content | changes), encoding="utf-8")
    return file


def test_a_log_tells_epoch_accuracy_and_time_left(study: Study) -> None:
    found = from_log(study.runs[0], epochs(3), silent=1.5, longest_epoch=60)
    assert (found.state, found.epoch, found.val_accuracy) == (State.RUNNING, 3, 0.9872)
    assert found.left == 9 * 4 - 1.5
    assert from_log(study.runs[0], epochs(3), silent=100, longest_epoch=60).left == 8 * 4


@pytest.mark.parametrize(
    ("text", "silent", "state", "epoch", "note"),
    [
        ("", 30, State.RUNNING, 0, ""),
        ("", 600, State.STOPPED, 0, "its log has not changed for 10 min"),
        (epochs(5, 600), 1900, State.RUNNING, 5, ""),
        (epochs(5, 4), 1900, State.STOPPED, 5, "its log has not changed for 32 min"),
        (f"{STAMP} a seed 1 | resumes after epoch 7, step 3\n", 1, State.RUNNING, 7, ""),
        (
            epochs(2) + f"{STAMP} a seed 1 | stopped by SIGTERM; the same command resumes here\n",
            *(5000, State.WAITING, 2, "stopped by SIGTERM"),
        ),
        (
            epochs(2) + f"{STAMP} error: conv3-k3 seed 1: loss is NaN\nTraceback\n  a.py\n",
            *(5000, State.FAILED, 2, "loss is NaN"),
        ),
        ("E0000 cuda.cc:52] error: Failed call to cuInit\n", 1, State.RUNNING, 0, ""),
    ],
)
def test_states_by_log(
    study: Study, text: str, silent: float, state: State, epoch: int, note: str
) -> None:
    found = from_log(study.runs[0], text, silent, longest_epoch=100)
    assert (found.state, found.epoch, found.note) == (state, epoch, note)


def test_each_look_sees_what_has_changed(study: Study) -> None:
    watch = Watch(study)
    assert {one.state for one in watch.states(time.time())} == {State.WAITING}
    write_result(study, 0)
    write_log(study, 1, epochs(2))
    write_log(study, 2, f"{STAMP} error: loss is NaN\n")
    write_log(study, 3, epochs(1), age=5000)
    states = watch.states(time.time())
    assert [one.state for one in states[:5]] == [
        *(State.DONE, State.RUNNING, State.FAILED, State.STOPPED, State.WAITING)
    ]
    assert (states[0].epoch, states[0].val_accuracy) == (12, 0.99)
    write_log(study, 2, "")  # started again
    write_log(study, 1, epochs(3))
    states = watch.states(time.time())
    assert [(one.state, one.epoch) for one in states[1:3]] == [
        *((State.RUNNING, 3), (State.RUNNING, 0))
    ]


def test_a_failure_is_known_without_its_log(study: Study) -> None:
    failed = write_result(study, 0).with_name("failed.json")
    failed.write_text('{"error": "loss is NaN", "epoch": 3}')
    assert Watch(study).states(0)[0].state is State.DONE
    failed.with_name("metrics.json").unlink()
    assert Watch(study).states(0)[0].note == "loss is NaN"


def test_results_of_another_plan_are_not_done(study: Study) -> None:
    write_result(study, 0, settings=asdict(replace(study.runs[0].settings, epochs=3)))
    write_result(study, 1, layers=[])
    write_result(study, 2).write_text('{"epochs"')
    first, second, third, *_ = Watch(study).states(0)
    assert (first.state, first.note) == (State.WAITING, "has results with other epochs")
    assert (second.state, second.note) == (State.WAITING, "has results with other layers")
    assert third.state is State.FAILED
    assert "metrics.json: damaged" in third.note


def test_a_network_in_python_is_done_with_the_code_that_is_planned(
    study: Study, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def build(shape, classes): ...\n")
    network = python_network(f"{file}:build", None)
    run = replace(study.runs[0], layers=[], python=network)
    layers = [{"name": "dense", "type": "Dense", "shape": [[10]], "parameters": 7850}]
    metrics = read_json(write_result(study, 0)) | {"layers": layers}
    metrics["settings"] = asdict(run.settings)
    for digest, state in ((network.digest, State.DONE), ("other", State.WAITING)):
        python = {"source": network.source, "digest": digest, "output": "softmax"}
        assert finished(run, metrics | {"python": python}).state is state


def test_the_time_left_counts_what_waits(study: Study) -> None:
    """One network's other seed took 10 s an epoch; other networks by their arithmetic."""
    costs = dict.fromkeys(epoch_costs(study), 1.0) | {"conv3-k5": 3.0}
    first, second, third = study.runs[:3]
    states = [
        Progress(first, State.DONE, 12, seconds=10),
        Progress(second, State.WAITING),
        Progress(third, State.WAITING),
    ]
    estimated = with_time_left(states, costs)
    assert [one.left for one in estimated] == [None, 12 * 10, 12 * 30]
    assert study_left(estimated) is None
    running = Progress(study.runs[4], State.RUNNING, 10, left=20)
    assert study_left([*estimated, running]) == 12 * 10 + 12 * 30 + 20
    assert study_left([*estimated, running, running]) == 12 * 30
    assert study_left([running, Progress(third, State.WAITING)]) is None


def test_durations_in_words() -> None:
    assert [duration(time) for time in (12.4, 60, 3569, 3599, 7500)] == [
        *("12 s", "1 min", "59 min", "1 h 00 min", "2 h 05 min")
    ]


def shown(states: list[Progress], height: int, terminal: bool = True) -> str:
    console = Console(width=80, height=height, force_terminal=terminal, color_system=None)
    with console.capture() as capture:
        console.print(screen(states, "results", console))
    return capture.get()


def test_a_table_too_tall_shows_what_needs_a_look(study: Study) -> None:
    runs = study.runs * 40
    states = [Progress(run, State.DONE, 12) for run in runs[3:]]
    states += [Progress(run, State.RUNNING, 2) for run in runs[:2]]
    states += [Progress(runs[2], State.FAILED, 2, note="loss is [bold]NaN\x1b[31m " + "b" * 60)]
    text = shown(states, height=20)
    assert len(text.splitlines()) < 20
    assert text.startswith("results: 957 of 960 trainings done, 2 running, 1 failed")
    assert re.findall(r" (failed|running|done) +│", text) == ["failed", "running", "running"]
    assert "and 957 more" in text
    assert "[bold]" in text  # shown, not obeyed
    assert "\x1b" not in text
    assert len(re.findall(r" done +│", shown(states, 20, terminal=False))) == 957
    for height in (4, 6, 9):
        assert len(shown(states[-9:], height).splitlines()) < max(height, 4)


def test_a_study_that_has_not_started_is_one_line(study: Study) -> None:
    text = shown(Watch(study).states(0), height=50)
    assert text == "results: no training has started yet (24 planned)\n"


def test_the_plan_is_that_of_snakemakes_options(configured: Study) -> None:
    Path("over.yaml").write_text("training: {epochs: 3}\n", encoding="utf-8")
    found = planned_study(ROOT, [Path("over.yaml")], ["seeds=[1]", "outdir=elsewhere"])
    assert (found.outdir, len(found.runs)) == ("elsewhere", 12)
    assert {run.settings.epochs for run in found.runs} == {3}


def test_in_a_pipe_the_table_comes_once_and_nothing_is_written(configured: Study) -> None:
    write_log(configured, 0, epochs(2))
    before = sorted((str(file), file.stat().st_mtime_ns) for file in Path().rglob("*"))
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "results: 0 of 24 trainings done, 1 running, 23 waiting; about" in done.stdout
    assert re.search(r"conv3-k3 +│ +1 │ running │ +2/12 │ +98.72% │", done.stdout)
    assert sorted((str(file), file.stat().st_mtime_ns) for file in Path().rglob("*")) == before


def test_a_mistake_is_one_line(configured: Study) -> None:
    done = subprocess.run([*COMMAND, "--config", "seeds=0"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "configuration: seeds: 0 is too small; the smallest allowed is 1\n"


def test_in_a_terminal_it_runs_until_ctrl_c(configured: Study) -> None:
    write_log(configured, 0, epochs(2))
    ours, its = pty.openpty()
    process = subprocess.Popen(COMMAND, stdin=its, stdout=its, stderr=its)
    os.close(its)
    seen = b""
    while b"2/12" not in seen:
        seen += os.read(ours, 65536)
    write_log(configured, 0, epochs(3))
    while b"3/12" not in seen:
        seen += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0
    assert b"Traceback" not in seen + os.read(ours, 65536)
    os.close(ours)
