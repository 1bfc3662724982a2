"""Whatever stops a training, at whatever moment: nothing is trained again, and nothing differs."""

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faults import (
    EPOCH_LINE,
    MINIATURE,
    Record,
    Stop,
    different,
    finished_miniature,
    make_study,
    random_stops,
    results,
    run,
    run_with_stops,
    start,
    targets,
    wait_for_end,
    wait_until,
)

EPOCHS = MINIATURE["training"]["epochs"]
RUNS = [f"{variant['id']} seed 1" for variant in MINIATURE["variants"]]
SEED = 20190704
SECONDS_TO_STOP = 15

# Each start of a training meets the next one, so the later ones meet a training that goes on.
KILLS_WHILE_TRAINING = [
    Stop("write", 3),  # during the first checkpoint
    Stop("replace", 1),  # the first checkpoint is whole, but has not its name
    Stop("replaced", 1, "SIGTERM"),  # continues for a step, and writes a checkpoint in mid-epoch
    Stop("fsync", 1),
    Stop("replaced", 1, target="group"),
    *random_stops(3, SEED, longest=10),
]
# The first two starts train to the end; all others find the last checkpoint and write the outputs.
KILLS_AMONG_OUTPUTS = [
    Stop("replace", EPOCHS + 1),
    Stop("open", EPOCHS + 3),
    Stop("replaced", 1),
    Stop("write", 9),
    Stop("replace", 3),
    Stop("replaced", 5),  # all are there, but Snakemake has not taken them for complete
]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of the miniature study that nothing stopped."""
    return results(finished_miniature(tmp_path_factory.getbasetemp() / "uninterrupted"))


def survive(folder: Path, stops: Sequence[Stop]) -> Record:
    make_study(folder, MINIATURE)
    record = run_with_stops(folder, MINIATURE, stops)
    print(f"stops (seed {SEED}):", *record.stopped, sep="\n")
    return record


def checkpoints(folder: Path) -> list[Path]:
    return sorted((folder / "results" / "checkpoints").glob("*/seed-*.npz"))


def is_locked(folder: Path) -> bool:
    return any((folder / ".snakemake" / "locks").glob("*"))


def header(checkpoint: Path) -> dict[str, Any]:
    with np.load(checkpoint) as archive:
        return json.loads(str(archive["header"]))


def test_a_training_that_is_killed_again_and_again_ends_the_same(
    tmp_path: Path, expected: dict[str, Any]
) -> None:
    record = survive(tmp_path / "study", KILLS_WHILE_TRAINING)
    assert len(record.stopped) >= 5, record.stopped
    assert different(expected, results(tmp_path / "study" / "results")) == []
    # An epoch whose checkpoint was in place is not trained again, so it is not kept again; beside
    # the epochs' checkpoints there are those in mid-epoch of trainings that were asked to stop.
    asked = record.console.count("| stopped by SIG")
    assert record.kept.total() <= len(RUNS) * EPOCHS + asked
    # A stop loses one epoch at most of each training that it stops.
    assert record.epochs.total() <= len(RUNS) * (EPOCHS + len(record.stopped))
    assert {run for run, _ in record.epochs} == set(RUNS)
    assert "set-aside" not in record.console  # no checkpoint was ever damaged
    assert not list((tmp_path / "study" / "results").rglob(".*"))  # no temporary file is left
    assert not checkpoints(tmp_path / "study")


def test_a_training_that_is_killed_among_its_outputs_trains_no_epoch_again(
    tmp_path: Path, expected: dict[str, Any]
) -> None:
    record = survive(tmp_path / "study", KILLS_AMONG_OUTPUTS)
    assert len(record.stopped) == len(KILLS_AMONG_OUTPUTS)
    assert record.epochs == {(run, epoch): 1 for run in RUNS for epoch in range(1, EPOCHS + 1)}
    assert different(expected, results(tmp_path / "study" / "results")) == []
    assert not checkpoints(tmp_path / "study")


@pytest.mark.parametrize(
    ("number", "send"),
    [(signal.SIGTERM, os.killpg), (signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)],
    ids=["SIGTERM", "Ctrl-C", "SIGTERM to snakemake alone"],
)
def test_asked_to_stop_it_keeps_every_step_and_goes_on_later(
    tmp_path: Path,
    expected: dict[str, Any],
    number: signal.Signals,
    send: Callable[[int, int], None],
) -> None:
    """SIGTERM to all processes, as schedulers send it, or to the first one; and Ctrl-C.

    Before that a second snakemake in the same folder is refused, which harms nothing.
    """
    name, target = RUNS[0], targets(MINIATURE)[0]
    folder = make_study(tmp_path / "study", MINIATURE)
    console = tmp_path / "console.txt"
    process = start(folder, console, "--cores", "1", target)
    wait_until(lambda: is_locked(folder), "snakemake has its lock")
    status, message = run(folder, "--cores", "1", target)
    assert status == 1
    assert "Directory cannot be locked" in message

    wait_until(lambda: bool(EPOCH_LINE.search(console.read_text())), "an epoch is over")
    send(process.pid, number)
    begin = time.monotonic()
    assert wait_for_end(process) == 1
    assert time.monotonic() - begin < SECONDS_TO_STOP

    assert f"{name} | stopped by {number.name}; the same command resumes here" in (
        stopped := console.read_text()
    )
    # By itself, or by the second signal that snakemake passes on, once its checkpoint is written.
    assert f"exit status {128 + number}" in stopped or f"died with {number!r}" in stopped
    assert "Traceback" not in stopped
    (checkpoint,) = checkpoints(folder)
    progress = header(checkpoint)["progress"]
    assert 1 <= len(progress["rows"]) < EPOCHS

    status, resumed = run(folder, "--cores", "1", target)
    assert status == 0, resumed
    epoch, step = len(progress["rows"]), progress["step"]
    assert f"{name} | resumes after epoch {epoch}, step {step}" in resumed
    assert EPOCH_LINE.findall(stopped + resumed) == [(name, str(n + 1)) for n in range(EPOCHS)]
    found = results(folder / "results")
    assert different({file: expected[file] for file in expected if file in found}, found) == []
    assert len(found) == 4
    assert not checkpoints(folder)


def test_the_lock_of_a_dead_snakemake_is_named_with_its_remedy(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", MINIATURE)
    first = start(folder, tmp_path / "console.txt", "--cores", "2", *targets(MINIATURE))
    wait_until(lambda: is_locked(folder), "snakemake has its lock")
    os.killpg(first.pid, signal.SIGKILL)
    assert wait_for_end(first) == -signal.SIGKILL
    status, message = run(folder, "--cores", "1", "data/prepared/digits.npz")
    assert status == 1
    assert "It can be removed with the --unlock argument" in message
    assert run(folder, "--unlock")[0] == 0
    status, message = run(folder, "--cores", "1", "data/prepared/digits.npz")
    assert status == 0, message


def test_a_training_whose_snakemake_is_killed_ends_with_its_checkpoint(tmp_path: Path) -> None:
    """Else it would go on beside the one that the next snakemake starts."""
    folder = make_study(tmp_path / "study", MINIATURE)
    console = tmp_path / "console.txt"
    process = start(folder, console, "--cores", "1", targets(MINIATURE)[0])
    wait_until(lambda: bool(EPOCH_LINE.search(console.read_text())), "an epoch is over")
    process.kill()
    assert wait_for_end(process) == -signal.SIGKILL
    assert f"{RUNS[0]} | stopped by SIGHUP" in console.read_text()
    (checkpoint,) = checkpoints(folder)
    assert header(checkpoint)["progress"]["step"] > 0
