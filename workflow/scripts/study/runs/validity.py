"""What is wrong with the content of a metrics.json, if anything."""

import json
from collections.abc import Mapping
from math import inf, isnan
from pathlib import Path
from typing import Any

FIGURES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("test_accuracy", "chosen_test_accuracy"), (0, 1)),
    **dict.fromkeys(("train_loss", "train_loss_eval", "test_loss", "chosen_test_loss"), (0, inf)),
    **dict.fromkeys(("seconds_per_epoch", "train_seconds_per_epoch"), (0, inf)),
    **dict.fromkeys(("wall_seconds", "cpu_seconds"), (0, inf)),
    **dict.fromkeys(("epochs", "best_epoch", "chosen_epoch", "threads"), (1, inf)),
    **dict.fromkeys(("seed", "parameters"), (0, inf)),
}
"""The lowest and the highest value of each figure that tables are made from."""

WHOLE = ("epochs", "best_epoch", "chosen_epoch", "threads", "seed", "parameters")
"""Those that are whole numbers."""

CHOSEN = ("chosen_epoch", "chosen_test_accuracy", "chosen_test_loss")
"""Those of the chosen epoch, null for a run that chose none."""

PARTS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("variant", "validation", "processor", "code_digest"), str),
    **dict.fromkeys(("settings", "data", "versions", "load"), dict),
    **{"load.mean": float, "load.cores": int},
    "onednn": bool,
    "git_commit": (str, type(None)),
    **dict.fromkeys(("settings.epochs", "settings.batch_size"), int),
    **dict.fromkeys(("settings.loss", "settings.validation"), str),
    "settings.early_stopping": (dict, type(None)),
    "settings.metric": (str, type(None)),
    **dict.fromkeys(("data.dataset", "data.sha256"), str),
    **{
        f"versions.{name}": str
        for name in ("python", "tensorflow", "keras", "numpy", "scikit-learn", "project")
    },
}
"""What tables are made from beside figures, by its key, with its type."""


def problem_of(content: Any, path: Path) -> str | None:
    """The first thing that is wrong with a metrics.json, in words."""
    if not isinstance(content, dict):
        return "not the metrics of a run"
    missing = {*PARTS, *FIGURES} - set(CHOSEN) - _keys(content)
    if missing:
        return f"not the metrics of a run, {', '.join(sorted(missing))} missing"
    for key, kind in PARTS.items():
        value = _value(content, key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            return f"{key}: {json.dumps(value)} is not {_KINDS[kind]}"
    for key, (low, high) in FIGURES.items():
        value = content.get(key)
        if value is None and key in CHOSEN:
            continue
        if isinstance(value, float) and isnan(value) and high == inf:
            continue  # a loss, which may be none on images that no epoch was validated on
        problem = number_problem(value, low, high, whole=key in WHOLE)
        if problem:
            return f"{key}: {problem}"
    return _contradiction(content, path)


def _contradiction(run: Mapping[str, Any], path: Path) -> str | None:
    """The first two entries that do not agree, in words."""
    settings = run["settings"]
    stops_early = settings["early_stopping"] is not None and run["epochs"] < settings["epochs"]
    for key in ("validation",) if stops_early else ("epochs", "validation"):
        if run[key] != settings[key]:
            return f"{key}: {run[key]!r}, but settings.{key} is {settings[key]!r}"
    for key in ("best_epoch", "chosen_epoch"):
        if (run.get(key) or 1) > run["epochs"]:
            return f"{key}: {run[key]} of {run['epochs']} epochs"
    if len({run.get(key) is None for key in CHOSEN}) > 1:
        return f"{', '.join(CHOSEN)}: only some are null"
    folder = path.parent
    if folder.name.startswith("seed-"):
        for key, place in (("variant", folder.parent.name), ("seed", folder.name[5:])):
            if str(run[key]) != place:
                return f"{key}: {json.dumps(run[key])}, but it is in the folder of {place!r}"
    return None


def number_problem(value: Any, low: float, high: float, whole: bool) -> str | None:
    """Why a value from a JSON file is no number from `low` to `high`, in words."""
    kinds = int if whole else (int, float)
    if isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high:
        return None
    kind = "a whole number" if whole else "a number"
    limits = f"of at least {low}" if high == inf else f"from {low} to {high}"
    return f"{json.dumps(value)} is not {kind} {limits}"


def _value(content: Any, key: str) -> Any:
    for part in key.split(".", 1):
        content = content[part]
    return content


def _keys(content: Mapping[str, Any]) -> set[str]:
    """The keys of a mapping, and those one level below."""
    inner = [(key, value) for key, value in content.items() if isinstance(value, dict)]
    return {*content, *(f"{key}.{name}" for key, value in inner for name in value)}


_KINDS: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    (str, type(None)): "text or null",
    (dict, type(None)): "a mapping or null",
}
