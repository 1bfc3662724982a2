"""A run's kernels, drawn: one violin per convolution, dense and output layer, before and after."""

import math
from collections.abc import Mapping

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Patch

BEFORE, AFTER = "before training", "after training"


COLOURS = {BEFORE: "#b8c4d6", AFTER: "#dd8452"}


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
    """One subplot per layer: the density of its weights, left half before, right half after.

    Every layer has its own axis, for the He-normal spread falls with the layer's inputs, and both
    halves have full width, for a density that sharpens in training would flatten the other one.
    """
    columns = min(COLUMNS, len(kernels))
    rows = math.ceil(len(kernels) / columns)
    figure = Figure(figsize=(2.3 * columns + 0.3, 3.3 * rows + 0.7), layout="constrained")
    figure.suptitle(title)
    for place, (layer, (before, after)) in enumerate(kernels.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        drawn = {BEFORE: spread(before), AFTER: spread(after)}
        sns.violinplot(
            x=np.zeros(sum(map(len, drawn.values()))),
            y=np.concatenate(list(drawn.values())),
            hue=np.repeat(list(drawn), list(map(len, drawn.values()))),
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
        axes.set_title(layer.replace("_", " "), fontsize="medium")
        shape = " × ".join(map(str, after.shape))
        axes.set_xlabel(f"{shape}\n{after.size:,} weights", fontsize="small", color="0.35")
        axes.set_xticks([])
        axes.set_ylabel("Weight" if place % columns == 1 or columns == 1 else "")
        axes.tick_params(axis="y", labelsize="small")
        axes.grid(axis="y", alpha=0.4)
        axes.set_axisbelow(True)
    largest = max(after.size for _, after in kernels.values())
    note = f"; above {POINTS:,} weights: {POINTS:,} even quantiles" if largest > POINTS else ""
    figure.legend(
        handles=[Patch(facecolor=colour, label=name) for name, colour in COLOURS.items()],
        title=f"Kernel weights (lines: quartiles{note})",
        loc="outside lower center",
        ncols=2,
        frameon=False,
    )
    return figure
