"""What several figures share."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from study.files import atomic

PALETTE = ("#4c72b0", "#c44e52", "#3f8f5b", "#8172b3", "#937860", "#b0578f", "#5f5f5f", "#c98a1b")
"""Dark enough for white figures inside."""


HALF_IMAGE = 0.05  # points; keeps 100 % on an axis that is logarithmic in the error


ACCURACY_TICKS = (0, 50, 80, 90, 95, 98, 99, 99.5, 99.9, 100)


Depth = TypeVar("Depth")


def save(figure: Figure, path: str | Path, dpi: int) -> None:
    """Write `figure` to `path`, whole or not at all."""
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=dpi)


def depth_colours(depths: Iterable[Depth]) -> dict[Depth, str]:
    """One colour per depth, in the order in which they come."""
    distinct = dict.fromkeys(depths)
    return {depth: PALETTE[place % len(PALETTE)] for place, depth in enumerate(distinct)}


def scale_accuracy(
    axes: Axes, axis: Literal["x", "y"], percents: Iterable[float], beside: Iterable[float] = ()
) -> str:
    """Scale an axis for accuracies in percent, and return what to add to its label.

    It is linear, or logarithmic in the error where a linear one would hide the best of
    `percents`; what else is drawn stands in `beside`.
    """
    shown = [value for value in percents if math.isfinite(value)]
    if not shown or 100 + HALF_IMAGE - min(shown) < 12 * (100 + HALF_IMAGE - max(shown)):
        getattr(axes, f"set_{axis}margin")(0.05)
        return ""
    low, high = _minus_log_error(min([*shown, *beside])), _minus_log_error(100)
    getattr(axes, f"set_{axis}scale")("function", functions=(_minus_log_error, _from_minus_log))
    getattr(axes, f"set_{axis}lim")(_from_minus_log(low - 0.04 * (high - low)), 100)
    scaled = getattr(axes, f"{axis}axis")
    scaled.set_major_locator(FixedLocator(ACCURACY_TICKS))
    scaled.set_minor_locator(NullLocator())
    scaled.set_major_formatter("{x:g}")
    return ", axis logarithmic in the error"


def _minus_log_error(accuracy: Any) -> Any:
    return -np.log10(np.maximum(100 + HALF_IMAGE - accuracy, 1e-3))


def _from_minus_log(value: Any) -> Any:
    return 100 + HALF_IMAGE - 10.0**-value


def say(axes: Axes, text: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("")
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
