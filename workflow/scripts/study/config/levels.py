"""The levels of factors: their names, and what each sets."""

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]
"""What a level sets, by name: settings of `training` or of the network."""


def named_levels(declared: Mapping[str, Any]) -> dict[str, dict[str, Settings]]:
    """The factors in one form: a list of values sets what the factor is called after.

    >>> named_levels({"kernel": [3, 5]})
    {'kernel': {'3': {'kernel': 3}, '5': {'kernel': 5}}}
    """
    return {
        name: {level_name(value): {name: value} for value in levels}
        if isinstance(levels, list)
        else {str(level): settings for level, settings in levels.items()}
        for name, levels in declared.items()
    }


def level_name(value: Any) -> str:
    """A level in words: `with` and `without` for true and false, else the value; of a mapping what
    it sets, `shift0.1-flip` for instance.
    """
    if isinstance(value, dict):
        return "-".join(_setting_name(key, part) for key, part in value.items() if part)
    if isinstance(value, list):
        return "-".join(map(level_name, value))
    if isinstance(value, bool):
        return "with" if value else "without"
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _setting_name(key: str, value: Any) -> str:
    if value is True:
        return key
    space = "-" if isinstance(value, dict) and any(value.values()) else ""
    return key + space + level_name(value)


def level_words(factor: str, level: str, space: str = "") -> str:
    """`kernel3`, `optimizer-sgd`, `no-batch_norm`; with a space, for people, `no batch norm`."""
    name = factor.replace("_", space or "_")
    if level in ("with", "without"):
        return name if level == "with" else f"no{space or '-'}{name}"
    return f"{name}{space or '-' * (not level[0].isdigit())}{level}"
