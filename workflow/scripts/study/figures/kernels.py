"""A run's kernels, drawn: one violin per convolution, dense and output layer, before and after."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from study.figures.style import ORANGE, SKY, set_title

BEFORE, AFTER = "before training", "after training"

COLOURS = {BEFORE: SKY, AFTER: ORANGE}

SIDES = {BEFORE: "left", AFTER: "right"}

COLUMNS = 5

POINTS = 5000


def spread(kernel: np.ndarray) -> np.ndarray:
    """At most POINTS weights of the kernel: all, or evenly spaced quantiles from least to largest.

    Density estimation takes seconds on 200,000 weights; quantiles keep the distribution's shape,
    quartiles and ends, and are the same every time.
    """
    weights = kernel.ravel()
    if weights.size <= POINTS:
        return weights
    # NumPy's quantile of so many takes twenty times as long.
    return np.sort(weights)[np.linspace(0, weights.size - 1, POINTS).round().astype(int)]


def kernels_figure(kernels: Mapping[str, tuple[np.ndarray, np.ndarray]], title: str) -> Figure:
    """One subplot per layer: the density of its weights, left half before, right half after."""
    if not kernels:
        return _empty_figure(title)
    columns = min(COLUMNS, len(kernels))
    rows = math.ceil(len(kernels) / columns)
    width = max(6.0, 2.3 * columns + 0.3)
    figure = Figure(figsize=(width, 3.3 * rows + 0.7), layout="constrained")
    set_title(figure, title)
    for place, (layer, (before, after)) in enumerate(kernels.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        _draw_layer(axes, before, after)
        axes.set_title(layer.replace("_", " "), fontsize="medium")
        axes.set_ylabel("Weight" if place % columns == 1 or columns == 1 else "")
    largest = max(after.size for _, after in kernels.values())
    note = f"; above {POINTS:,} weights: {POINTS:,} even quantiles" if largest > POINTS else ""
    figure.legend(
        handles=[
            Patch(facecolor=colour, label=f"{name} ({SIDES[name]})")
            for name, colour in COLOURS.items()
        ],
        title=f"Kernel weights (lines: quartiles{note})",
        loc="outside lower center",
        ncols=2,
        frameon=False,
    )
    return figure


def _empty_figure(title: str) -> Figure:
    figure = Figure(figsize=(6, 2), layout="constrained")
    set_title(figure, title)
    figure.text(0.5, 0.5, "no layer of this network has a kernel", ha="center")
    return figure


def _draw_layer(axes: Axes, before: np.ndarray, after: np.ndarray) -> None:
    """One violin with full width on both sides: a narrow density would flatten the other one.

    Each layer has its own axis because initial spreads differ.
    """
    drawn = {BEFORE: spread(before), AFTER: spread(after)}
    frame = pd.concat(
        [pd.DataFrame({"weight": weights, "when": when}) for when, weights in drawn.items()]
    )
    sns.violinplot(
        frame.assign(layer=""),
        x="layer",
        y="weight",
        hue="when",
        hue_order=[BEFORE, AFTER],
        palette=COLOURS,
        saturation=1,  # as in the legend
        split=True,
        inner="quart",
        cut=0,
        bw_method=after.size**-0.2,  # Scott's rule for all weights, not only those drawn
        density_norm="width",
        linewidth=0.8,
        legend=False,
        ax=axes,
    )
    shape = " × ".join(map(str, after.shape))
    axes.set_xlabel(f"{shape}\n{after.size:,} weights", fontsize="small", color="0.35")
    axes.set_xticks([])
    axes.tick_params(axis="y", labelsize="small")
    axes.grid(axis="y", alpha=0.4)
    axes.set_axisbelow(True)
