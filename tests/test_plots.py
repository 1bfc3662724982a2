"""The figures: what they show, and what drawing them must not import."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plot_history import history_figure, loss_name, read_history
from plot_kernels import POINTS, kernel_layers, kernels_figure, read_kernels, spread
from study.comparison import comparison_figure, comparison_points, wilson
from study.errors import StudyError
from study.summary import summarize
from synthetic import CONV3, CONV7, THRESHOLDS, VARIANTS, metrics, weights, write_history

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"


@pytest.mark.parametrize("validation", ["test", "holdout"])
def test_history_figure(tmp_path: Path, validation: str) -> None:
    history = read_history(write_history(tmp_path / "history.csv"))
    ylabel = loss_name("categorical_crossentropy")
    axes = history_figure(history, "loss", ylabel, "a title", validation).axes[0]
    assert axes.get_xlabel() == "Epoch"
    assert axes.get_ylabel() == "Categorical cross-entropy loss"
    assert axes.get_title() == "a title"
    assert list(axes.get_xticks()) == list(range(1, 13))
    curves = {str(line.get_label()): list(np.asarray(line.get_ydata())) for line in axes.lines}
    name = "Validation (test set)" if validation == "test" else "Validation (held-out part)"
    assert curves == {name: history["val_loss"], "Train": history["loss"]}


@pytest.mark.parametrize("epochs", [1, 12, 200])
def test_epochs_are_whole_numbers(tmp_path: Path, epochs: int) -> None:
    history = read_history(write_history(tmp_path / "history.csv", epochs))
    ticks = history_figure(history, "accuracy", "Accuracy", "", "test").axes[0].get_xticks()
    assert all(tick == round(tick) for tick in ticks)


@pytest.mark.parametrize("content", ["", "epoch,loss\n1,0.1\n", "epoch,loss,accuracy,val"])
def test_a_damaged_history_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(content)
    with pytest.raises(StudyError, match=r"history\.csv"):
        read_history(path)


def test_kernels_are_picked_by_layer_in_the_networks_order() -> None:
    """Batch normalization in between, keys in any order, and ten layers of one kind."""
    shapes = {f"conv_{n}": (3, 3, 2, 2) for n in range(1, 11)}
    keys = list(weights(shapes | {"dense_1": (8, 4), "output": (4, 2)}))
    expected = [*shapes, "dense_1", "output"]
    assert kernel_layers(keys) == kernel_layers(keys[::-1]) == expected


@pytest.mark.parametrize(("network", "violins"), [(CONV3, 5), (CONV7, 9)])
def test_one_violin_per_layer(tmp_path: Path, network: dict, violins: int) -> None:
    np.savez(tmp_path / "weights.npz", **weights(network))  # type: ignore[arg-type]
    kernels = read_kernels(tmp_path / "weights.npz")
    figure = kernels_figure(kernels, "a title")
    assert len(figure.axes) == violins
    names = [axes.get_title() for axes in figure.axes]
    assert names == [layer.replace("_", " ") for layer in network]
    assert all(len(axes.collections) == 2 for axes in figure.axes)  # before and after
    assert figure.axes[1].get_xlabel() == "3 × 3 × 32 × 64\n18,432 weights"
    assert figure.get_suptitle() == "a title"


def test_quantiles_keep_quartiles_and_ends() -> None:
    kernel = np.random.default_rng(1).normal(size=(5, 5, 64, 128))
    drawn = spread(kernel)
    quarters = [0, 0.25, 0.5, 0.75, 1]
    assert drawn.size == POINTS
    assert np.quantile(drawn, quarters) == pytest.approx(np.quantile(kernel, quarters), abs=1e-3)


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(b"no zip file")
    with pytest.raises(StudyError, match=r"weights\.npz: damaged"):
        read_kernels(path)


@pytest.mark.parametrize("seeds", [1, 3])
def test_comparison(tmp_path: Path, seeds: int) -> None:
    """Twelve variants, one of them missing: a row each, a marker for each that has figures."""
    expected = [(v["id"], s) for v in VARIANTS for s in range(1, seeds + 1)]
    runs = {run: metrics(*run) for run in expected if run[0] != "conv7-k5"}
    rows = summarize(VARIANTS, expected, runs, {}, THRESHOLDS)
    points = comparison_points(rows, list(runs.values()), test_images=10000)
    figure = comparison_figure(points, THRESHOLDS, "a title")
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()][9] == "With ConvNet (5, 5)  10"
    assert "missing" in [text.get_text() for text in left.texts]
    numbers = {text.get_text() for text in right.texts}
    assert numbers == {str(n) for n in range(1, 13) if n != 10} | {"r = 0.75", "r = 2"}
    assert (right.get_xscale(), right.get_yscale()) == ("log", "log")
    (legend,) = [legend for part in figure.subfigs for legend in part.legends]
    words = [text.get_text() for text in legend.get_texts()]
    bars = "95 % interval (Wilson)" if seeds == 1 else "± standard deviation over seeds"
    assert bars in words
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
        (v["id"], 1): metrics(v["id"], test_accuracy=accuracies[n])
        for n, v in enumerate(own[:finished])
    }
    rows = summarize(own, [(v["id"], 1) for v in own], runs, {}, THRESHOLDS)
    points = comparison_points(rows, list(runs.values()), test_images=10000)
    figure = comparison_figure(points, THRESHOLDS, "a title")
    assert len(figure.axes[0].get_yticks()) == variants
    figure.savefig(tmp_path / "comparison.png")


def test_wilson_interval() -> None:
    """Half-width about 0.16 points near 99.3 % on 10,000 images; never above 100 %."""
    low, high = wilson(0.993, 10000)
    assert (high - low) / 2 == pytest.approx(0.165, abs=0.005)
    assert wilson(1.0, 10000)[1] == pytest.approx(100)


@pytest.mark.parametrize(
    ("script", "heavy"),
    [
        ("plot_history", {"tensorflow", "keras", "pandas", "seaborn", "matplotlib.pyplot"}),
        ("plot_kernels", {"tensorflow", "keras"}),
        ("summarize", {"tensorflow", "keras", "pandas", "seaborn", "matplotlib.pyplot"}),
    ],
)
def test_no_heavy_import(script: str, heavy: set[str]) -> None:
    code = f"import sys, {script}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert not heavy & set(done.stdout.split())
