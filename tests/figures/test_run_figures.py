"""The figures of one run: its history and its kernels."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex

from study.errors import StudyError
from study.figures.history import history_figure, loss_name
from study.figures.kernels import POINTS, kernels_figure, spread
from study.runs.history import read_history
from study.runs.weights import kernel_layers, read_kernels
from synthetic import CONV3, CONV7, weights, write_history


@pytest.mark.parametrize(
    ("validation", "name"),
    [
        ("test", "Validation (test set)"),
        ("holdout", "Validation (held-out part)"),
        ("given", "Validation (given part)"),
    ],
)
def test_history_figure(tmp_path: Path, validation: str, name: str) -> None:
    history = read_history(write_history(tmp_path / "history.csv"))
    ylabel = loss_name("categorical_crossentropy")
    axes = history_figure(history, "loss", ylabel, "a title", validation).axes[0]
    assert axes.get_xlabel() == "Epoch"
    assert axes.get_ylabel() == "Categorical cross-entropy loss"
    assert axes.get_title() == "a title"
    assert list(axes.get_xticks()) == list(range(1, 13))
    drawn = [line for line in axes.lines if np.size(line.get_xdata())]  # others are the legend's
    curves = [list(np.asarray(line.get_ydata())) for line in drawn]
    assert curves == [list(history["val_loss"]), list(history["loss"])]
    legend = axes.get_legend()
    assert legend
    assert [text.get_text() for text in legend.get_texts()] == [name, "Train"]
    lines = legend.get_lines()
    assert [line.get_color() for line in lines] == [line.get_color() for line in drawn]
    # told apart by more than colour
    assert len({line.get_linestyle() for line in lines}) == 2
    assert len({line.get_marker() for line in lines}) == 2


def test_the_chosen_epoch_is_marked(tmp_path: Path) -> None:
    history = read_history(write_history(tmp_path / "history.csv"))
    axes = history_figure(history, "accuracy", "Accuracy", "", "holdout", chosen_epoch=7).axes[0]
    (mark,) = [line for line in axes.lines if str(line.get_label()) == "Chosen epoch: 7"]
    assert list(np.asarray(mark.get_xdata())) == [7, 7]


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


def test_kernels_are_read_before_and_after_training(tmp_path: Path) -> None:
    arrays = weights(CONV3)
    np.savez(tmp_path / "weights.npz", **arrays)  # type: ignore[arg-type]
    for layer, (before, after) in read_kernels(tmp_path / "weights.npz").items():
        assert np.array_equal(before, arrays[f"initial/{layer}/kernel"])
        assert np.array_equal(after, arrays[f"final/{layer}/kernel"])


def test_the_left_half_is_before_training_and_the_right_half_after() -> None:
    """The first kernel is wide, the second one narrow, and so are their halves."""
    wide = np.linspace(-3, 3, 300).reshape(10, 30)
    figure = kernels_figure({"dense_1": (wide, wide / 3)}, "a title")
    halves = {
        to_hex(np.asarray(half.get_facecolor())[0]): half.get_paths()[0].get_extents()
        for half in figure.axes[0].collections
    }
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["before training (left)", "after training (right)"]
    before, after = (halves[to_hex(patch.get_facecolor())] for patch in legend.get_patches())
    assert (before.ymin, before.ymax) == pytest.approx((-3, 3))
    assert (after.ymin, after.ymax) == pytest.approx((-1, 1))
    assert before.xmax == pytest.approx(after.xmin)
    assert before.xmin < before.xmax < after.xmax


def test_quantiles_keep_quartiles_and_ends() -> None:
    kernel = np.random.default_rng(1).normal(size=(5, 5, 64, 128))
    drawn = spread(kernel)
    quarters = [0, 0.25, 0.5, 0.75, 1]
    assert drawn.size == POINTS
    assert np.quantile(drawn, quarters) == pytest.approx(np.quantile(kernel, quarters), abs=1e-3)


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(b"no zip file")
    with pytest.raises(StudyError, match=r"weights\.npz: not a NumPy archive"):
        read_kernels(path)
