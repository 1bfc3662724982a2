"""The study that a command line names, as Snakemake would read it."""

from collections.abc import Sequence
from pathlib import Path

import yaml
from snakemake.utils import update_config

from study.config.files import check_files, main_configfile
from study.config.schema import Config
from study.config.study import Study, load_study
from study.errors import StudyError


def planned_study(home: Path, configfiles: Sequence[Path], options: Sequence[str]) -> Study:
    """The study of the working folder's configuration (else that shipped in `home`), overridden by
    `configfiles` and then by `options`, each KEY=VALUE.

    Raises:
        StudyError: a file or the configuration is not allowed.
    """
    files = [main_configfile(home), *configfiles]
    check_files(files)
    config: Config = {}
    for file in files:
        update_config(config, yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    if options:
        update_config(config, _parsed(options))
    return load_study(config)


def _parsed(options: Sequence[str]) -> Config:
    from snakemake.cli import parse_config  # takes most of a second to import

    try:
        return dict(parse_config(options))
    except ValueError as error:
        raise StudyError(f"--config: {error}") from None
