"""What the runs were made with, and under what load, in Markdown."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from study.summary.rows import Metrics
from study.words import seeds_in_words

# What may change a result; runs that differ in it call for a warning.
MADE_WITH: dict[str, Callable[[Metrics], str]] = {
    "TensorFlow": lambda run: run["versions"]["tensorflow"],
    "Keras": lambda run: run["versions"]["keras"],
    "NumPy": lambda run: run["versions"]["numpy"],
    "scikit-learn": lambda run: run["versions"]["scikit-learn"],
    "Processor": lambda run: run["processor"],
    "oneDNN": lambda run: "on" if run["onednn"] else "off",
    "Threads per run": lambda run: str(run["threads"]),
    "Training code digest": lambda run: run["code_digest"][:12],
    "Data SHA-256": lambda run: run["data"]["sha256"][:12],
}


PROVENANCE = MADE_WITH | {
    "Arithmetic of the steps": lambda run: _arithmetic(run["settings"]),
    "Python": lambda run: run["versions"]["python"],
    "Project": lambda run: run["versions"]["project"],
    "Git commit": lambda run: _short_commit(run["git_commit"]),
}


def _arithmetic(settings: dict[str, Any]) -> str:
    return settings.get("precision", "float32") + (" by XLA" if settings.get("xla") else "")


def _short_commit(commit: str | None) -> str:
    """The first 12 digits, and whether files differed from the commit."""
    if commit is None:
        return "none"
    name, _, dirty = commit.partition("-")
    return name[:12] + (" with changes" if dirty else "")


def warning(runs: Sequence[Metrics]) -> list[str]:
    """An alert that names the runs behind each value, if the runs were not all made alike."""
    lines = []
    for name, value in MADE_WITH.items():
        made_with: dict[str, list[Metrics]] = defaultdict(list)
        for run in runs:
            made_with[value(run)].append(run)
        if len(made_with) > 1:
            groups = sorted(made_with.items(), key=lambda group: -len(group[1]))
            values = "; ".join(f"{v} ({_runs(group, runs)})" for v, group in groups)
            lines.append(f"> - {name}: {values}")
    if not lines:
        return []
    head = "> The runs were not all made alike, which may be behind differences between them."
    return ["\n".join(["> [!WARNING]", head, ">", *lines])]


def _runs(group: Sequence[Metrics], runs: Sequence[Metrics]) -> str:
    """Which runs: variants by id, with their seeds where not all of the variant's are meant."""
    every = Counter(run["variant"] for run in runs)
    seeds_of: dict[str, list[int]] = defaultdict(list)
    for run in group:
        seeds_of[run["variant"]].append(run["seed"])
    return ", ".join(
        f"`{variant}`" + ("" if len(seeds) == every[variant] else f" {seeds_in_words(seeds)}")
        for variant, seeds in seeds_of.items()
    )


def made_with(runs: Sequence[Metrics]) -> list[str]:
    """A line for each thing that made the results, with all values that it had."""
    if not runs:
        return []
    return [f"- {name}: {', '.join(distinct(runs, value))}" for name, value in PROVENANCE.items()]


def load_in_words(runs: Sequence[Metrics]) -> str:
    """Under what load the epochs were timed, as far as the runs know."""
    threads = ", ".join(distinct(runs, lambda run: str(run["threads"])))
    processors = ", ".join(distinct(runs, lambda run: run["processor"]))
    shares = [run["cpu_seconds"] / run["wall_seconds"] for run in runs if run["wall_seconds"] > 0]
    got = f" ({min(shares):.2f} to {max(shares):.2f} processor seconds a second)" if shares else ""
    return (
        f"Load: {processors}; threads per run: {threads}{got}. How many runs trained side by side "
        "is not on record, so the networks compared may have had unequal neighbours."
    )


def distinct(runs: Iterable[Metrics], value: Callable[[Metrics], str]) -> list[str]:
    """The values that the runs have, each once, in order."""
    return list(dict.fromkeys(map(value, runs)))
