"""Download one published file from the first mirror that has it whole.

Input: none. Output: data/raw/{dataset}/{file}, exactly the published bytes.
"""

from typing import TYPE_CHECKING, Any

from study.data.mirrors import download, mirrors_of
from study.logs import script_log

if TYPE_CHECKING:
    snakemake: Any


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        dataset, file = snakemake.wildcards.dataset, snakemake.wildcards.file
        download(
            name=file,
            destination=snakemake.output[0],
            sha256=snakemake.params.sha256,
            size=snakemake.params.bytes,
            mirrors=mirrors_of(dataset, snakemake.params.mirrors),
        )
