"""What the page shows of one run beside its curves: scores, mistakes as images, kernels."""

import base64
import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from study.figures.mistakes import picture
from study.runs.predictions import Probabilities, read_probabilities
from study.runs.weights import read_kernels
from study.statistics.scores import calibration_bins, class_scores, confusion, worst_mistakes

MISTAKES = 12
"""Images of mistakes that the page shows for each run."""

WEIGHT_BINS = 32


def run_details(
    predictions_file: str, weights_file: str, images: NDArray[np.uint8]
) -> dict[str, Any]:
    """The details of a run, for the page's script. `images` are those of the test.

    Raises:
        StudyError: a file is damaged.
    """
    predictions = read_probabilities(predictions_file)
    details: dict[str, Any] = {"kernels": _kernels(read_kernels(weights_file))}
    if predictions.are_finite:
        details |= {
            "confusion": _confusion(predictions),
            "classes": [asdict(score) for score in class_scores(predictions)],
            "calibration": [asdict(found) for found in calibration_bins(predictions)],
            "mistakes": _mistakes(predictions, images),
        }
    return details


def _confusion(predictions: Probabilities) -> list[list[int]]:
    """[true class, predicted class, images] of each pair that occurs."""
    matrix = confusion(predictions)
    return [[int(t), int(p), int(matrix[t, p])] for t, p in np.argwhere(matrix)]


def _mistakes(predictions: Probabilities, images: NDArray[np.uint8]) -> list[dict[str, Any]]:
    return [
        asdict(mistake) | {"image": data_address(picture(images[mistake.position]))}
        for mistake in worst_mistakes(predictions, MISTAKES)
    ]


def data_address(image: NDArray[np.uint8]) -> str:
    """An image as an address that holds it: PNG, grey images dark on light as on paper."""
    shown = image if image.ndim == 3 else 255 - image
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _kernels(
    kernels: Mapping[str, tuple[NDArray[np.floating], NDArray[np.floating]]],
) -> list[dict[str, Any]]:
    """Histograms of each layer's weights before and after training, over common bins."""
    found = []
    for layer, (before, after) in kernels.items():
        span = float(min(before.min(), after.min())), float(max(before.max(), after.max()))
        if not np.isfinite(span).all():
            continue
        if span[0] == span[1]:
            span = span[0] - 0.5, span[1] + 0.5
        counts = [np.histogram(kernel, WEIGHT_BINS, span)[0].tolist() for kernel in (before, after)]
        found.append({"layer": layer, "span": span, "before": counts[0], "after": counts[1]})
    return found
