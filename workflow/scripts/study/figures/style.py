"""What several figures share: colours, markers, scales, titles, and text that fits its place."""

import logging
import math
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from study.files import atomic

log = logging.getLogger(__name__)

BLUE, ORANGE, GREEN, VERMILLION = "#0072b2", "#e69f00", "#009e73", "#d55e00"

PURPLE, SKY, BLACK, GREY = "#cc79a7", "#56b4e9", "#000000", "#6b6b6b"

PALETTE = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK, GREY)
"""Okabe and Ito's colours, which colour-blind readers can tell apart; grey replaces yellow."""

MARKERS = ("o", "s", "D", "^", "v", "P", "X")
"""One fewer than the colours: 56 pairs of a colour and a marker differ."""

HALF_IMAGE = 0.05  # points; keeps 100 % on an axis that is logarithmic in the error

ACCURACY_TICKS = (0, 50, 80, 90, 95, 98, 99, 99.5, 99.9, 100)

MOST_PIXELS = 100_000_000  # 400 MB while the picture is drawn

Style = tuple[str, str]
"""A colour and a marker, so that colour alone never tells things apart."""

Key = TypeVar("Key")


def save(figure: Figure, path: str | Path, dpi: int) -> None:
    """Write `figure` to `path`, whole or not at all, with every text drawn literally.

    Matplotlib would read `$30 & $40` as a formula.
    """
    width, height = figure.get_size_inches()
    most = int((MOST_PIXELS / (width * height)) ** 0.5)
    if dpi > most:
        log.warning("%s: drawn with %d dots per inch, for %d would be too large", path, most, dpi)
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    # Ticks are made while the figure is drawn.
    with rc_context({"text.parse_math": False}), atomic(path) as temporary:
        figure.savefig(temporary, dpi=min(dpi, most))


def style(place: int) -> Style:
    """The colour and the marker of the curve or group at this place."""
    return PALETTE[place % len(PALETTE)], MARKERS[place % len(MARKERS)]


def styles(keys: Iterable[Key]) -> dict[Key, Style]:
    """A colour and a marker for each distinct key, in the order of first appearance."""
    return {key: style(place) for place, key in enumerate(dict.fromkeys(keys))}


def ink(colour: str) -> str:
    """Black or white, whichever is easier to read on `colour`."""
    linear = [(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if luminance < 0.25 else "black"


def fit(text: str, inches: float, size: str = "medium", lines: int = 1) -> str:
    """`text` in at most `lines` lines of `inches`; an ellipsis replaces the middle of a longer one.

    The middle, because similar names differ at their ends.
    """
    width = _width(text, size)
    if width <= inches:
        return text
    characters = max(6, int(len(text) * inches / width))
    room = characters if lines == 1 else int(0.9 * lines * characters)  # lines break early
    if len(text) > room:
        tail = room // 3
        text = f"{text[: room - tail - 1].rstrip()}…{text[-tail:].lstrip()}"
    return "\n".join(textwrap.wrap(text, characters, max_lines=lines, placeholder="…"))


def _width(text: str, size: str) -> float:
    """The width in inches of one line of text."""
    font = FontProperties(size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return width / 72


def legend_columns(figure: Figure, labels: Iterable[str], most: int, size: str = "small") -> int:
    """How many columns of a legend fit into the figure's width, at most `most`."""
    widest = max((_width(label, size) for label in labels), default=0) + 0.6  # handle and gap
    return max(1, min(most, int(figure.get_figwidth() / widest)))


def set_title(figure: Figure, title: str, *notes: str) -> None:
    """Put the title above the figure, in two lines if need be, and the notes below it."""
    inches = figure.get_figwidth() - 0.4
    figure.suptitle("\n".join(fit(text, inches, "large", 2) for text in (title, *notes)))


def scale_accuracy(
    axes: Axes, axis: Literal["x", "y"], percents: Iterable[float], beside: Iterable[float] = ()
) -> str:
    """Scale an axis for accuracies in percent, and return what to add to its label.

    It is linear, or logarithmic in the error where a linear one would hide the best of
    `percents`. `beside` has the other values to draw.
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


def label_log_axis(axis: XAxis | YAxis) -> None:
    """Ticks and plain numbers on a logarithmic axis whose limits are set.

    Matplotlib's own are formulas, which `save` does not draw.
    """
    axis.set_major_locator(FixedLocator(log_ticks(*sorted(axis.get_view_interval()))))
    axis.set_major_formatter(FuncFormatter(plain_number))
    axis.set_minor_locator(NullLocator())


def plain_number(value: float, _: int | None = None) -> str:
    """`0.01`, `−5`; for the ticks of an axis."""
    return f"{value:g}".replace("-", "−")


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 in every decade between, thinned to decades over a wide range.

    Within less than that, round numbers.
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 1000 else (1,)
    thin = math.ceil(len(decades) / 10)
    ticks = [t for d in decades[::thin] for s in steps if low <= (t := s * 10.0**d) <= high]
    return ticks if len(ticks) > 1 else list(MaxNLocator(4).tick_values(low, high))


def say(axes: Axes, text: str) -> None:
    """Write `text` into an empty panel."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("")
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
