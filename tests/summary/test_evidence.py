"""The summary's evidence: contrasts, effects, and the notebook's conclusions."""

import math

import numpy as np
import pandas as pd

from random_families import random_family
from study.statistics.contrasts import ContrastRow, finding_columns
from study.statistics.findings import findings, no_difference
from study.summary.conclusions import five_conclusions
from study.summary.evidence import contrast_table
from study.summary.groups import networks_of
from summaries import COMPARISON, failures_among, records, study, tables, text_of
from synthetic import VARIANTS


def test_contrasts_say_what_may_be_concluded() -> None:
    """A row without figures gives dashes, and one family needs no column."""
    empty = {
        **{"family": "study", "contrast": "a vs b", "n": 0},
        "verdict": "no pair of finished runs",
    }
    few = COMPARISON | {
        **{"low": math.nan, "high": math.nan, "normal_low": -1.0, "normal_high": 0.5},
        **{"verdict": "too few seeds to tell", "seeds_needed": ">1000"},
    }
    small = COMPARISON | {"within_margin": "yes", "margin_of_errors": 0.25}
    equal = small | {"verdict": "no difference larger than 0.2", "margin_of_errors": 0.33}
    failed = COMPARISON | {"verdict_without_failed": "undecided", "failed_runs": "b seed 3"}
    text = text_of(study(), comparisons=(COMPARISON, empty, few, small, equal, failed))
    section = text[text.index("## Differences between networks") :]
    figures = ["−0.73", "−0.90 to −0.50", "0.018", "0.05 (0.00 to 0.36)"]
    assert tables(section)[0] == [
        [
            *("Contrast", "n", "Difference (points)", "95 % interval", "Adjusted p", "P(A > B)"),
            "In words",
        ],
        ["conv3-k5 vs conv3-k3", "10", *figures, "worse"],
        ["a vs b", "0", "—", "—", "—", "—", "no pair of finished runs"],
        [
            *("conv3-k5 vs conv3-k3", "10", "−0.73", "if normal: −1.00 to +0.50", *figures[2:]),
            "too few seeds to tell (more than 1000)",
        ],
        ["conv3-k5 vs conv3-k3", "10", *figures, "worse, by less than the margin"],
        [
            *("conv3-k5 vs conv3-k3", "10", *figures),
            "no difference larger than 0.2 (up to 26 % of trainings may fail)",
        ],
        ["conv3-k5 vs conv3-k3", "10", *figures, "worse; without the failed b seed 3: undecided"],
    ]
    for part in (
        "Tested is the typical difference over paired seeds",
        "the interval excludes zero exactly if p ≤ 0.05",
        "With fewer than 6 seeds the test has no interval",
        "is 25 to 33 % of the baselines' errors",
    ):
        assert part in section
    assert "## Differences between networks" not in text_of(study())


def test_several_families_are_told_apart() -> None:
    text = text_of(study(), comparisons=(COMPARISON, COMPARISON | {"family": "other"}))
    head, *rows = tables(text[text.index("## Differences between networks") :])[0]
    assert head[:2] == ["Family", "Contrast"]
    assert [row[0] for row in rows] == ["study", "other"]


def test_effects_are_told_where_there_are_factors() -> None:
    effect = {
        **{"kind": "main", "effect": "dropout", "levels": "with → without", "n": 5},
        **{"estimate": 0.5, "low": 0.25, "high": 0.75, "p_adjusted": 0.0001},
        **{"verdict": "higher", "within_margin": "no"},
    }
    text = text_of(study(), effects=(effect,))
    _, row = tables(text[text.index("<b>Effects of the factors") :])[0]
    figures = ["+0.50", "+0.25 to +0.75", "< 0.001"]
    assert row == ["dropout", "with → without", "5", *figures, "higher"]
    assert "Effects" not in text_of(study())


def test_the_notebooks_conclusions_stand_with_answers_figures_and_rule() -> None:
    runs = study(seeds=3)
    history = pd.DataFrame({"val_loss": [0.1] * 12, "loss_eval": [0.2] * 12})
    histories = dict.fromkeys(runs, history)
    networks = networks_of(VARIANTS, runs, histories, failures_among(runs))
    conclusions = five_conclusions(networks, "the load")
    text = text_of(runs, seeds=3, conclusions=conclusions)
    answers, *details = tables(text[text.index("<b>The notebook's five conclusions") :])
    assert [row[0] for row in answers[1:]] == ["1", "2", "3", "4", "5"]
    assert {row[3] for row in answers[1:]} == {"3"}
    names = [row[0] for row in details[0][1:]]
    assert names[0] == "Accuracy of `conv3-k3` minus `conv3-no-dropout` (points)"
    assert len(names) == 12
    assert details[1][1][:3] == ["Test error / train error of `conv3-no-dropout`", "> 2.00", "7.42"]
    assert "`config/controlled.yaml` varies one at a time" in text
    assert "- the load" in text
    assert "The notebook's five conclusions" not in text_of(runs, 3)


def test_the_page_never_contradicts_itself() -> None:
    """Over random families: the interval in a row excludes zero exactly if the verdict says so."""
    random = np.random.default_rng(11)
    seen = set()
    for _ in range(100):
        judged = findings(random_family(random), 0.2)
        rows = [
            {"family": "study", "contrast": "b vs a", "difference": finding.mean}
            | finding_columns(finding)
            for finding in judged
        ]
        table = contrast_table(records(ContrastRow, *rows))
        for finding, row in zip(judged, table.rows, strict=True):
            cells = dict(zip(table.columns, row, strict=True))
            interval, verdict = cells["95 % interval"], cells["In words"]
            decided = verdict.startswith(("better", "worse"))
            seen.add(verdict.split(" (")[0])
            if finding.interval is None:
                assert not decided and (interval == "—" or interval.startswith("if normal: "))
                continue
            low, high = (float(end.replace("−", "-")) for end in interval.split(" to "))
            assert decided == (low > 0 or high < 0)
            assert verdict.startswith("better") == (low > 0)
            assert max(-low, high) <= 0.2 or not finding.is_small
            assert verdict.startswith(no_difference(0.2)) == (finding.is_small and not decided)
            assert ("by less than the margin" in verdict) == (finding.is_small and decided)
    assert len(seen) == 8
