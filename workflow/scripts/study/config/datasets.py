"""The data sets that a study can name: those shipped, and those of its configuration."""

from typing import Any

import yaml

from study.config.schema import WORKFLOW

SHIPPED_DATASETS = WORKFLOW / "datasets.yaml"


def with_shipped(datasets: Any) -> Any:
    """The data sets that the pipeline brings, and those of the configuration.

    An entry that says where its images come from replaces the shipped one of its name; any other
    (new mirrors, say) completes it.
    """
    if not isinstance(datasets, dict):
        return datasets  # the check says what is wrong
    shipped = yaml.safe_load(SHIPPED_DATASETS.read_text(encoding="utf-8"))
    origins = {"bundled", "npz", "files"}
    return shipped | {
        name: shipped[name] | entry
        if name in shipped and isinstance(entry, dict) and not origins & set(entry)
        else entry
        for name, entry in datasets.items()
    }
