"""The study's front page, summary.md."""

from collections.abc import Callable, Sequence

from prettytable import PrettyTable, TableStyle

from study.summary.overfitting import describe
from study.summary.provenance import distinct, made_with, warning
from study.summary.report import (
    Report,
    Table,
    any_published,
    conclusion_table,
    condition_table,
    contrast_table,
    cost_table,
    effect_table,
    performance_table,
    selection_table,
    signed,
)
from study.summary.rows import Metrics, Row

NAMES = {
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "kmnist": "Kuzushiji-MNIST",
    "digits": "scikit-learn digits",
}


NOTABLE = 0.4  # percentage points from the published accuracy


def to_markdown(report: Report) -> str:
    """The whole of summary.md."""
    rows, runs = report.rows, report.runs
    parts = [
        f"# {_dataset_names(runs)}: {_networks(rows)} compared" if runs else "# No finished run",
        _what_was_run(rows, runs, report.images),
        *warning(runs),
        markdown_table(performance_table(rows)),
        _how_to_read(rows, report),
        *_contrasts(report),
        *_effects(report),
        *_conclusions(report),
        *_selection(rows, runs),
        "## Cost, and the published accuracy" if any_published(rows) else "## Cost",
        markdown_table(cost_table(rows)),
        *_notable(rows),
        "## How this was computed",
        "\n".join([*made_with(runs), *_definitions(rows)]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def markdown_table(table: Table) -> str:
    pretty = PrettyTable(table.columns)
    pretty.set_style(TableStyle.MARKDOWN)
    for name in table.columns:
        pretty.align[name] = "l" if name in table.left else "r"
    for row in table.rows:
        pretty.add_row(
            [
                f"`{cell}`" if column in table.code else _escape(cell)
                for column, cell in zip(table.columns, row, strict=True)
            ]
        )
    return pretty.get_string()


def _networks(rows: Sequence[Row]) -> str:
    return f"{len(rows)} network{'s' * (len(rows) != 1)}"


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
        " or ".join(distinct(runs, lambda run: validations[run["validation"]])),
    ]
    return f"Each network was trained on {_dataset_names(runs)}: " + ", ".join(parts) + "."


def _how_to_read(rows: Sequence[Row], report: Report) -> str:
    """What the figures of the first table are, and the verdict's rule."""
    methods = {row.accuracy_interval for row in rows if row.accuracy_interval}
    over_seeds = sorted(methods - {"Wilson"})
    sentences = []
    if any(row.n_seeds > 1 for row in rows):
        sentences.append("Figures are means over n seeds ± their standard deviation.")
    if over_seeds:
        sentences.append(
            f"The 95 % interval ({', '.join(over_seeds)}) is for the mean accuracy over seeds."
        )
    if "Wilson" in methods:
        sentences.append(
            f"{'Where n = 1 it' if over_seeds else 'The 95 % interval'} is Wilson's: "
            f"test-set sampling only, {report.images[1]:,} images; how far another seed would "
            "be away, one seed cannot tell."
        )
    if any(row.chosen_epoch is not None for row in rows):
        sentences.append("Accuracy is that of the chosen epoch, errors are those of the last.")
    return " ".join([*sentences, describe(report.thresholds)])


def _contrasts(report: Report) -> list[str]:
    if not report.comparisons:
        return []
    return [
        "## What may be concluded",
        markdown_table(contrast_table(report.comparisons)),
        "Differences are variant minus baseline, over n paired seeds; p is adjusted by Holm for "
        "all contrasts of a family. `comparisons.csv` says each in a sentence, with the tests used "
        "and McNemar's test of every seed; `contrasts.png` draws them.",
    ]


def _effects(report: Report) -> list[str]:
    if not report.effects:
        return []
    return [
        "## Effects of the factors",
        markdown_table(effect_table(report.effects)),
        "Main effects and interactions of two factors, computed within each of n seeds.",
    ]


def _conclusions(report: Report) -> list[str]:
    """The answers at a glance, then for each its figures and its rule."""
    conclusions = report.conclusions
    if not conclusions:
        return []
    parts = [
        "## The notebook's five conclusions",
        markdown_table(conclusion_table(conclusions)),
        "A conclusion is supported if every one of its conditions, below, is shown over the seeds.",
    ]
    for conclusion in conclusions:
        parts += [
            f"### {conclusion.number}. {conclusion.claim}",
            f"**{conclusion.answer.capitalize()}** (n = {conclusion.n}). {conclusion.why}",
            markdown_table(condition_table(conclusion)),
            "\n".join(f"- {line}" for line in (conclusion.rule, *conclusion.remarks)),
        ]
    return parts


def _selection(rows: Sequence[Row], runs: Sequence[Metrics]) -> list[str]:
    """What the epoch was chosen on."""
    if not runs:
        return []
    parts = ["## Choice of the epoch"]
    if any(row.chosen_epoch is not None for row in rows):
        parts += [
            markdown_table(selection_table(rows)),
            "The chosen epoch is the one of highest accuracy on the held-out images, the first on "
            "ties (median over seeds). The test images had no part in the choice.",
        ]
    on_test = [row.id for row in rows if row.n_seeds and row.chosen_epoch is None]
    if on_test:
        every = len(on_test) == sum(row.n_seeds > 0 for row in rows)
        whose = "" if every else " of " + ", ".join(f"`{id_}`" for id_ in on_test)
        parts.append(
            f"The test set served for validation{whose}, as in the notebook. No epoch was chosen "
            "by it: accuracies are those of the last epoch. The best epoch below was read off the "
            "test images, so its accuracy would be too good; `validation: holdout` chooses an "
            "epoch without them."
        )
    return parts


def _notable(rows: Sequence[Row]) -> list[str]:
    """Which accuracies are far from the published ones; nothing where none is published."""
    differences = [(row.id, row.difference_points) for row in rows]
    known = [(id_, points) for id_, points in differences if points is not None]
    # 0.4 points exactly must not count as more because of its binary rounding.
    far = [f"`{id_}` ({signed(points)})" for id_, points in known if abs(points) > NOTABLE + 1e-9]
    if far:
        listed = ", ".join(far)
        return [f"**More than {NOTABLE} points from the published accuracy:** {listed}."]
    if known:
        return [f"No accuracy is more than {NOTABLE} points from the published one."]
    return []


def _escape(text: str) -> str:
    """A table cell must hold neither a column's end nor a line's."""
    return " ".join(text.split()).replace("|", "\\|")


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

    return ", ".join(distinct(runs, name))


def _definitions(rows: Sequence[Row]) -> list[str]:
    """What the figures of the tables are."""
    lines = [
        "- Test error: on the test images, after the last epoch; so is the accuracy where no epoch "
        "was chosen. Train error: the mean over the batches of the last epoch, dropout on, as "
        "`fit` reports it. Best epoch: the one of highest validation accuracy, the first on ties."
        + (" Published: the `reference` figures of the configuration." * any_published(rows))
    ]
    if any(row.n_seeds > 1 for row in rows):
        lines.append(
            "- Means over n seeds, ± the sample standard deviation; best epoch: the median. The "
            "verdict follows from the mean errors."
        )
    return lines
