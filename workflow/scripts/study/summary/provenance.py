"""The software, data and machines behind the runs, and the load under which they were timed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from study.runs.metrics import Metrics
from study.summary.costs import any_published
from study.summary.groups import load_of
from study.summary.rows import Row
from study.summary.sections import Alert, Bullets, Section, Weight
from study.words import seeds_in_words

# May change a result; runs that differ in one of these call for an alert.
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

TOGETHER = (
    ("Python", "TensorFlow", "Keras", "NumPy", "scikit-learn"),
    ("Processor", "oneDNN", "Threads per run", "Arithmetic of the steps"),
    ("Project", "Git commit", "Training code digest", "Data SHA-256"),
)
"""What stands on one line."""


def provenance_section(rows: Sequence[Row], runs: Sequence[Metrics]) -> Section:
    """All values of each thing that the runs were made with, and the definitions of figures."""
    made_with = [
        "; ".join(f"{name}: {', '.join(distinct(runs, PROVENANCE[name]))}" for name in names)
        for names in TOGETHER
        if runs
    ]
    return Section(
        "How this was computed",
        [Bullets([*made_with, *_definitions(rows)])],
        weight=Weight.MINOR,
    )


def alert(runs: Sequence[Metrics]) -> list[Alert]:
    """An alert that names the runs behind each value, if the runs were not all made alike."""
    reasons = []
    for name, value in MADE_WITH.items():
        made_with: dict[str, list[Metrics]] = defaultdict(list)
        for run in runs:
            made_with[value(run)].append(run)
        if len(made_with) > 1:
            groups = sorted(made_with.items(), key=lambda group: -len(group[1]))
            values = "; ".join(f"{v} ({_names(group, runs)})" for v, group in groups)
            reasons.append(f"{name}: {values}")
    if not reasons:
        return []
    return [
        Alert(
            "The runs were not all made in the same way, which may explain differences between "
            "them.",
            reasons,
        )
    ]


def load_in_words(runs: Sequence[Metrics]) -> str:
    """The load under which the epochs were timed, as far as it is recorded."""
    threads = ", ".join(distinct(runs, lambda run: str(run["threads"])))
    processors = ", ".join(distinct(runs, lambda run: run["processor"]))
    loads = [load for run in runs if (load := load_of(run))]
    if loads:
        means = [load.mean for load in loads]
        cores = ", ".join(map(str, sorted({load.cores for load in loads})))
        measured = f"mean load of a run {min(means):.1f} to {max(means):.1f} on {cores} cores"
    else:
        measured = "not recorded"
    return f"Load: {measured}; {processors}; threads per run: {threads}."


def distinct(runs: Iterable[Metrics], value: Callable[[Metrics], str]) -> list[str]:
    """The distinct values of the runs, in order."""
    return list(dict.fromkeys(map(value, runs)))


def _arithmetic(settings: dict[str, Any]) -> str:
    return settings.get("precision", "float32") + (" by XLA" if settings.get("xla") else "")


def _short_commit(commit: str | None) -> str:
    """The first 12 digits, and whether files differed from the commit."""
    if commit is None:
        return "none"
    name, _, dirty = commit.partition("-")
    return name[:12] + (" with changes" if dirty else "")


def _names(group: Sequence[Metrics], runs: Sequence[Metrics]) -> str:
    """The group's variants, with their seeds unless it has all of the variant's runs."""
    every = Counter(run["variant"] for run in runs)
    seeds_of: dict[str, list[int]] = defaultdict(list)
    for run in group:
        seeds_of[run["variant"]].append(run["seed"])
    return ", ".join(
        f"`{variant}`" + ("" if len(seeds) == every[variant] else f" {seeds_in_words(seeds)}")
        for variant, seeds in seeds_of.items()
    )


def _definitions(rows: Sequence[Row]) -> list[str]:
    """The definitions of the figures in the tables."""
    lines = [
        "Test error: on the test images, after the last epoch; so is the accuracy if no epoch was "
        "chosen. Train error: the mean over the batches of the last epoch, dropout on, as `fit` "
        "reports it. Best epoch: the best by `val_metric` in `history.csv`, the first on ties."
        + (" Published: the `reference` figures of the configuration." * any_published(rows))
    ]
    if any(row.n_seeds > 1 for row in rows):
        lines.append(
            "Means over n seeds, ± the sample standard deviation; best epoch: the median. The "
            "verdict follows from the mean errors."
        )
    return lines
