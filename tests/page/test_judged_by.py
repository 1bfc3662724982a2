"""A whole study that is judged by another measure than accuracy: every word follows it."""

import re
from typing import Any

import pytest

from made_up_study import MadeUp, make_study
from study.page.data import page_data
from study.page.tables import columns
from study.runs.metrics import RunKey
from study.statistics.ensembles import EnsembleRow
from study.summary.answer import answer
from study.summary.latex import to_latex
from study.summary.markdown import to_markdown
from study.tables import read_records

LAYERS = [{"conv": {"filters": 4, "kernel": 3}}, "flatten", {"dense": 8}, {"dropout": 0.5}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeUp:
    config: dict[str, Any] = {
        "dataset": "digits",
        "seeds": 6,
        "comparison": {"metric": "brier", "equivalence_margin": 0.001},
        "factors": {"dropout": [True, False], "kernel": [3, 5]},
        "layers": LAYERS,
    }
    return make_study(tmp_path_factory.mktemp("study"), config, epochs=2, details=False)


def test_summary_and_page_are_about_the_measure(made: MadeUp) -> None:
    summary = made.summary()
    text = to_markdown(summary.sections)
    for part in ("| Estimate in Brier score |", "| Difference in Brier score |"):
        assert part in re.sub(" +", " ", text)
    assert "over n seeds (lower is better)" in to_latex(summary.sections)
    assert "judged by Brier score (`comparison.metric`)" in text
    assert "one seed gives a negative difference" in text  # of the contrasts
    assert "one seed gives a positive difference" in text  # of the effects
    means = {row.id: row.brier for row in summary.rows}
    assert all(mean is not None for mean in means.values())
    best = min(means, key=lambda id_: means[id_] or 0)
    assert answer(summary.rows, summary.comparisons, summary.measure)[0].startswith(
        f"The lowest mean test Brier score is that of `{best}`: {means[best]:.4f} (6 seeds)."
    )
    assert [column.title for column in columns(summary.rows, summary.measure)][1] == "Brier score"
    data = page_data(summary, {row.id: {} for row in summary.rows}, 0.001)
    for run in data["runs"]:
        key = RunKey(run["network"], run["seed"])
        assert run["value"] == summary.evaluations[key]["brier"]
    page = made.write_page(details=False).read_text(encoding="utf-8")
    assert "Test Brier score" in page
    assert re.search(r"metric: brier", page)  # the configuration that makes the same runs
    assert "Variant minus baseline in Brier score" in page


def test_ensembles_stand_beside_the_mean_single_network(made: MadeUp) -> None:
    summary = made.summary()
    text = to_markdown(summary.sections)
    section = text[text.index("<b>Ensembles over seeds") :]
    found = read_records(made.folder / "ensembles.csv", EnsembleRow).to_dict("records")
    ensembles = {(row["variant"], row["members"]): row for row in found}
    for row in summary.rows:
        assert ensembles[row.id, 1]["accuracy"] == pytest.approx(row.accuracy)
        assert f"{row.accuracy:.2%} ± {row.accuracy_sd:.2%}" in section
        assert f"{ensembles[row.id, 5]['accuracy']:.2%}" in section
        assert [ensembles[row.id, size]["subsets"] for size in (3, 6)] == [20, 1]
    assert "so the spread understates" in section
    assert "An et al. (2020)" in section
    assert r"\label{tab:ensembles}" in to_latex(summary.sections)
