"""What a figure of the study shows is what was measured, at its place and under its name."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from study.figures.comparison import comparison_figure
from study.figures.facets import facets
from study.figures.learning_curves import learning_curves_figure
from study.figures.points import comparison_points
from study.figures.style import scale_accuracy
from study.figures.time_accuracy import time_accuracy_figure
from study.runs.history import History
from study.runs.metrics import RunKey
from study.summary.rows import Row, summarize
from synthetic import THRESHOLDS, metrics

ACCURACIES = {"a": (0.90, 0.92), "b": (0.95, 0.97)}
RUNS = {
    RunKey(variant, seed): metrics(
        variant,
        seed,
        test_accuracy=accuracy,
        train_loss=0.1 if variant == "a" else 0.4,
        test_loss=0.2,
        seconds_per_epoch=10.0 if variant == "a" else 20.0,
    )
    for variant, accuracies in ACCURACIES.items()
    for seed, accuracy in enumerate(accuracies, 1)
}


@pytest.fixture
def rows() -> list[Row]:
    own: list[dict[str, Any]] = [
        {"id": "a", "label": "A", "depth": 3, "reference": {"accuracy": 0.8}},
        {"id": "b", "label": "B", "depth": 3},
    ]
    return summarize(own, list(RUNS), RUNS, {}, THRESHOLDS, 10000)


def lines(axes: Axes, marker: str) -> list[tuple[list[float], list[float]]]:
    """The values of the lines with this marker."""
    return [
        (np.asarray(line.get_xdata(), float).tolist(), np.asarray(line.get_ydata(), float).tolist())
        for line in axes.lines
        if line.get_marker() == marker
    ]


def intervals_of(rows: list[Row]) -> list[Any]:
    """The variants' intervals, in percent."""
    return [
        pytest.approx([100 * row.accuracy_low, 100 * row.accuracy_high])
        for row in rows
        if row.accuracy_low is not None and row.accuracy_high is not None
    ]


def test_the_comparison_has_a_row_for_each_variant_from_top_to_bottom(rows: list[Row]) -> None:
    left, _ = comparison_figure(comparison_points(rows, list(RUNS.values())), THRESHOLDS, "").axes
    assert left.yaxis_inverted()
    assert left.get_yticks().tolist() == [1, 2]
    seeds = lines(left, "|")
    assert seeds[0] == (pytest.approx([90, 92]), [1, 1])
    assert seeds[1] == (pytest.approx([95, 97]), [2, 2])
    means = [(x, y) for x, y in lines(left, "o") if y != [0]]  # a heading is at 0
    assert means == [(pytest.approx([91]), [1]), (pytest.approx([96]), [2])]
    assert lines(left, "d") == [(pytest.approx([80]), [1])]  # the published figure
    intervals = [x for x, y in lines(left, "None") if y in ([1, 1], [2, 2])]
    assert intervals == intervals_of(rows)


def test_losses_are_drawn_by_train_and_test_with_the_limits_as_ratios(rows: list[Row]) -> None:
    _, right = comparison_figure(comparison_points(rows, list(RUNS.values())), THRESHOLDS, "").axes
    assert lines(right, "o") == [([0.1], [0.2]), ([0.4], [0.2])]
    assert "rain" in right.get_xlabel() and "est" in right.get_ylabel()
    limits = [line for line in right.lines if line.get_linestyle() == "--"]
    ratios = [np.asarray(line.get_ydata()) / np.asarray(line.get_xdata()) for line in limits]
    assert [*map(list, ratios)] == [pytest.approx([0.75] * 2), pytest.approx([2] * 2)]


def test_time_and_accuracy_are_drawn_with_the_interval_in_percent(rows: list[Row]) -> None:
    (axes,) = time_accuracy_figure(rows, "").axes
    points = [(x, y) for x, y in lines(axes, "o") if len(x) == 1]
    assert points == [([10.0], pytest.approx([91])), ([20.0], pytest.approx([96]))]
    intervals = [(x, y) for x, y in lines(axes, "None") if x[0] == x[-1]]
    assert [x for x, _ in intervals] == [[10.0] * 2, [20.0] * 2]
    assert [y for _, y in intervals] == intervals_of(rows)


def test_learning_curves_show_validation_solid_and_train_dashed(rows: list[Row]) -> None:
    epochs = [1, 2, 3]
    histories: dict[RunKey, History] = {
        RunKey("a", 1): pd.DataFrame(
            {
                "epoch": epochs,
                "loss": [0.9, 0.5, 0.3],
                "accuracy": [0.6, 0.7, 0.8],
                "loss_eval": [0.7, 0.3, 0.2],
                "val_loss": [0.8, 0.4, 0.35],
                "val_accuracy": [0.7, 0.8, 0.85],
            }
        )
    }
    upper, lower = learning_curves_figure(facets(rows, histories), "").axes
    (accuracy,) = upper.lines
    assert np.asarray(accuracy.get_ydata()).tolist() == pytest.approx([70, 80, 85])
    drawn = {line.get_linestyle(): np.asarray(line.get_ydata()).tolist() for line in lower.lines}
    assert drawn == {"-": [0.8, 0.4, 0.35], "--": [0.9, 0.5, 0.3]}
    assert all(np.asarray(line.get_xdata()).tolist() == epochs for line in lower.lines)


def test_the_axis_that_is_logarithmic_in_the_error_turns_back_into_percent() -> None:
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    assert scale_accuracy(axes, "x", [50.0, 99.9]) == ", axis logarithmic in the error"
    scale = axes.xaxis.get_transform()
    percents = np.array([0.0, 50.0, 99.0, 99.9, 100.0])
    places = scale.transform(percents)
    assert scale.inverted().transform(places) == pytest.approx(percents)
    assert (np.diff(places) > 0).all()
