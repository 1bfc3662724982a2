"""What reruns after a change: the table in docs/reruns.md, row by row.

A miniature study is made once, from download to summary. Each row changes a copy of it and asks
for a plan by a dry run; the plan must hold exactly the jobs that the row names.
"""

import ast
import gzip
import hashlib
import itertools
import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from checkout import Job, copy_checkout, planned_jobs, run_snakemake

CONFIG = "config/miniature.yaml"
VARIANTS = ("plain", "own-rate")
SEEDS = (1, 2)
IMAGES = {"train": 60, "test": 30}
CLASSES = 3

# --- the jobs of the miniature study -------------------------------------------------------------

EACH_RUN = ("train", "evaluate")


def jobs(*rules: str, variants: Iterable[str] = VARIANTS, seeds: Iterable[int] = SEEDS) -> set[Job]:
    """The jobs of these rules for all runs of the variants and seeds."""
    runs = itertools.product(rules, variants, seeds)
    return {(rule, f"variant={variant}, seed={seed}") for rule, variant, seed in runs}


NOTHING: set[Job] = set()
AGGREGATES: set[Job] = {("compare", ""), ("summarize", ""), ("plot_study", "")}
SUMMARIES: set[Job] = {("summarize", ""), ("plot_study", "")}
"""What is made from the metrics of all runs."""
COMPARISON: set[Job] = {("compare", ""), ("summarize", "")}
"""What is made anew when the comparison is; the summary quotes it."""
PREPARE: set[Job] = {("prepare", "dataset=tiny")}
TRAININGS = jobs(*EACH_RUN) | AGGREGATES
"""Every training and all that follows from it."""


# --- the miniature study -------------------------------------------------------------------------


def write_mirror(folder: Path) -> dict[str, Any]:
    """Write a small random data set as a mirror would hold it; returns its entry in `datasets`."""
    folder.mkdir()
    random = np.random.default_rng(1)
    files = {}
    for part, count in IMAGES.items():
        labels = np.arange(count, dtype=np.uint8) % CLASSES
        images = random.integers(0, 256, (count, 8, 8), dtype=np.uint8)
        for letter, array in (("x", images), ("y", labels)):
            header = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
            content = gzip.compress(header + array.tobytes(), mtime=0)
            file = folder / f"{part}-{letter}.gz"
            file.write_bytes(content)
            files[f"{letter}_{part}"] = {
                "name": file.name,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
    return {
        "classes": CLASSES,
        "shape": [8, 8, 1],
        "train_images": IMAGES["train"],
        "mirrors": [folder.as_uri()],
        "files": files,
    }


def variant(id_: str, **more: Any) -> dict[str, Any]:
    """A network with one convolution."""
    return {
        "id": id_,
        "label": f"The {id_} one",
        "layers": [[{"conv": {"filters": 2, "kernel": 3}}, "flatten"]],
        **more,
    }


def plan(checkout: Path, *args: str) -> set[Job]:
    """What Snakemake would run now, the rule `all` aside."""
    planned = planned_jobs(checkout, "--configfile", CONFIG, *args)
    assert set(planned.values()) <= {1}
    return set(planned) - {("all", "")}


def run(checkout: Path, *args: str) -> None:
    done = run_snakemake(checkout, *args, "--cores", "2", "--configfile", CONFIG)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout with the whole study made."""
    folder = tmp_path_factory.mktemp("reruns")
    checkout = folder / "checkout"
    copy_checkout(checkout)
    config = {
        "dataset": "tiny",
        "seeds": list(SEEDS),
        "training": {"epochs": 1, "batch_size": 20, "learning_rate": 0.001},
        "plots": {"dpi": 40},
        "datasets": {"tiny": write_mirror(folder / "mirror")},
        "variants": [variant("plain"), variant("own-rate", training={"learning_rate": 0.01})],
    }
    (checkout / CONFIG).write_text(yaml.safe_dump(config), encoding="utf-8")
    run(checkout)
    return checkout


# --- changes -------------------------------------------------------------------------------------

Change = Callable[[Path], object]
"""Changes a copy of the finished study, whose folder it is given."""


def configured(change: Callable[[dict[str, Any]], object], file: str = CONFIG) -> Change:
    """A change of the configuration: of the content of `file`, in place."""

    def apply(checkout: Path) -> None:
        path = checkout / file
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    return apply


def edited(file: str, old: str, new: str) -> Change:
    """A change of a source below workflow/scripts: the one place where `old` stands."""

    def apply(checkout: Path) -> None:
        path = checkout / "workflow" / "scripts" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return apply


def deleted(*files: str) -> Change:
    def apply(checkout: Path) -> None:
        for file in files:
            (checkout / file).unlink()

    return apply


def one_byte_changed(file: str) -> Change:
    def apply(checkout: Path) -> None:
        content = bytearray((checkout / file).read_bytes())
        content[-1] ^= 1
        (checkout / file).write_bytes(content)

    return apply


def together(*changes: Change) -> Change:
    def apply(checkout: Path) -> None:
        for change in changes:
            change(checkout)

    return apply


def sources(checkout: Path) -> Iterator[Path]:
    """Every file that is no result."""
    for file in checkout.rglob("*"):
        inside = file.relative_to(checkout).parts[0]
        if file.is_file() and inside not in ("results", ".snakemake", ".git"):
            yield file


def touch_sources_and_data(checkout: Path) -> None:
    touched = set(sources(checkout))
    assert {"data.smk", "train.py", "trainer.py", "tiny.npz", "train-x.gz", "miniature.yaml"} <= {
        file.name for file in touched
    }
    for file in touched:
        file.touch()


def touch_what_later_rules_read(checkout: Path) -> None:
    names = (
        *("history.csv", "metrics.json", "weights.npz", "predictions.npz"),
        "summary.csv",
    )
    for file in sorted((checkout / "results").rglob("*")):
        if file.name in names:
            file.touch()


def switch_branches(checkout: Path) -> None:
    """Change every script and module on another branch, and come back: only time stamps differ."""

    def git(*args: str) -> None:
        name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *name, *args], cwd=checkout, check=True, capture_output=True)

    git("init", "--initial-branch", "main")
    git("add", "--all")
    git("commit", "--message", "one")
    git("switch", "--create", "other")
    scripts = list((checkout / "workflow").rglob("*.py"))
    before = {script: script.stat().st_mtime_ns for script in scripts}
    for script in scripts:
        script.write_text(script.read_text(encoding="utf-8") + "\nprint(1)\n", encoding="utf-8")
    git("commit", "--all", "--message", "two")
    git("switch", "main")
    assert all(script.stat().st_mtime_ns != before[script] for script in scripts)


def reformat(checkout: Path) -> None:
    """Write all code anew: another layout, no old comment but a new one, other docstrings."""
    for script in (checkout / "workflow" / "scripts").rglob("*.py"):
        tree = ast.parse(script.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            match node:
                case (
                    ast.Module(body=[ast.Expr(value=ast.Constant() as docstring), *_])
                    | ast.ClassDef(body=[ast.Expr(value=ast.Constant() as docstring), *_])
                    | ast.FunctionDef(body=[ast.Expr(value=ast.Constant() as docstring), *_])
                ):
                    docstring.value = "Other words."
        script.write_text(f"{ast.unparse(tree)}\n# A comment.\n", encoding="utf-8")
    for rules in [checkout / "Snakefile", *(checkout / "workflow" / "rules").glob("*.smk")]:
        text = rules.read_text(encoding="utf-8")
        assert text.startswith('"""')
        text = '"""Other words. ' + text.removeprefix('"""')
        rules.write_text(f"# A comment.\n\n{text}\n# A comment.\n", encoding="utf-8")


def turn_key_order(value: Any) -> None:
    """Turn round the keys of all mappings in `value`."""
    if isinstance(value, dict):
        for key, item in list(value.items())[::-1]:
            turn_key_order(item)
            value[key] = value.pop(key)
    elif isinstance(value, list):
        for item in value:
            turn_key_order(item)


def say_the_same(config: dict[str, Any]) -> None:
    """The same study in other words."""
    config["seeds"] = 2
    config["training"] |= {"optimizer": "adam", "pixel_divisor": 255.0}  # as without
    plain, own = config["variants"]
    plain["layers"] = plain["layers"][0]
    plain["training"] = {"learning_rate": 0.001}
    own["layers"][0][0]["conv"] |= {"stride": 1, "padding": "valid"}


def change_environments(checkout: Path) -> None:
    for file in (checkout / "envs").iterdir():
        text = file.read_text(encoding="utf-8")
        assert "==" in text
        file.write_text(text.replace("==", "==9."), encoding="utf-8")


def touch_trainings(checkout: Path) -> None:
    done = run_snakemake(
        checkout, *("--configfile", CONFIG, "--cores", "1", "--touch", "--until", "train")
    )
    assert done.returncode == 0, done.stderr


EDIT_TRAINING = edited(
    "study/training/forward.py", "is_flat = x.shape.rank == 2", "is_flat = x.shape.rank < 3"
)
EDIT_SUMMARY = edited("study/summary/costs.py", "NOTABLE = 0.4", "NOTABLE = 0.5")


# --- the table -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A change, the jobs it leads to, and options for the command."""

    name: str
    change: Change
    expected: set[Job]
    options: tuple[str, ...] = ()


RUN_1 = "results/runs/plain/seed-1"
ROWS = [
    # Nothing reruns.
    Row("nothing", lambda checkout: None, NOTHING),
    Row("another number of cores", lambda checkout: None, NOTHING, ("--cores", "16")),
    Row("touch: sources, configuration and data", touch_sources_and_data, NOTHING),
    Row("touch: what later rules read", touch_what_later_rules_read, NOTHING),
    Row("a switch of branches and back", switch_branches, NOTHING),
    Row("comments, docstrings, layout of all code", reformat, NOTHING),
    Row(
        "another mirror",
        configured(lambda config: config["datasets"]["tiny"].update(mirrors=["https://x.invalid"])),
        NOTHING,
    ),
    Row(
        "another order of keys",
        together(
            configured(turn_key_order),
            configured(turn_key_order, "config/config.yaml"),
        ),
        NOTHING,
    ),
    Row("the same in other words", configured(say_the_same), NOTHING),
    Row("upgraded packages", change_environments, NOTHING),
    # Settings.
    Row(
        "a label",
        configured(lambda config: config["variants"][0].update(label="Another")),
        jobs("evaluate", variants=["plain"]) | SUMMARIES,
    ),
    Row(
        "a layer of one variant",
        configured(lambda config: config["variants"][0]["layers"].append({"dense": 4})),
        jobs(*EACH_RUN, variants=["plain"]) | AGGREGATES,
    ),
    Row(
        "a setting of one variant",
        configured(lambda config: config["variants"][1]["training"].update(learning_rate=0.02)),
        jobs(*EACH_RUN, variants=["own-rate"]) | AGGREGATES,
    ),
    Row(
        "a study-wide setting that one variant overrides",
        configured(lambda config: config["training"].update(learning_rate=0.002)),
        jobs(*EACH_RUN, variants=["plain"]) | AGGREGATES,
    ),
    Row(
        "a study-wide setting",
        configured(lambda config: config["training"].update(epochs=2)),
        TRAININGS,
    ),
    Row(
        "threads of a training",
        configured(lambda config: config["training"].update(threads=2)),
        TRAININGS,
    ),
    # Runs that come and go.
    Row(
        "a new variant",
        configured(lambda config: config["variants"].append(variant("new"))),
        jobs(*EACH_RUN, variants=["new"]) | AGGREGATES,
    ),
    Row(
        "a new seed",
        configured(lambda config: config["seeds"].append(3)),
        jobs(*EACH_RUN, seeds=[3]) | AGGREGATES,
    ),
    Row("a removed variant", configured(lambda config: config["variants"].pop()), AGGREGATES),
    Row("a removed seed", configured(lambda config: config["seeds"].pop()), AGGREGATES),
    Row(
        "another order of variants",
        configured(lambda config: config["variants"].reverse()),
        AGGREGATES,
    ),
    # Code.
    Row(
        "code of the history plot",
        edited("study/figures/history.py", "figsize=(6.4, 4.2)", "figsize=(6.4, 4.3)"),
        jobs("evaluate"),
    ),
    Row(
        "code of the kernel plot",
        edited("study/figures/kernels.py", "POINTS = 5000", "POINTS = 5001"),
        jobs("evaluate"),
    ),
    Row(
        "code of the evaluation",
        edited("study/statistics/scores.py", "CALIBRATION_BINS = 15", "CALIBRATION_BINS = 10"),
        jobs("evaluate"),
    ),
    Row(
        "code of the comparison plot",
        edited("study/figures/comparison.py", "ROW_HEIGHT = 0.3", "ROW_HEIGHT = 0.4"),
        {("plot_study", "")},
    ),
    Row(
        "a plot setting",
        configured(lambda config: config["plots"].update(dpi=41)),
        jobs("evaluate") | AGGREGATES,
    ),
    Row("code of the summary", EDIT_SUMMARY, {("summarize", "")}),
    Row(
        "code that the summary imports",
        edited(
            "study/summary/overfitting.py",
            "if train_loss == test_loss == 0:",
            "if train_loss == 0:",
        ),
        SUMMARIES,
    ),
    Row(
        "the verdict's thresholds",
        configured(
            lambda config: config.update(verdict=[{"below": 1, "text": "A"}, {"text": "B"}])
        ),
        SUMMARIES,
    ),
    Row(
        "code of the statistics",
        edited("study/statistics/methods.py", "POWER = 0.8", "POWER = 0.9"),
        COMPARISON,
    ),
    Row(
        "the equivalence margin",
        configured(lambda config: config.update(comparison={"equivalence_margin": 0.5})),
        COMPARISON,
    ),
    Row(
        "another contrast",
        configured(
            lambda config: config.update(contrasts=[{"baseline": "own-rate", "variant": "plain"}])
        ),
        COMPARISON,
    ),
    Row(
        "code of the training script",
        edited("study/training/loop.py", "epoch_seconds = 0, 0.0", "epoch_seconds = 0, 0"),
        TRAININGS,
    ),
    Row("a function that training imports", EDIT_TRAINING, TRAININGS),
    Row(
        "a function beside it that training does not reach",
        edited("study/networks/costs.py", "total += shape[0] * after[0]", "total += 2 * shape[0]"),
        NOTHING,
    ),
    Row(
        "code of the preparation",
        edited("study/data/digits.py", "DIGITS_SPLIT_SEED = 0", "DIGITS_SPLIT_SEED = 1"),
        PREPARE | TRAININGS,
    ),
    # Data.
    Row("one byte of the prepared data", one_byte_changed("data/prepared/tiny.npz"), TRAININGS),
    Row("one byte of its manifest", one_byte_changed("data/prepared/tiny.json"), TRAININGS),
    Row(
        "one byte of the raw data",
        one_byte_changed("data/raw/tiny/train-x.gz"),
        PREPARE | TRAININGS,
    ),
    # The plan cannot know that the same data will come out; the run finds out, see below.
    Row(
        "deleted prepared data",
        deleted("data/prepared/tiny.npz", "data/prepared/tiny.json"),
        PREPARE | TRAININGS,
    ),
    Row("deleted raw data", deleted("data/raw/tiny/train-x.gz"), NOTHING),
    # Results.
    Row(
        "a deleted plot",
        deleted(f"{RUN_1}/loss.png"),
        jobs("evaluate", variants=["plain"], seeds=[1]),
    ),
    Row(
        "a deleted model",
        deleted(f"{RUN_1}/model.keras"),
        jobs(*EACH_RUN, variants=["plain"], seeds=[1]) | AGGREGATES,
    ),
    Row("a deleted summary", deleted("results/summary.md"), {("summarize", "")}),
    Row(
        "a deleted evaluation",
        deleted(f"{RUN_1}/classes.csv"),
        jobs("evaluate", variants=["plain"], seeds=[1]),
    ),
    Row(
        "deleted metrics",
        deleted(f"{RUN_1}/metrics.json"),
        jobs(*EACH_RUN, variants=["plain"], seeds=[1]) | AGGREGATES,
    ),
    Row("a deleted history that nothing needs", deleted(f"{RUN_1}/history.csv"), NOTHING),
    Row(
        "a deleted history and its plot",
        deleted(f"{RUN_1}/history.csv", f"{RUN_1}/loss.png"),
        jobs(*EACH_RUN, variants=["plain"], seeds=[1]) | AGGREGATES,
    ),
    # On demand.
    Row("forced", lambda checkout: None, TRAININGS, ("--forcerun", "train")),
    Row(
        "trainings kept, though their code changed",
        together(EDIT_TRAINING, EDIT_SUMMARY, touch_trainings),
        {("summarize", "")},
    ),
]


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
        ("train.py", "    with script_log(snakemake.log[0]):\n", TRAININGS),
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
    edited(script, line, f"{line}    raise StudyError('out of luck')\n")(checkout)
    done = run_snakemake(checkout, "--cores", "2", "--keep-going", "--configfile", CONFIG)
    assert done.returncode != 0
    assert "out of luck" in done.stderr
    assert plan(checkout) == expected
