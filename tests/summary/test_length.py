"""How long summary.md is, and what comes first in it."""

from pathlib import Path
from typing import Any

import pytest

from made_up_study import make_study
from study.summary.answer import answer
from study.summary.markdown import to_markdown
from study.summary.sections import Bullets, Section, Weight


def summary(folder: Path, config: dict[str, Any], seeds: int) -> str:
    """The summary of the twelve networks."""
    config = config | {"dataset": "digits", "seeds": seeds}
    found = make_study(folder, config, epochs=2, details=False).summary()
    return to_markdown(found.sections, answer(found.rows, found.comparisons, found.measure))


def test_one_seed_makes_a_short_summary_that_says_so_once(
    tmp_path: Path, default_config: dict[str, Any]
) -> None:
    text = summary(tmp_path / "made-up", default_config, 1)
    assert len(text.splitlines()) < 60
    assert text.count("One seed cannot tell networks apart") == 1
    assert text.count("at least 6 seeds") == 1
    for word in ("undecided", "too few"):
        assert word not in text
    assert "“Differences between networks”, “The notebook's five conclusions”" in text


def test_with_enough_seeds_the_verdicts_come_first(
    tmp_path: Path, default_config: dict[str, Any]
) -> None:
    text = summary(tmp_path / "made-up", default_config, 6)
    places = [
        text.index(part)
        for part in (
            "The highest mean test accuracy is that of `conv3-k3`",
            "| Number of Convolutional layers |",
            "## Differences between networks",
            "## The notebook's five conclusions",
            "<details><summary><b>1. Networks with batch",
            "<details><summary><b>Cost</b></summary>",
            "<details><summary><b>How this was computed",
        )
    ]
    assert places == sorted(places)
    assert "Left out" not in text


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (Weight.MAIN, "# Page\n\n- lead\n\n## A < `b`\n\n- x\n"),
        (
            Weight.MINOR,
            "# Page\n\n- lead\n\n<details><summary><b>A &lt; <code>b</code></b></summary>\n\n- x\n"
            "\n</details>\n",
        ),
        (
            Weight.OPEN,
            "# Page\n\n- lead\n- Left out with one seed: “A < `b`” (see `report.html`).\n",
        ),
    ],
)
def test_sections_by_their_weight(weight: Weight, expected: str) -> None:
    page = [Section("Page", []), Section("A < `b`", [Bullets(["x"])], weight=weight)]
    assert to_markdown(page, ["lead"]) == expected
