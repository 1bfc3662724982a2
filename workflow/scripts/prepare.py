"""Check a dataset's source files and store them as one .npz with a manifest.

Input: four or six IDX files (plain or gzipped), or an archive, or nothing for the bundled digits.
Output: data/prepared/{dataset}.npz with x_train, y_train, x_test, y_test, and x_val, y_val where
the data come with them (uint8), and data/prepared/{dataset}.json, the manifest that training
depends on.
"""

from typing import TYPE_CHECKING, Any

from study.data.prepared import prepare
from study.logs import script_log

if TYPE_CHECKING:
    snakemake: Any


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        bundled = snakemake.params.bundled
        prepare(
            dataset=snakemake.wildcards.dataset,
            classes=snakemake.params.classes,
            source={"bundled": bundled} if bundled else dict(snakemake.input.items()),
            data=snakemake.output.data,
            manifest=snakemake.output.manifest,
            declared=snakemake.params.declared,
        )
