"""Tables for pandas: runs.csv, a row for each run, and epochs.csv, a row for each of its epochs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from study.runs.history import History
from study.runs.metrics import RunKey
from study.tables import as_text

KEY = list(RunKey._fields)
"""The columns that say which run it is."""

LEFT_OUT = ("layers",)
"""What is no figure and no setting; metrics.json has it."""


def run_table(
    runs: Mapping[RunKey, Mapping[str, Any]],
    failures: Mapping[RunKey, str],
    levels: Mapping[str, Mapping[str, str]],
) -> pd.DataFrame:
    """A row for each run: variant, seed, `error`, `factors.*`, and all that is known of it.

    Texts are marked where a spreadsheet would take them for formulas.

    Args:
        runs: what is known of each finished run, as in metrics.json; mappings in it become columns
            with dots in their names, as `settings.learning_rate` and `evaluation.auc`.
        failures: the errors of failed runs.
        levels: the levels of the factors, by variant; empty without factors.
    """
    rows = []
    for key in [*runs, *(key for key in failures if key not in runs)]:
        row = {**key._asdict(), "error": None if key in runs else failures[key]}
        row["factors"] = levels.get(key.variant, {})
        rows.append(dict(_flat({**row, **runs.get(key, {})})))
    # As objects, whole numbers stay whole in a column that has empty cells.
    return _named_once(pd.DataFrame(rows, dtype=object))


def epoch_table(histories: Mapping[RunKey, History]) -> pd.DataFrame:
    """The histories below each other, with their variant and seed."""
    if not histories:
        return pd.DataFrame(columns=KEY)
    table = pd.concat(dict(histories), names=KEY)
    return table.reset_index(KEY).reset_index(drop=True)


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """{a: {b: 1}} as a.b: 1; lists are written as JSON."""
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif prefix + name not in LEFT_OUT:
            cell = json.dumps(value) if isinstance(value, list) else value
            yield prefix + name, as_text(cell) if isinstance(cell, str) else cell


def _named_once(table: pd.DataFrame) -> pd.DataFrame:
    """Without `settings.augment`, null in some runs, where others have `settings.augment.shift`."""
    names = list(map(str, table))
    parents = {name[:place] for name in names for place, sign in enumerate(name) if sign == "."}
    return table.drop(columns=[name for name in names if name in parents])
