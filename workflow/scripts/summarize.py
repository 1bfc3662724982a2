"""Bring the runs together: the tables in Markdown, one row per variant in CSV, and a figure."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prettytable import PrettyTable, TableStyle

from study.comparison import comparison_figure, comparison_points
from study.files import atomic
from study.logs import script_log
from study.metrics import read_failures, read_images, read_metrics
from study.summary import Metrics, Row, seeds_in_words, summarize
from study.verdict import Thresholds, describe

if TYPE_CHECKING:
    snakemake: Any

NOTEBOOK_COLUMNS = (
    "Number of Convolutional layers",
    "Optimizations",
    "Accuracy",
    "Train error",
    "Test error",
    "Performance",
)
NAMES = {
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "kmnist": "Kuzushiji-MNIST",
    "digits": "scikit-learn digits",
}
NOTABLE = 0.4  # percentage points from the published accuracy
NONE = "—"


def to_markdown(
    rows: Sequence[Row],
    runs: Sequence[Metrics],
    images: tuple[int, int],
    thresholds: Thresholds,
) -> str:
    """The whole of summary.md.

    `runs` are the metrics of the finished runs behind `rows`; `images` counts the dataset's
    training and test images.
    """
    parts = [
        f"# {_dataset_names(runs)}: {len(rows)} networks compared" if runs else "# No finished run",
        _what_was_run(rows, runs, images),
        *_warning(runs),
        _performance_table(rows),
        describe(thresholds),
        "## Cost, and the published accuracy" if _any_published(rows) else "## Cost",
        _cost_table(rows),
        *_notable(rows),
        "## How this was computed",
        _provenance(rows, runs),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_csv(rows: Sequence[Row], path: str | Path) -> None:
    """summary.csv: one line per variant, unrounded, empty where there is no figure."""
    names = [field.name for field in fields(Row)]
    with atomic(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(asdict, rows))


def _what_was_run(rows: Sequence[Row], runs: Sequence[Metrics], images: tuple[int, int]) -> str:
    """One line: data, images, epochs, batch, seeds, validation."""
    if not runs:
        return ""
    validations = {
        "test": "validated on the test set, as in the 2019 notebook",
        "holdout": "validated on a held-out part of the training images",
    }
    most = max(row.n_seeds for row in rows)
    parts = [
        "{:,} training and {:,} test images".format(*images),
        _range(runs, lambda run: run["epochs"], "epoch"),
        f"batches of {_range(runs, lambda run: run['settings']['batch_size'])}",
        ("up to " if _uneven(rows) else "") + f"{most} seed{'s' * (most != 1)} per network",
        " or ".join(_distinct(runs, lambda run: validations[run["validation"]])),
    ]
    return f"Each network was trained on {_dataset_names(runs)}: " + ", ".join(parts) + "."


def _performance_table(rows: Sequence[Row]) -> str:
    """The 2019 notebook's table; with several seeds mean ± standard deviation and n."""
    several = any(row.n_seeds > 1 for row in rows)
    table = _table(NOTEBOOK_COLUMNS, left=("Optimizations", "Performance"))
    previous = None
    for row in rows:
        n = f" (n = {row.n_seeds})" if several and row.n_seeds else ""
        complete = row.status == "complete"
        table.add_row(
            [
                row.depth if row.depth != previous else "",
                _escape(row.label),
                _number(row.accuracy, ".2%", row.accuracy_sd, ".2%") + n,
                _number(row.train_loss, ".4f", row.train_loss_sd),
                _number(row.test_loss, ".4f", row.test_loss_sd),
                _escape("; ".join(filter(None, (row.verdict, "" if complete else row.status)))),
            ]
        )
        previous = row.depth
    return table.get_string()


def _cost_table(rows: Sequence[Row]) -> str:
    """What each variant costs; beside it the published accuracies, where there are any."""
    columns: dict[str, Callable[[Row], object]] = {
        "Variant": lambda row: f"`{row.id}`",
        "n": lambda row: row.n_seeds,
        "Parameters": lambda row: _number(row.parameters, ","),
        "Seconds per epoch": lambda row: _number(
            row.seconds_per_epoch, ".1f", row.seconds_per_epoch_sd
        ),
        "Best epoch": lambda row: _number(row.best_epoch, "g"),
    }
    if _any_published(rows):
        columns |= {
            "Published accuracy": lambda row: _number(row.reference_accuracy, ".2%"),
            "Accuracy": lambda row: _number(row.accuracy, ".2%", row.accuracy_sd, ".2%"),
            "Difference (points)": lambda row: _signed(row.difference_points),
        }
    table = _table(list(columns), left=("Variant",))
    for row in rows:
        table.add_row([cell(row) for cell in columns.values()])
    return table.get_string()


def _any_published(rows: Sequence[Row]) -> bool:
    return any(row.reference_accuracy is not None for row in rows)


def _notable(rows: Sequence[Row]) -> list[str]:
    """Which accuracies are far from the published ones; nothing where none is published."""
    differences = [(row.id, row.difference_points) for row in rows]
    known = [(id_, points) for id_, points in differences if points is not None]
    # 0.4 points exactly must not count as more because of its binary rounding.
    far = [f"`{id_}` ({_signed(points)})" for id_, points in known if abs(points) > NOTABLE + 1e-9]
    if far:
        listed = ", ".join(far)
        return [f"**More than {NOTABLE} points from the published accuracy:** {listed}."]
    if known:
        return [f"No accuracy is more than {NOTABLE} points from the published one."]
    return []


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
    "Python": lambda run: run["versions"]["python"],
    "Project": lambda run: run["versions"]["project"],
    "Git commit": lambda run: _short_commit(run["git_commit"]),
}


def _short_commit(commit: str | None) -> str:
    """The first 12 digits, and whether files differed from the commit."""
    if commit is None:
        return "none"
    name, _, dirty = commit.partition("-")
    return name[:12] + (" with changes" if dirty else "")


def _warning(runs: Sequence[Metrics]) -> list[str]:
    """An alert that names the runs behind each value, wherever the runs were not made alike."""
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


def _provenance(rows: Sequence[Row], runs: Sequence[Metrics]) -> str:
    several = any(row.n_seeds > 1 for row in rows)
    lines = [f"- {name}: {', '.join(_distinct(runs, value))}" for name, value in PROVENANCE.items()]
    lines = lines if runs else []
    lines.append(
        "- Accuracy and test error: on the test images, after the last epoch. Train error: the "
        "mean over the batches of the last epoch, dropout on, as `fit` reports it. Best epoch: "
        "the one of highest validation accuracy, the first on ties."
        + (" Published: the `reference` figures of the configuration." * _any_published(rows))
    )
    if several:
        lines.append(
            "- Means over n seeds, ± the sample standard deviation; best epoch: the median. The "
            "verdict follows from the mean errors."
        )
    return "\n".join(lines)


def _table(names: Sequence[str], left: Sequence[str]) -> PrettyTable:
    table = PrettyTable(names)
    table.set_style(TableStyle.MARKDOWN)
    for name in names:
        table.align[name] = "l" if name in left else "r"
    return table


def _number(
    value: float | None, spec: str, sd: float | None = None, sd_spec: str | None = None
) -> str:
    """`value`, with ± `sd` where there is one; an em dash for None."""
    if value is None:
        return NONE
    if sd is None:
        return format(value, spec)
    return f"{value:{spec}} ± {sd:{sd_spec or spec}}"


def _signed(points: float | None) -> str:
    return NONE if points is None else f"{points:+.2f}".replace("-", "−")


def _escape(text: str) -> str:
    """A table cell must hold neither a column's end nor a line's."""
    return " ".join(text.split()).replace("|", "\\|")


def _distinct(runs: Iterable[Metrics], value: Callable[[Metrics], str]) -> list[str]:
    return list(dict.fromkeys(map(value, runs)))


def _range(runs: Sequence[Metrics], value: Callable[[Metrics], int], unit: str = "") -> str:
    """12 epochs, or 5 to 12 epochs."""
    low, high = min(map(value, runs)), max(map(value, runs))
    text = f"{low}" if low == high else f"{low} to {high}"
    return f"{text} {unit}{'s' * (high != 1)}" if unit else text


def _uneven(rows: Sequence[Row]) -> bool:
    return len({row.n_seeds for row in rows}) > 1


def _dataset_names(runs: Sequence[Metrics]) -> str:
    def name(run: Metrics) -> str:
        return NAMES.get(run["data"]["dataset"], run["data"]["dataset"])

    return ", ".join(_distinct(runs, name))


if __name__ == "__main__":
    with script_log(snakemake.log[0]):
        params, output = snakemake.params, snakemake.output
        metrics = read_metrics(snakemake.input.metrics)
        failures = read_failures(params.failed)
        images = read_images(snakemake.input.manifest)
        rows = summarize(params.variants, params.runs, metrics, failures, params.verdict)
        finished = [metrics[v, s] for v, s in params.runs if (v, s) in metrics]
        write_csv(rows, output.csv)
        with atomic(output.markdown) as temporary:
            text = to_markdown(rows, finished, images, params.verdict)
            temporary.write_text(text, encoding="utf-8")
        points = comparison_points(rows, finished, test_images=images[1])
        figure = comparison_figure(points, params.verdict, params.title)
        with atomic(output.comparison) as temporary:
            figure.savefig(temporary, dpi=params.dpi)
