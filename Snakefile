"""From raw images to a table of compared networks: data, training, plots, summary."""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.27")

# The folder of this file. In a module `workflow.basedir` is the folder of the outer Snakefile.
HOME = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
if not HOME.is_dir():
    raise WorkflowError(
        f"{HOME}: Snakemake fetches only single files from an address, and this pipeline needs all "
        'of its files; clone it, and name the clone\'s file: snakefile: "path/to/Snakefile"'
    )

# The scripts' package; it imports nothing heavy, because every job parses this file.
sys.path.insert(0, str(HOME / "workflow" / "scripts"))


include: "workflow/rules/config.smk"


configfile: str(MAIN_CONFIGFILE)


report: "workflow/report/study.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/planning.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/statistics.smk"
include: "workflow/rules/summary.smk"
include: "workflow/rules/page.smk"


rule all:
    """The summary of the study, and of each run its scores, its plots and its model."""
    default_target: True
    input:
        # A failed job loses its outputs, and Snakemake forgets why it had to run. So the manifest
        # and the metrics are asked for too, though plots and models of before may be there.
        rules.train.input.manifest,
        rules.summarize.output,
        rules.plot_study.output,
        rules.compare.output,
        rules.ensemble.output,
        rules.page.output,
        [f"{run_folder(run)}/{name}" for run in runs_to_aggregate() for name in RUN_RESULTS],


onstart:
    spare_runs()
    start_all_until()
    pass_on_sigterm()
    prepare_for_slurm()


onsuccess:
    remove_checkpoints_of_finished_runs()
    print_closing_lines()


onerror:
    print(
        *failed_runs([(run.variant, run.seed) for run in study.runs], study.outdir),
        "Something failed; its message is above and in its log. Remove the cause and give the same "
        "command again to resume. To summarize the finished runs only, add "
        "`--config incomplete=mark`.",
        sep="\n",
        file=sys.stderr,
    )
