"""Which files the configuration is read from; checked before Snakemake reads the main one."""

from snakemake_interface_executor_plugins.settings import ExecMode

from study.config.files import check_files, main_configfile, read_in_words
from study.errors import StudyError

MAIN_CONFIGFILE = main_configfile(HOME)

# A module has its configuration from the outer Snakefile; a job, which checked nothing, from the
# same files as the Snakemake that started it.
if workflow.modifier.is_main_snakefile() and workflow.exec_mode == ExecMode.DEFAULT:
    try:
        check_files([MAIN_CONFIGFILE, *workflow.configfiles])
    except StudyError as error:
        raise WorkflowError(f"configuration: {error}") from None
    print(
        read_in_words(MAIN_CONFIGFILE, workflow.configfiles, bool(workflow.config_settings.config)),
        file=sys.stderr,
    )
