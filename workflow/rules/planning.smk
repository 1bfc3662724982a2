"""When Snakemake plans again, and which plans are refused, around its handling of checkpoints."""

from functools import cached_property

from snakemake_interface_executor_plugins.settings import ExecMode


def has_runs() -> bool:
    """Whether any run is finished."""
    return next(Path(study.outdir, "runs").glob("*/*/metrics.json"), None) is not None


class PlanAgain:
    """True if a plan made when the data are prepared could spare a run. Settled when first asked.

    A study without runs has none to spare, and a second plan costs time. With --until or
    --omit-from Snakemake would lose the rest of its first plan (snakemake/snakemake#2824). These
    options are not known yet while this file is read.
    """

    @cached_property
    def _answer(self) -> bool:
        options = workflow.dag_settings
        is_main = workflow.exec_mode == ExecMode.DEFAULT
        return is_main and not options.until and not options.omit_from and has_runs()

    def __bool__(self) -> bool:
        return self._answer


# Snakemake plans again after a checkpoint: data prepared again with the same content then train
# nothing.
rules.prepare.rule.is_checkpoint = PlanAgain()


def start_all_until() -> None:
    """Have Snakemake start every rule of `--until`, also one that needs another one of them.

    It starts nothing after a rule that is named there, and would end with "Out of jobs ready". The
    plan is restricted already, so the names have done their work.
    """
    workflow.dag.untilrules = set()
    workflow.dag.untilfiles = set()


def spare_runs() -> None:
    """Refuse to train finished runs again before it is known whether their data have changed.

    Raises:
        WorkflowError: that is planned.
    """
    dag = workflow.dag
    planned = set(dag.needrun_jobs())
    if rules.prepare.rule.is_checkpoint or not any(
        job.rule is rules.prepare.rule for job in planned
    ):
        return
    for job in planned:
        if (
            job.rule is rules.train.rule
            and job.rule not in dag.forcerules
            and all(Path(file).exists() for file in job.output)
        ):
            raise WorkflowError(
                "the data are to be prepared again, and only then it shows which runs this "
                f"changes: run `snakemake --until {rules.prepare.rule.name}` first, with the same "
                "options, then this command"
            )
