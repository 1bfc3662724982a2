"""The study that the configuration describes, and helpers of the rules."""

import logging
import signal
from contextlib import suppress
from dataclasses import asdict

import psutil

from study.config.study import load_study
from study.console import shorten
from study.digest import code_digest, files_digest
from study.errors import StudyError
from study.failed import failed_runs
from study.garbage import collect_garbage_rarely
from study.runs.definition import Run
from study.runs.measures import MEASURES
from study.cluster.resources import (
    check_memory,
    data_memory_mb,
    evaluation_memory_mb,
    training_cost,
    training_memory_mb,
    training_minutes,
)
from study.cluster.slurm import (
    cancel_orphans,
    end_preempted_jobs,
    keep_min_job_age,
    look_often,
    plan_with_one_timer,
    stop_asking_at_the_end,
)

collect_garbage_rarely()

try:
    study = load_study(config)
    check_memory(study)
except StudyError as error:
    raise WorkflowError(f"configuration: {error}") from None

# `all` has a dozen files for each run, and names them twice.
logging.getLogger("snakemake.logging").addFilter(shorten)

RUN = f"{study.outdir}/runs/{{variant}}/seed-{{seed}}"

# What a study is asked for of each run; the rest are files on the way.
RUN_RESULTS = (
    *("metrics.json", "evaluation.json", "classes.csv", "model.keras"),
    *("loss.png", "accuracy.png", "kernels.png", "confusion.png", "mistakes.png"),
)


MOST_DETAILED = 150  # runs, up to which the page holds each one's mistakes and kernels


wildcard_constraints:
    dataset="|".join(map(re.escape, study.datasets)),
    variant="|".join(re.escape(variant.id) for variant in study.variants),
    seed="|".join(map(str, study.seeds)),


def run_folder(run: Run) -> str:
    """Where the run leaves its results."""
    return RUN.format(variant=run.variant, seed=run.seed)


def runs_to_aggregate() -> list[Run]:
    """All runs; with `incomplete: mark`, those that are finished."""
    if study.incomplete == "fail":
        return study.runs
    return [run for run in study.runs if Path(run_folder(run), "metrics.json").exists()]


def files_to_aggregate(name: str) -> list[str]:
    """The file of this name of each run to aggregate."""
    return [f"{run_folder(run)}/{name}" for run in runs_to_aggregate()]


def runs_in_detail() -> list[Run]:
    """The runs that the page shows in detail: all, or none, for it has to stay small."""
    runs = runs_to_aggregate()
    return runs if len(runs) <= MOST_DETAILED else []


def runs_to_compare() -> list[Run]:
    """The runs behind the contrasts and the factorial design, of those to aggregate."""
    variants = {
        name for contrast in study.contrasts for name in (contrast.baseline, contrast.variant)
    }
    return [run for run in runs_to_aggregate() if study.factors or run.variant in variants]


def run_of(wildcards) -> Run:
    """The run that the wildcards name."""
    return study.run(wildcards.variant, wildcards.seed)


def network_source(run: Run) -> str:
    """Where the function is that builds the run's network; empty for declared layers."""
    return run.python.source if run.python else ""


def source_files(wildcards) -> dict[str, str]:
    """Where a data set comes from: the user's own files, those to download, or none if bundled."""
    dataset = study.datasets[wildcards.dataset]
    if "npz" in dataset:
        return {"npz": dataset["npz"]}
    return {
        array: file.get("path") or f"data/raw/{wildcards.dataset}/{file['name']}"
        for array, file in dataset.get("files", {}).items()
    }


def published_names() -> set[str]:
    """The names of all files that can be downloaded."""
    files = [
        file for dataset in study.datasets.values() for file in dataset.get("files", {}).values()
    ]
    return {file["name"] for file in files if "name" in file}


def published_file(wildcards) -> dict:
    """Name, size and checksum of a file to download."""
    files = study.datasets[wildcards.dataset].get("files", {}).values()
    return next(file for file in files if file.get("name") == wildcards.file)


def declared_of(wildcards) -> dict:
    """What the entry of a data set says of the data themselves."""
    dataset = study.datasets[wildcards.dataset]
    names = ("arrays", "records", "shape", "train_images")
    return {name: dataset[name] for name in names if name in dataset}


def run_report(name: str, figure: str):
    """A run's result in Snakemake's report, with the caption of its name in workflow/report."""
    return report(
        f"{RUN}/{name}",
        caption=f"../report/{Path(name).stem}.rst",
        category="Runs",
        subcategory="{variant}",
        labels={"seed": "{seed}", "figure": figure},
    )


def pass_on_sigterm() -> None:
    """Send a SIGTERM on to the jobs. Snakemake alone waits for their end, which may take hours."""
    wait_for_jobs = signal.getsignal(signal.SIGTERM)

    def stop(number, frame):
        for job in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                job.terminate()
        wait_for_jobs(number, frame)

    signal.signal(signal.SIGTERM, stop)


def prepare_for_slurm() -> None:
    """End what a killed Snakemake has left on the cluster, so that no run is trained twice."""
    if workflow.executor_plugin.name != "slurm":
        return
    try:
        cancelled = cancel_orphans(Path(workflow.workdir_init))
    except StudyError as error:
        raise WorkflowError(str(error)) from None
    if cancelled:
        print("Cancelled jobs of an earlier snakemake:", *cancelled, file=sys.stderr)
    keep_min_job_age()
    look_often()
    plan_with_one_timer()
    end_preempted_jobs()
    stop_asking_at_the_end()


def remove_checkpoints_of_finished_runs() -> None:
    """Drop the checkpoints of all runs that this workflow has found or made complete.

    Not the training itself does so: until Snakemake has taken its outputs for complete, a crash
    would make it train again.
    """
    for job in workflow.dag.jobs:
        if job.rule.name == rules.train.rule.name:  # which has a prefix in a module that gives one
            Path(job.params.checkpoint).unlink(missing_ok=True)


def print_closing_lines() -> None:
    """Show the study's table and where its page is, where this workflow asked for the page."""
    for job in workflow.dag.jobs:
        if job.rule.name == rules.page.rule.name:
            print(Path(job.output.closing).read_text(encoding="utf-8"), file=sys.stderr)
