"""The figure of ensembles over seeds: what is drawn, and what is said without any."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer

from study.figures.ensembles import ensembles_figure
from study.figures.style import PALETTE, style

COLUMNS = ["variant", "members", "accuracy", "sd"]


def table(*variants: str) -> pd.DataFrame:
    rows = [
        (name, members, accuracy, sd)
        for name in variants
        for members, accuracy, sd in ((1, 0.90, 0.02), (2, 0.92, 0.01), (3, 0.93, np.nan))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_each_network_has_a_curve_of_means_with_bars_of_one_standard_deviation() -> None:
    figure = ensembles_figure(table("a"), {"a": "One", "b": "Without seeds"}, "Title")
    (axes,) = figure.axes
    (container,) = axes.containers
    assert isinstance(container, ErrorbarContainer)
    line, _, (bars,) = container.lines
    assert np.asarray(line.get_ydata(), float).tolist() == pytest.approx([90, 92, 93])
    assert (line.get_color(), line.get_marker()) == style(0)
    heights = [float(np.ptp(segment[:, 1])) for segment in bars.get_segments()]
    assert heights == pytest.approx([4, 2, 0])  # one ensemble has no spread
    figure.draw_without_rendering()


def test_many_networks_share_out_to_panels_and_none_is_said() -> None:
    names = [f"v{place}" for place in range(len(PALETTE) + 1)]
    figure = ensembles_figure(table(*names), {name: name for name in names}, "Title")
    assert [len(axes.containers) for axes in figure.axes] == [5, 4]
    empty = ensembles_figure(table(), {"a": "One"}, "Title")
    assert empty.axes[0].texts[0].get_text() == "no network has 3 finished seeds"
