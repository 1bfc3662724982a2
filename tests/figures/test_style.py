"""Text as text, names that fit, and colours that colour-blind readers can tell apart."""

import itertools
import logging
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text
from numpy.typing import NDArray

from study.figures.style import MARKERS, PALETTE, fit, ink, save, set_title, style

# Machado, Oliveira and Fernandes (2009), severity 1, on linear red, green and blue.
SIGHTS = {
    "all colours": np.eye(3),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no blue": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> NDArray[np.float64]:
    shares = np.array(to_rgb(colour))
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB, in which a distance of 2 can just be seen side by side."""
    xyz = XYZ @ shares.clip(0, 1) / (0.9505, 1, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_differ_for_every_reader(sight: str) -> None:
    seen = [lab(SIGHTS[sight] @ linear(colour)) for colour in PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 9


def test_a_colour_never_returns_with_the_same_marker() -> None:
    looks = [style(place) for place in range(len(PALETTE) * len(MARKERS))]
    assert len(set(looks)) == len(looks)


@pytest.mark.parametrize("colour", PALETTE)
def test_numbers_inside_points_can_be_read(colour: str) -> None:
    one, other = (
        0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in map(linear, (colour, "white"))
    )
    if ink(colour) == "black":
        other = 0
    assert (max(one, other) + 0.05) / (min(one, other) + 0.05) > 3.5


def drawn(text: str, path: Path) -> NDArray[np.float64]:
    """The picture of `text` as title, label of a tick and of a legend."""
    figure = Figure(figsize=(4, 3), layout="constrained")
    figure.suptitle(text)
    axes = figure.add_subplot()
    axes.plot([0, 1], label=text)
    axes.set_xticks([0, 1], [text, text])
    axes.legend()
    save(figure, path, 60)
    return imread(path)


@pytest.mark.parametrize("text", ["$x_$", "$30 & $40 GPU", r"$\frac{a}{", "a_b^c $", r"\$5"])
def test_text_is_drawn_literally(tmp_path: Path, text: str) -> None:
    """As the same text does in which no pair of dollars could be a formula."""
    picture = drawn(text, tmp_path / "literal.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "_preprocess_math", lambda self, s: (s, False))
        expected = drawn(text, tmp_path / "expected.png")
    assert np.array_equal(picture, expected)


@pytest.mark.parametrize("size", ["x-small", "medium", "large"])
@pytest.mark.parametrize("text", ["word " * 30, "W" * 200, "i" * 400, "a $30 b $40 " * 9])
@pytest.mark.parametrize("lines", [1, 2])
def test_long_text_fits_into_its_place(text: str, size: str, lines: int) -> None:
    shortened = fit(text.strip(), 3, size, lines)
    assert "…" in shortened
    assert shortened.count("\n") < lines
    figure = Figure(figsize=(10, 2), dpi=100)
    figure.text(0, 0.5, shortened, fontsize=size, parse_math=False)
    renderer = FigureCanvasAgg(figure).get_renderer()
    assert figure.texts[0].get_window_extent(renderer).width < 345  # hinting widens narrow letters


def test_text_that_fits_stays_and_similar_names_stay_apart() -> None:
    assert fit("With ConvNet (3, 3)", 3) == "With ConvNet (3, 3)"
    names = [f"a network with a very long and talkative name, number {n}" for n in range(20)]
    assert len({fit(name, 2) for name in names}) == 20


def test_a_long_title_breaks_into_lines_inside_the_figure() -> None:
    figure = Figure(figsize=(5, 3))
    set_title(figure, "a long title " * 5, "and what is said below it")
    first, second, note = figure.get_suptitle().split("\n")
    assert f"{first} {second}" == ("a long title " * 5).strip()
    assert note == "and what is said below it"


def test_a_picture_is_never_too_large_to_draw(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.figures.style.MOST_PIXELS", 100_000)
    with caplog.at_level(logging.WARNING):
        save(Figure(figsize=(2, 20)), tmp_path / "large.png", 1200)
    assert imread(tmp_path / "large.png").shape[:2] == (1000, 100)
    assert "large.png: drawn with 50 dots per inch" in caplog.text
