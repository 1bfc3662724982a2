"""Train one variant with one seed, from its last checkpoint where there is one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.logs import script_log
from study.runs.definition import Definition
from study.training.run import Outputs, train_run

if TYPE_CHECKING:
    snakemake: Any


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        train_run(
            variant=snakemake.wildcards.variant,
            definition=Definition.from_json(snakemake.params.definition),
            source=snakemake.params.source,
            code_digest=snakemake.params.code,
            data=snakemake.input.data,
            manifest=snakemake.input.manifest,
            outputs=Outputs(**{name: Path(path) for name, path in snakemake.output.items()}),
            checkpoint=Path(snakemake.params.checkpoint),
            log_file=Path(snakemake.log[0]),
        )
