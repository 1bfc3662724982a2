"""Snakemake, except that a job writes empty outputs at once: a study finished without work.

Its arguments are Snakemake's, with `--touch`. Records of inputs and parameters are those of a
real run, so a dry run afterwards has as much to compare.
"""

from collections.abc import Iterable
from typing import Any

from snakemake.cli import main
from snakemake.executors.touch import Executor
from snakemake.scheduling.job_scheduler import JobScheduler
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo


def create_outputs(executor: Executor, job: Any) -> None:
    """Leave a job's outputs behind; Snakemake's own touches those that exist, ten a second."""
    for output in job.output:
        output.touch_or_create()
    submitted = SubmittedJobInfo(job=job)
    executor.report_job_submission(submitted)
    executor.report_job_success(submitted)


def select_all(scheduler: JobScheduler, jobs: Iterable[Any]) -> list[Any]:
    """Run all that is ready; Snakemake's own choice takes the square of its number."""
    return list(jobs)


if __name__ == "__main__":
    Executor.run_job = create_outputs
    JobScheduler.job_selector = select_all
    main()
