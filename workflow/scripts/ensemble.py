"""Score ensembles over the seeds of each network."""

from typing import TYPE_CHECKING, Any

from study.logs import script_log
from study.statistics.ensembles import EnsembleRow, ensemble_rows
from study.tables import write_records

if TYPE_CHECKING:
    snakemake: Any


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        rows = ensemble_rows(snakemake.input.predictions, snakemake.params.runs)
        write_records(snakemake.output.ensembles, EnsembleRow, rows)
