"""The pipeline used from elsewhere: as a module, by `-s`, in another folder; parts of the workflow.

Each test runs the real command; where it runs a study, that trains two small networks.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from checkout import copy_checkout, run_snakemake

RUNS = ("plain", "own-rate")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, which no test may change."""
    folder = tmp_path_factory.mktemp("project") / "checkout"
    copy_checkout(folder)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety random images."""
    path = tmp_path_factory.mktemp("data") / "own.npz"
    random = np.random.default_rng(1)
    arrays: dict[str, Any] = {}
    for part, count in (("train", 60), ("test", 30)):
        arrays[f"x_{part}"] = random.integers(0, 256, (count, 8, 8), dtype=np.uint8)
        arrays[f"y_{part}"] = np.arange(count, dtype=np.uint8) % 3
    np.savez(path, **arrays)
    return path


def study(data: Path, **more: Any) -> dict[str, Any]:
    """The configuration of a study of two small networks."""
    layers = [{"conv": {"filters": 2, "kernel": 3}}, "flatten"]
    return {
        "dataset": "own",
        "training": {"epochs": 1, "batch_size": 20},
        "plots": {"dpi": 40},
        "datasets": {"own": {"classes": 3, "npz": str(data)}},
        "variants": [
            {"id": "plain", "layers": layers},
            {"id": "own-rate", "layers": layers, "training": {"learning_rate": 0.01}},
        ],
    } | more


def write_yaml(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def run(folder: Path, *args: str) -> str:
    """Run `snakemake --cores 2`, and return what it says on stderr."""
    done = run_snakemake(folder, *args, "--cores", "2", timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


def finished(stderr: str) -> Counter[str]:
    """How many jobs of each rule have run."""
    lines = [line for line in stderr.splitlines() if line.startswith("Finished jobid: ")]
    return Counter(line.partition("(Rule: ")[2].rstrip(")") for line in lines)


def is_trained(outdir: Path) -> bool:
    return all((outdir / "runs" / run / "seed-1" / "metrics.json").is_file() for run in RUNS)


# --- as a module ---------------------------------------------------------------------------------

OUTER = """
configfile: "outer.yaml"


module cnn:
    snakefile:
        "{snakefile}"
    config:
        config["cnn"]


use rule * from cnn{prefix}


onstart:
    cnn.onstart()


onsuccess:
    cnn.onsuccess()


onerror:
    cnn.onerror()
"""


@pytest.mark.parametrize(
    ("clause", "prefix", "options"),
    [("", "", ("--until", "train")), (" as cnn_*", "cnn_", ())],
    ids=["as it is", "with a prefix"],
)
def test_a_module_runs_the_study(
    project: Path,
    data: Path,
    tmp_path: Path,
    clause: str,
    prefix: str,
    options: tuple[str, ...],
) -> None:
    outer = OUTER.format(snakefile=project / "Snakefile", prefix=clause)
    (tmp_path / "Snakefile").write_text(outer, encoding="utf-8")
    write_yaml(tmp_path / "outer.yaml", {"mine": 1, "cnn": study(data, outdir="out")})

    stderr = run(tmp_path, *options)
    assert finished(stderr)[f"{prefix}train"] == 2
    assert is_trained(tmp_path / "out")
    assert (tmp_path / "out" / "summary.md").exists() == (not options)
    assert not list((tmp_path / "out" / "checkpoints").rglob("*.npz"))
    assert "Configuration:" not in stderr  # nothing was read but the outer file

    profile = str(project / "profiles" / "default")
    assert not finished(run(tmp_path, "--workflow-profile", profile, *options))


def test_an_address_is_refused_in_one_line(project: Path, data: Path, tmp_path: Path) -> None:
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org")
    repository = tmp_path / "repository"
    copy_checkout(repository)
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        subprocess.run([*git, *command], cwd=repository, check=True)
    folder = tmp_path / "outer"
    folder.mkdir()
    address = f"git+file://{repository}/Snakefile@main"
    outer = OUTER.format(snakefile=address, prefix="")
    (folder / "Snakefile").write_text(outer, encoding="utf-8")
    write_yaml(folder / "outer.yaml", {"cnn": study(data)})
    done = run_snakemake(folder, "--dry-run")
    assert done.returncode != 0
    assert "Snakemake fetches only single files from an address" in done.stdout + done.stderr


# --- in another folder ---------------------------------------------------------------------------


def test_a_folder_with_its_own_configuration(project: Path, data: Path, tmp_path: Path) -> None:
    write_yaml(tmp_path / "config" / "config.yaml", study(data))
    stderr = run(tmp_path, "--snakefile", str(project / "Snakefile"), "--until", "train")
    assert "Configuration: config/config.yaml\n" in stderr
    assert stderr.count("Configuration:") == 1  # not in each job
    assert is_trained(tmp_path / "results")
    assert not (project / "results").exists()


def test_directory_with_configfile_overrides_the_shipped_defaults(
    project: Path, data: Path, tmp_path: Path
) -> None:
    mine = study(data)
    del mine["training"]["batch_size"]
    file = write_yaml(tmp_path / "mine.yaml", mine)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    options = ("--directory", str(elsewhere), "--configfile", str(file))
    done = run_snakemake(project, *options, "--dry-run")
    shipped = project / "config" / "config.yaml"
    printed = done.stdout + done.stderr
    assert f"Configuration: {shipped} (as shipped" in printed
    assert f"overridden by {file}" in printed
    # the shipped batch size was read
    assert "batch_size 120 is larger than the data" in printed

    stderr = run(project, *options, "--config", "training={batch_size: 20}", "--until", "train")
    assert f"overridden by {file}, --config\n" in stderr
    assert is_trained(elsewhere / "results")


def test_the_shipped_data_sets_are_always_there(project: Path, data: Path, tmp_path: Path) -> None:
    mine = study(data, dataset="digits")
    del mine["datasets"]
    write_yaml(tmp_path / "config" / "config.yaml", mine)
    run(tmp_path, "--snakefile", str(project / "Snakefile"), "--until", "prepare")
    assert (tmp_path / "data" / "prepared" / "digits.npz").is_file()


# --- YAML that cannot be read --------------------------------------------------------------------

LAUGHS = "\n".join(
    ["a0: &a0 {x: 1}"]
    + [
        f"a{n}: &a{n} {{" + ", ".join(f"k{k}: *a{n - 1}" for k in range(10)) + "}"
        for n in range(1, 30)
    ]
)


@pytest.mark.parametrize("is_own", [True, False], ids=["config/config.yaml", "--configfile"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds: [1\ntraining:\n  epochs: 3\n", "line 2, column 9: not YAML ("),
        ("seeds: 1\n\tplots: {}\n", "line 2, column 1: not YAML ("),
        (LAUGHS, "aliases expand to more than 1,000,000 values"),
        ("training: &t\n  epochs: *t\n", "line 1, column 11: an anchored value contains itself"),
        ("seeds: 1\nseeds: 2\n", "line 2, column 1: the key 'seeds' is duplicated; keep one"),
    ],
    ids=["bracket", "tab", "billion laughs", "contains itself", "duplicate"],
)
def test_bad_yaml_is_named_with_its_place(
    project: Path, tmp_path: Path, is_own: bool, text: str, message: str
) -> None:
    file = tmp_path / ("config/config.yaml" if is_own else "mine.yaml")
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    options = () if is_own else ("--configfile", "mine.yaml")
    snakefile = str(project / "Snakefile")
    done = run_snakemake(tmp_path, "--snakefile", snakefile, "--dry-run", *options, timeout=30)
    assert done.returncode != 0
    name = str(file.relative_to(tmp_path))
    printed = (done.stdout + done.stderr).splitlines()
    (line,) = [line for line in printed if message in line]
    assert line.startswith(f"configuration: {name}, line ")


# --- parts of the workflow -----------------------------------------------------------------------


@pytest.fixture
def folder(data: Path, tmp_path: Path) -> Path:
    write_yaml(tmp_path / "config" / "config.yaml", study(data))
    return tmp_path


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--until", "train"), {"prepare": 1, "train": 2}),
        (("--until", "train", "evaluate"), {"prepare": 1, "train": 2, "evaluate": 2}),
        (
            ("--omit-from", "train"),
            {"prepare": 1},
        ),
        (("--forcerun", "train", "--until", "train"), {"prepare": 1, "train": 2}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_part_of_a_fresh_study(
    project: Path, folder: Path, options: tuple[str, ...], expected: dict[str, int]
) -> None:
    assert finished(run(folder, "--snakefile", str(project / "Snakefile"), *options)) == expected


def test_until_trains_what_is_missing_and_no_run_twice(project: Path, folder: Path) -> None:
    snakefile = ("--snakefile", str(project / "Snakefile"))
    run(folder, *snakefile, "--until", "train")
    assert not finished(run(folder, *snakefile, "--until", "train"))

    (folder / "results/runs/plain/seed-1/metrics.json").unlink()
    assert finished(run(folder, *snakefile, "--until", "train")) == {"train": 1}

    # Data prepared again: --until train says what to do first, and then trains nothing.
    (folder / "data/prepared/own.npz").unlink()
    done = run_snakemake(folder, *snakefile, "--until", "train", "--cores", "2")
    assert done.returncode != 0
    assert "`snakemake --until prepare` first" in done.stderr
    assert finished(run(folder, *snakefile, "--until", "prepare")) == {"prepare": 1}
    assert not finished(run(folder, *snakefile, "--until", "train"))

    # Without --until the same command does both.
    (folder / "data/prepared/own.npz").unlink()
    jobs = finished(run(folder, *snakefile))
    assert (jobs["prepare"], jobs["train"], jobs["evaluate"]) == (1, 0, 2)


def test_no_message_is_longer_than_a_screen(project: Path, data: Path, tmp_path: Path) -> None:
    write_yaml(tmp_path / "config" / "config.yaml", study(data, seeds=100))
    done = run_snakemake(tmp_path, "--snakefile", str(project / "Snakefile"), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert re.search(r"and 1,\d{3} more", done.stderr + done.stdout)  # files of `all`
    assert max(map(len, (done.stderr + done.stdout).splitlines())) < 25 * 80
