"""Full disks, folders that cannot be written, damaged and wrong files, too little memory, NaN.

Each ends in one line that names the file or the run, and a status that is not zero; and once the
cause is gone, the same command completes with the results that would have come anyway.
"""

import json
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from faults import MINIATURE, different, finished_miniature, make_study, results, run, targets
from study.errors import StudyError
from study.logs import script_log
from study.runs.history import COLUMNS
from study.runs.metrics import read_failures, read_metrics

ONE = {**MINIATURE, "variants": MINIATURE["variants"][:1]}  # with one training only
TARGET = targets(ONE)[0]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished miniature study. Copy before changing it."""
    folder = tmp_path_factory.getbasetemp() / "uninterrupted"
    finished_miniature(folder)
    return folder


def expected_of(finished: Path, found: dict[str, Any]) -> dict[str, Any]:
    """The undisturbed results of the runs that are in `found`."""
    runs = {name.rsplit("/", 1)[0] for name in found}
    whole = results(finished / "results")
    return {name: value for name, value in whole.items() if name.rsplit("/", 1)[0] in runs}


def assert_same_as(finished: Path, outdir: Path) -> None:
    found = results(outdir)
    assert different(expected_of(finished, found), found) == []


def one_line(console: str, *parts: str) -> str:
    """The only line that starts with `error: `, which must hold the `parts`; no traceback."""
    lines = {line for line in console.splitlines() if line.startswith("error: ")}
    assert len(lines) == 1, console
    (line,) = lines
    for part in parts:
        assert part in line
    assert "Traceback" not in console
    return line


def test_with_damaged_checkpoints_and_data_the_results_are_the_same(
    tmp_path: Path, finished: Path
) -> None:
    folder = make_study(tmp_path / "study", MINIATURE)
    command = ["--cores", "2", "--keep-going", *targets(MINIATURE)]
    status, console = run(folder, "--cores", "1", "data/prepared/digits.npz")
    assert status == 0, console
    data, manifest = folder / "data/prepared/digits.npz", folder / "data/prepared/digits.json"
    data.write_bytes(data.read_bytes()[:-1000])

    status, console = run(folder, *command)
    assert status == 1
    one_line(console, "data/prepared/digits.npz", "damaged or truncated", "delete")

    data.unlink()
    manifest.unlink()
    damaged, blocked = (
        folder / f"results/checkpoints/{variant['id']}/seed-1.npz"
        for variant in MINIATURE["variants"]
    )
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"PK\3\4 and no more")
    blocked.mkdir(parents=True)
    status, console = run(folder, *command)
    assert status == 0, console
    for path in (damaged, blocked):
        name = path.relative_to(folder)
        assert f"the checkpoint {name} is damaged; it is now seed-1.set-aside.npz" in console
    assert_same_as(finished, folder / "results")


# --- results ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["", '{"variant": "with-dropout", "seed"', "[]", "{}", "\0" * 9]
)
def test_broken_metrics_are_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(content)
    with pytest.raises(StudyError, match=str(path)):
        read_metrics([path])


@pytest.mark.parametrize("content", ["", '{"error": "loss is NaN', "[]", "{}"])
def test_a_broken_record_of_a_failure_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "failed.json"
    path.write_text(content)
    with pytest.raises(StudyError, match=str(path)):
        read_failures([path])


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("metrics.json", "results/summary.md"),
        ("history.csv", "results/summary.md"),
        ("history.csv", "results/gap.png"),
        ("predictions.npz", "results/runs/with-dropout/seed-1/classes.csv"),
        ("history.csv", "results/runs/with-dropout/seed-1/loss.png"),
        ("weights.npz", "results/runs/with-dropout/seed-1/kernels.png"),
    ],
)
def test_a_half_written_result_is_named_by_what_needs_it(
    tmp_path: Path, finished: Path, name: str, target: str
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished, folder)
    path = f"results/runs/with-dropout/seed-1/{name}"
    whole = (folder / path).read_bytes()
    (folder / path).write_bytes(whole[: len(whole) // 2])
    status, console = run(folder, "--cores", "1", target)
    assert status == 1
    one_line(console, path)
    assert not (folder / target).exists()


# --- disks --------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Gives a small disk of its own, or sets it up anew: `disk("size=1m")`, `disk("ro")`."""
    folder = tmp_path / "disk"

    def mount(options: str) -> Path:
        first = not folder.exists()
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options if first else f"remount,{options}"]
        done = subprocess.run(
            [*command, "tmpfs", str(folder)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], check=False, capture_output=True)


def test_a_full_disk_is_named_and_the_same_command_completes(
    tmp_path: Path, finished: Path, disk: Callable[[str], Path]
) -> None:
    """The disk has room for the log, not for a checkpoint."""
    outdir = disk("size=128k")
    folder = make_study(tmp_path / "study", ONE | {"outdir": str(outdir)})
    target = f"{outdir}/{TARGET.removeprefix('results/')}"
    status, console = run(folder, "--cores", "1", target)
    assert status == 1
    one_line(console, str(outdir / "checkpoints"), "No space left on device")
    assert not list(outdir.glob("runs/*/*/*"))
    assert not list(outdir.glob("checkpoints/*/*"))

    disk("size=20m")
    status, console = run(folder, "--cores", "1", target)
    assert status == 0, console
    assert_same_as(finished, outdir)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_log_on_a_full_disk_leaves_its_messages_to_the_console(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="1"), script_log("/dev/full"):
        logging.getLogger("study").info("one message")
        raise StudyError("and why it ended")
    assert capsys.readouterr().err == "one message\nerror: and why it ended\n"


def test_a_read_only_folder_is_named(tmp_path: Path, disk: Callable[[str], Path]) -> None:
    outdir = disk("size=1m")
    disk("ro")
    folder = make_study(tmp_path / "study", ONE | {"outdir": str(outdir)})
    command = ["--cores", "1", "data/prepared/digits.npz"]
    status, console = run(folder, *command)
    assert status == 1
    assert "Read-only file system" in console
    assert str(outdir) in console
    assert "Traceback" not in console

    disk("rw")
    status, console = run(folder, *command)
    assert status == 0, console


# --- trainings that cannot go on ----------------------------------------------------------------


def test_a_loss_that_is_not_finite_stops_its_run_alone(tmp_path: Path, finished: Path) -> None:
    config = MINIATURE | {
        "variants": [
            ONE["variants"][0]
            | {"id": "diverges", "training": {"learning_rate": 1e20, "optimizer": "sgd"}},
            MINIATURE["variants"][1],
        ]
    }
    folder = make_study(tmp_path / "study", config)
    status, console = run(folder, "--cores", "2", "--keep-going", *targets(config))
    assert status == 1
    line = one_line(console, "diverges seed 1: loss is ", "in epoch 1 with learning rate 1e+20")
    assert_same_as(finished, folder / "results")

    failed = folder / "results/runs/diverges/seed-1"
    record = json.loads((failed / "failed.json").read_text())
    assert record == {"error": line.removeprefix("error: "), "epoch": 1}
    history = (failed / "failed-history.csv").read_text()
    assert history == ",".join(COLUMNS) + "\n"
    assert not (failed / "metrics.json").exists()

    status, console = run(
        folder, "--cores", "1", "--config", "incomplete=mark", "--", "results/summary.md"
    )
    assert status == 0, console
    summary = (folder / "results/summary.md").read_text()
    assert "failed: diverges seed 1: loss is" in summary


def test_too_little_memory_is_named(tmp_path: Path) -> None:
    """A layer of 800 GB of weights."""
    config = ONE | {
        "variants": [{"id": "huge", "layers": ["flatten", {"dense": 250_000_000}]}],
    }
    folder = make_study(tmp_path / "study", config)
    status, console = run(folder, "--cores", "1", *targets(config))
    assert status == 1
    one_line(console, "out of memory")
