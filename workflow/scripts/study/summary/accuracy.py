"""The front of the summary: the notebook's table of accuracies, errors and verdicts."""

from collections.abc import Callable, Sequence

from study.runs.measures import MEASURES
from study.runs.metrics import Metrics
from study.statistics.failures import Failures
from study.summary.overfitting import Thresholds, describe, train_errors
from study.summary.provenance import alert, distinct
from study.summary.rows import Row
from study.summary.sections import INTERVAL, Alert, Block, Kind, Section, Table, Weight, table_of
from study.words import NONE, count_of, number, plural

NAMES = {
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "kmnist": "Kuzushiji-MNIST",
    "cifar10": "CIFAR-10",
    "digits": "scikit-learn digits",
}
"""The printed names of the data sets."""

NOTEBOOK_COLUMNS = {
    "Number of Convolutional layers": Kind.NUMBER,
    "Optimizations": Kind.TEXT,
    "Accuracy": Kind.NUMBER,
    "Train error": Kind.NUMBER,
    "Test error": Kind.NUMBER,
    "Performance": Kind.TEXT,
}


def accuracy_section(
    rows: Sequence[Row],
    runs: Sequence[Metrics],
    images: tuple[int, int],
    failures: Failures,
    thresholds: Thresholds,
    alerts: Sequence[Alert] = (),
) -> Section:
    """Failed trainings, the study in a sentence, warnings, and its main table.

    `runs` are the metrics of the finished runs behind `rows`; `images` counts the training and
    the test images.
    """
    title = (
        f"{_dataset_names(runs)}: {count_of(len(rows), 'network')} compared"
        if runs
        else "No finished run"
    )
    blocks: list[Block] = [*failure_alert(rows, failures)]
    blocks += [_settings(rows, runs, images)] if runs else []
    blocks += [
        *alerts,
        *alert(runs),
        performance_table(rows),
        _how_to_read(rows, images[1], thresholds),
        *train_errors(runs),
    ]
    return Section(title, blocks)


def failure_alert(rows: Sequence[Row], failures: Failures) -> list[Alert]:
    """An alert that names the trainings that did not learn, if there are any."""
    sentences = failures.in_words(row.id for row in rows)
    if not sentences:
        return []
    return [
        Alert(
            "Some trainings did not learn: their accuracy is far below that of the network's other "
            "seeds (docs/statistics.md has the rule). They are in all means and figures below; "
            "verdicts are given with and without them.",
            sentences,
        )
    ]


def performance_table(rows: Sequence[Row]) -> Table:
    """The 2019 notebook's six columns, the number of seeds, and the accuracy's interval."""
    cells = []
    previous: int | None = 0
    for row in rows:
        status = "" if row.status == "complete" else row.status
        cells.append(
            [
                number(row.depth, "d") if row.depth != previous else "",
                row.label,
                number(row.accuracy, ".2%", row.accuracy_sd),
                number(row.train_loss, ".4f", row.train_loss_sd),
                number(row.test_loss, ".4f", row.test_loss_sd),
                "; ".join(filter(None, (row.verdict, status))),
                str(row.n_seeds),
                _interval(row, rows),
            ]
        )
        previous = row.depth
    methods = ", ".join(_methods(rows))
    return Table(
        {**NOTEBOOK_COLUMNS, "n": Kind.NUMBER, INTERVAL: Kind.NUMBER},
        cells,
        name="accuracy",
        caption="Test accuracy, errors of the last epoch, and verdict; n seeds per network."
        + (f" Intervals: {methods}." if methods else ""),
    )


def selection_section(rows: Sequence[Row], runs: Sequence[Metrics]) -> Section | None:
    """How the epoch was chosen; None if no run chose one."""
    if all(row.chosen_epoch is None for row in rows):
        return None
    return Section(
        "Choice of the epoch",
        [
            selection_table(rows, runs),
            f"The chosen epoch is the one with the {_best(runs)} on {_chosen_on(runs)}, the "
            "first on ties (median over seeds). The test images had no part in the choice.",
        ],
        weight=Weight.MINOR,
    )


def _validated_on_test(rows: Sequence[Row]) -> list[str]:
    """What follows for the networks that were validated on the test images, if there are any."""
    on_test = [row.id for row in rows if row.n_seeds and row.chosen_epoch is None]
    if not on_test:
        return []
    every = len(on_test) == sum(row.n_seeds > 0 for row in rows)
    whose = "" if every else " of " + ", ".join(f"`{id_}`" for id_ in on_test)
    return [
        f"The test set served for validation{whose}, as in the notebook. It did not choose the "
        "epoch: accuracies are those of the last epoch. The best epoch in the table of costs was "
        "found on the test images, so its accuracy would be too good; `validation: holdout` or "
        "`given` chooses an epoch without them."
    ]


CHOSEN_ON = {"holdout": "held-out training images", "given": "the given validation images"}
"""What an epoch is chosen on, by the setting `validation`."""


def _chosen_on(runs: Sequence[Metrics]) -> str:
    return " or ".join(
        distinct(
            [run for run in runs if run["validation"] in CHOSEN_ON],
            lambda run: CHOSEN_ON[run["validation"]],
        )
    )


def _best(runs: Sequence[Metrics]) -> str:
    """`highest accuracy`, by what the runs chose their epoch by."""
    metrics = distinct([run for run in runs if run["settings"]["metric"]], _metric)
    return " or ".join(
        f"{'lowest' if MEASURES[metric].lower_is_better else 'highest'} {MEASURES[metric].words}"
        for metric in metrics
    )


def _metric(run: Metrics) -> str:
    name: str = run["settings"]["metric"]
    return name


def selection_table(rows: Sequence[Row], runs: Sequence[Metrics]) -> Table:
    """The last epoch and the chosen one side by side, for the variants that chose one."""
    return table_of(
        [row for row in rows if row.chosen_epoch is not None],
        {
            "Variant": (Kind.CODE, lambda row: row.id),
            "n": (Kind.NUMBER, lambda row: str(row.n_seeds)),
            "Accuracy, last epoch": (Kind.NUMBER, lambda row: number(row.test_accuracy, ".2%")),
            "Test error, last epoch": (Kind.NUMBER, lambda row: number(row.test_loss, ".4f")),
            "Chosen epoch": (Kind.NUMBER, lambda row: number(row.chosen_epoch, "g")),
            "Accuracy, chosen epoch": (
                Kind.NUMBER,
                lambda row: number(row.chosen_test_accuracy, ".2%"),
            ),
            "Test error, chosen epoch": (
                Kind.NUMBER,
                lambda row: number(row.chosen_test_loss, ".4f"),
            ),
        },
        name="selection",
        caption=f"The last epoch, and the epoch chosen on {_chosen_on(runs)}.",
    )


def _settings(rows: Sequence[Row], runs: Sequence[Metrics], images: tuple[int, int]) -> str:
    """Data, images, epochs, batch size, seeds and validation in a sentence."""
    validations = {
        "test": "validated on the test set, as in the 2019 notebook",
        "holdout": "validated on a held-out part of the training images",
        "given": "validated on the given validation images",
    }
    most = max(row.n_seeds for row in rows)
    uneven = any(row.n_seeds < most for row in rows)
    parts = [
        "{:,} training and {:,} test images".format(*images),
        _range(runs, lambda run: run["epochs"], "epoch"),
        f"batches of {_range(runs, lambda run: run['settings']['batch_size'])}",
        ("up to " if uneven else "") + f"{count_of(most, 'seed')} per network",
        " or ".join(distinct(runs, lambda run: validations[run["validation"]])),
    ]
    return f"Each network was trained on {_dataset_names(runs)}: " + ", ".join(parts) + "."


def _how_to_read(rows: Sequence[Row], test_images: int, thresholds: Thresholds) -> str:
    """The meaning of the main table's figures, and the verdict's rule."""
    methods = _methods(rows)
    over_seeds = [method for method in methods if method != "Wilson"]
    sentences = []
    if any(row.n_seeds > 1 for row in rows):
        sentences.append("Figures are means over n seeds ± their standard deviation.")
    if over_seeds:
        sentences.append(
            f"The {INTERVAL} ({', '.join(over_seeds)}) is for the mean accuracy over seeds, "
            "if accuracies are normal."
        )
    if "Wilson" in methods:
        sentences.append(
            f"{'Where n = 1 it' if over_seeds else f'The {INTERVAL}'} is Wilson's, for the "
            f"sampling of the {test_images:,} test images; it does not include variation between "
            "seeds."
        )
    if any(row.chosen_epoch is not None for row in rows):
        sentences.append("Accuracy is that of the chosen epoch, errors are those of the last.")
    return " ".join([*sentences, describe(thresholds), *_validated_on_test(rows)])


def _methods(rows: Sequence[Row]) -> list[str]:
    return sorted({row.accuracy_interval for row in rows if row.accuracy_interval})


def _interval(row: Row, rows: Sequence[Row]) -> str:
    """From 99.27 to 99.57 as 99.27–99.57%, with its method if the table has several."""
    if row.accuracy_low is None or row.accuracy_high is None:
        return NONE if row.n_seeds == 0 else "no spread over seeds"
    method = f" ({row.accuracy_interval})" if len(_methods(rows)) > 1 else ""
    return f"{100 * row.accuracy_low:.2f}–{row.accuracy_high:.2%}{method}"


def _range(runs: Sequence[Metrics], value: Callable[[Metrics], int], unit: str = "") -> str:
    """12 epochs, or 5 to 12 epochs."""
    low, high = min(map(value, runs)), max(map(value, runs))
    text = f"{low}" if low == high else f"{low} to {high}"
    return f"{text} {plural(high, unit)}" if unit else text


def _dataset_names(runs: Sequence[Metrics]) -> str:
    def name(run: Metrics) -> str:
        return NAMES.get(run["data"]["dataset"], run["data"]["dataset"])

    return ", ".join(distinct(runs, name))
