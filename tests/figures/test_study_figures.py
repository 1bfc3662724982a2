"""The figures of the whole study, and what drawing them must not import."""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT
from study.figures.comparison import comparison_figure
from study.figures.facets import MOST_CURVES, Facet, facets
from study.figures.learning_curves import gap_figure, learning_curves_figure
from study.figures.points import comparison_points
from study.figures.style import MARKERS
from study.figures.time_accuracy import best_for_their_time, time_accuracy_figure
from study.runs.history import History
from study.runs.metrics import RunKey
from study.summary.rows import Row, summarize
from synthetic import THRESHOLDS, VARIANTS, metrics

SCRIPTS = ROOT / "workflow" / "scripts"


@pytest.mark.parametrize("seeds", [1, 3])
def test_comparison(tmp_path: Path, seeds: int) -> None:
    """Twelve variants, one of them missing: a row each, a marker for each that has figures."""
    expected = [(v["id"], s) for v in VARIANTS for s in range(1, seeds + 1)]
    runs = {
        RunKey(id_, seed): metrics(id_, seed, test_accuracy=0.99 + 0.001 * seed)
        for id_, seed in expected
        if id_ != "conv7-k5"
    }
    rows = summarize(VARIANTS, expected, runs, {}, THRESHOLDS, 10000)
    points = comparison_points(rows, list(runs.values()))
    figure = comparison_figure(points, THRESHOLDS, "a title")
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()][9] == "With ConvNet (5, 5)  10"
    assert "missing" in [text.get_text() for text in left.texts]
    numbers = {text.get_text() for text in right.texts}
    assert numbers == {str(n) for n in range(1, 13) if n != 10} | {"r = 0.75", "r = 2"}
    assert (right.get_xscale(), right.get_yscale()) == ("log", "log")
    (legend,) = [legend for part in figure.subfigs for legend in part.legends]
    words = [text.get_text() for text in legend.get_texts()]
    assert f"95 % interval ({'Wilson' if seeds == 1 else 'Student t'})" in words
    assert "Published (one run)" in words
    figure.savefig(tmp_path / "comparison.png")


@pytest.mark.parametrize(("variants", "finished"), [(1, 1), (1, 0), (50, 49)])
def test_comparison_of_a_users_own_variants(tmp_path: Path, variants: int, finished: int) -> None:
    """Without references, one network at chance level, another at 100 %."""
    own: list[dict[str, Any]] = [
        {"id": f"v{n}", "label": f"v{n}", "depth": n // 9} for n in range(variants)
    ]
    accuracies = [0.098, 1.0] + [0.99] * variants
    runs = {
        RunKey(v["id"], 1): metrics(v["id"], test_accuracy=accuracies[n])
        for n, v in enumerate(own[:finished])
    }
    rows = summarize(own, [(v["id"], 1) for v in own], runs, {}, THRESHOLDS, 10000)
    points = comparison_points(rows, list(runs.values()))
    figure = comparison_figure(points, THRESHOLDS, "a title")
    assert len(figure.axes[0].get_yticks()) == variants
    figure.savefig(tmp_path / "comparison.png")


@pytest.mark.parametrize(
    "losses", [(1.1, 1.13), (0.03, 0.02), (1e-6, 3.0), (2.0, 0.01), (5.0, 4.9)]
)
def test_the_limits_of_the_verdict_are_named_beside_the_panel(
    losses: tuple[float, float],
) -> None:
    """No name lies over a point or the frame, also where losses are high and accuracies low."""
    pairs = [losses, (0.9 * losses[0], losses[1]), (losses[0], 1.2 * losses[1])]
    own = [{"id": f"v{n}", "label": "", "depth": 1 + n} for n in range(len(pairs))]
    runs = {
        RunKey(f"v{n}", 1): metrics(f"v{n}", test_accuracy=0.1, train_loss=a, test_loss=b)
        for n, (a, b) in enumerate(pairs)
    }
    thresholds = [{"below": bound, "text": f"{bound}"} for bound in (0.7, 0.75, 2)]
    rows = summarize(own, list(runs), runs, {}, [*thresholds, {"text": "rest"}], 10000)
    points = comparison_points(rows, list(runs.values()))
    figure = comparison_figure(points, [*thresholds, {"text": "rest"}], "a title")
    figure.draw_without_rendering()
    panel = figure.axes[1]
    names = [text for text in panel.texts if text.get_text().startswith("r = ")]
    low, high = panel.get_ylim()
    crossing = [
        ends
        for line in panel.lines
        if line.get_linestyle() == "--"
        and (ends := np.asarray(line.get_ydata()))[0] < high
        and ends[1] > low
    ]
    boxes = [name.get_window_extent() for name in names]
    assert len(boxes) == len(crossing)
    frame = panel.get_window_extent()
    assert not any(box.overlaps(frame) for box in boxes)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    canvas = figure.bbox
    assert all(canvas.x0 <= box.x0 and box.x1 <= canvas.x1 for box in boxes)


def test_the_depth_is_told_by_more_than_colour() -> None:
    rows, _ = study_of(variants=6, seeds=1)
    points = comparison_points(rows, [])
    (axes,) = time_accuracy_figure(rows, "").axes
    assert len({line.get_marker() for line in axes.lines} - {"None"}) == 3
    left = comparison_figure(points, THRESHOLDS, "").axes[0]
    assert len({line.get_marker() for line in left.lines} - {"None"}) == 3


def test_a_single_epoch_has_a_whole_number() -> None:
    rows, histories = study_of(variants=2, seeds=1)
    first = {run: history.head(1) for run, history in histories.items()}
    figure = learning_curves_figure(facets(rows, first), "")
    figure.draw_without_rendering()
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]
        assert (
            sum(
                low <= tick <= high for tick in axes.get_yticks() for low, high in [axes.get_ylim()]
            )
            > 1
        )


def test_curves_of_one_panel_differ_by_colour_and_marker() -> None:
    rows, histories = study_of(variants=9, seeds=1, depths=1)
    upper = learning_curves_figure(facets(rows, histories), "").axes[0]
    assert len({line.get_color() for line in upper.lines}) == len(upper.lines) == MOST_CURVES
    assert len({line.get_marker() for line in upper.lines}) == len(MARKERS)


def study_of(variants: int, seeds: int, depths: int = 3) -> tuple[list[Row], dict]:
    """The rows and histories of so many variants; the first one has no finished run."""
    own: list[dict[str, Any]] = [
        {"id": f"v{n}", "label": f"Label {n}", "depth": 1 + n % depths} for n in range(variants)
    ]
    expected = [(v["id"], s) for v in own for s in range(1, seeds + 1)]
    runs = {
        RunKey(id_, seed): metrics(
            id_, seed, test_accuracy=0.9 + 0.01 * seed, seconds_per_epoch=seed
        )
        for id_, seed in expected
        if id_ != "v0"
    }
    epochs = [1, 2, 3]
    histories: dict[RunKey, History] = {
        key: pd.DataFrame(
            {
                "epoch": epochs,
                "loss": [0.6 / e for e in epochs],
                "accuracy": [0.9] * 3,
                "val_loss": [0.4 / e + 0.01 * key.seed for e in epochs],
                "loss_eval": [0.5 / e for e in epochs],
                "val_accuracy": [1 - 0.1 / e for e in epochs],
            }
        )
        for key in runs
    }
    return summarize(own, expected, runs, {}, THRESHOLDS, 10000), histories


def test_facets_hold_each_variant_that_finished_once_and_not_too_many() -> None:
    rows, histories = study_of(variants=30, seeds=2, depths=2)
    found = facets(rows, histories)
    assert sorted(facet.title for facet in found) == [
        *("1 convolution (1 of 2)", "1 convolution (2 of 2)"),
        *("2 convolutions (1 of 2)", "2 convolutions (2 of 2)"),
    ]
    labels = [label for facet in found for label in facet.labels.values()]
    assert sorted(labels) == sorted(f"Label {n}" for n in range(1, 30))
    for facet in found:
        assert len(facet.labels) <= MOST_CURVES
        drawn = facet.epochs.groupby("variant")["seed"].unique()
        assert {variant: list(seeds) for variant, seeds in drawn.items()} == {
            variant: [1, 2] for variant in facet.labels
        }


def test_curves_are_means_over_seeds_in_a_band() -> None:
    rows, histories = study_of(variants=2, seeds=3, depths=1)
    found = facets(rows, histories)
    (gap,) = gap_figure(found, "a title").axes
    drawn = np.asarray(gap.lines[1].get_ydata())  # the first line is zero
    assert drawn == pytest.approx([0.4 + 0.02 - 0.5, 0.2 + 0.02 - 0.25, 0.4 / 3 + 0.02 - 0.5 / 3])
    (band,) = gap.collections
    lowest, highest = band.get_paths()[0].get_extents().get_points()[:, 1]
    assert (lowest, highest) == pytest.approx((0.4 + 0.01 - 0.5, 0.4 / 3 + 0.03 - 0.5 / 3))


@pytest.mark.parametrize(("variants", "seeds"), [(1, 1), (2, 1), (12, 3), (40, 2)])
def test_study_figures_of_any_size(tmp_path: Path, variants: int, seeds: int) -> None:
    """The first variant has no figures: a study of one has none at all."""
    rows, histories = study_of(variants, seeds)
    found: list[Facet] = facets(rows, histories)
    for place, figure in enumerate(
        (
            learning_curves_figure(found, "a title"),
            gap_figure(found, "a title"),
            time_accuracy_figure(rows, "a title"),
        )
    ):
        figure.savefig(tmp_path / f"{place}.png", dpi=40)
        words = {
            text.get_text()
            for texts in (figure.texts, *(a.texts for a in figure.axes))
            for text in texts
        }
        assert ("no finished run" in words) == (variants == 1)


def test_the_front_has_no_network_that_another_beats_in_both() -> None:
    figures = [
        (10, 0.98),
        (20, 0.97),
        (20, 0.99),
        (5, 0.95),
        (40, 0.99),
        (30, 0.995),
        (5, 0.94),
        (25, 0.99),
    ]
    own = [{"id": f"v{n}", "label": "", "depth": 1} for n in range(len(figures))]
    runs = {
        RunKey(f"v{n}", 1): metrics(f"v{n}", test_accuracy=accuracy, seconds_per_epoch=seconds)
        for n, (seconds, accuracy) in enumerate(figures)
    }
    rows = summarize(own, list(runs), runs, {}, THRESHOLDS, 10000)
    assert [row.id for row in best_for_their_time(rows)] == ["v3", "v0", "v2", "v5"]


@pytest.mark.parametrize(
    ("script", "heavy"),
    [
        ("download", {"tensorflow", "keras", "matplotlib"}),
        ("prepare", {"tensorflow", "keras", "matplotlib"}),
        ("evaluate", {"tensorflow", "keras"}),
        ("summarize", {"tensorflow", "keras", "seaborn", "matplotlib"}),
        ("compare", {"tensorflow", "keras", "seaborn", "matplotlib.pyplot"}),
        ("plot_study", {"tensorflow", "keras", "seaborn", "matplotlib.pyplot"}),
    ],
)
def test_no_heavy_import(script: str, heavy: set[str]) -> None:
    code = f"import sys, {script}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert not heavy & set(done.stdout.split())
