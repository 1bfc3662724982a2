"""The confusion matrix and the gallery of mistakes."""

from pathlib import Path

import numpy as np
import pytest

from study.figures.mistakes import MOST_CHANNELS, confusion_figure, mistakes_figure, picture
from study.figures.style import save
from study.statistics.scores import Mistake

MISTAKES = [Mistake(position=2, label=0, predicted=1, confidence=0.9)]


def counts(classes: int) -> np.ndarray:
    """Many right answers, and a few mistakes: class 0 taken for class 1 three times."""
    matrix = np.diag(np.full(classes, 50))
    matrix[0, 1] = 3
    return matrix


@pytest.mark.parametrize("classes", [2, 10, 30])
def test_every_cell_with_images_has_its_count(classes: int) -> None:
    axes = confusion_figure(counts(classes), "a title").axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts if text.get_text()}
    expected = {(place + 0.5, place + 0.5): "50" for place in range(classes)}
    assert written == expected | {(1.5, 0.5): "3"}  # x, the predicted class; y, the true one
    assert axes.get_title() == f"a title\n3 of {50 * classes + 3:,} test images wrong"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Predicted class", "True class")
    assert axes.yaxis_inverted()  # class 0 is the first row


def test_the_colour_shows_mistakes_alone() -> None:
    mistakes, right = confusion_figure(counts(3), "").axes[0].collections
    values: np.ma.MaskedArray = np.ma.asarray(mistakes.get_array()).reshape(3, 3)
    assert values.mask.tolist() == np.eye(3, dtype=bool).tolist()
    assert values.filled(0).tolist() == [[0, 3, 0], [0, 0, 0], [0, 0, 0]]
    assert mistakes.get_clim() == (0, 3)
    shown = ~np.ma.getmaskarray(np.ma.asarray(right.get_array()))
    assert shown.reshape(3, 3).tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("classes", [31, 100, 256])
def test_counts_of_many_classes_are_not_written(tmp_path: Path, classes: int) -> None:
    figure = confusion_figure(counts(classes), "a title")
    assert not figure.axes[0].texts
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels[0] == "0" and len(labels) <= 30
    save(figure, tmp_path / "confusion.png", 40)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 8, 3), (1, 8, 1), (8, 1, 1), (8, 3)])
def test_images_in_grey_and_colour_are_drawn_as_they_are(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    images = np.random.default_rng(1).integers(256, size=(3, *shape), dtype=np.uint8)
    figure = mistakes_figure(MISTAKES, images, "a title")
    (drawn,) = figure.axes[0].images
    expected = images[2] if shape[-1] == 3 or len(shape) == 2 else images[2, :, :, 0]
    assert np.array_equal(np.asarray(drawn.get_array()), expected)
    assert "channels" not in figure.get_suptitle()
    assert figure.axes[0].get_title() == "true 0, predicted 1\np = 0.900"
    assert figure.axes[0].get_xlabel() == "image 2"
    save(figure, tmp_path / "mistakes.png", 40)


@pytest.mark.parametrize("channels", [2, 4, 5, 16, 17, 200])
def test_other_channels_are_drawn_one_by_one(tmp_path: Path, channels: int) -> None:
    images = np.random.default_rng(1).integers(256, size=(3, 6, 4, channels), dtype=np.uint8)
    figure = mistakes_figure(MISTAKES, images, "a title")
    which = f"The first {MOST_CHANNELS} of the" if channels > MOST_CHANNELS else "The"
    note = figure.get_suptitle().split("\n")[-1]
    assert note == f"{which} {channels} channels of each image one by one"
    board = picture(images[1])
    for channel in range(min(channels, MOST_CHANNELS)):
        found = np.lib.stride_tricks.sliding_window_view(board, (6, 4))
        assert (found == images[1, :, :, channel]).all(axis=(2, 3)).any()
    save(figure, tmp_path / "mistakes.png", 40)


def test_figures_without_a_mistake_say_so(tmp_path: Path) -> None:
    matrix = np.eye(2, dtype=int)
    figure = confusion_figure(matrix, "")
    assert "0 of 2 test images wrong" in figure.axes[0].get_title()
    save(figure, tmp_path / "confusion.png", 40)
    gallery = mistakes_figure([], np.zeros((2, 8, 8), np.uint8), "a title")
    assert [text.get_text() for text in gallery.texts[1:]] == ["No test image is wrong."]
    save(gallery, tmp_path / "mistakes.png", 40)
