"""The last lines of runs that finished and that failed."""

from pathlib import Path
from typing import Any

from made_up_study import make_study
from study.failed import MOST_RUNS, failed_runs
from study.page.closing import closing_text


def test_a_finished_run_ends_with_its_table_and_its_page(
    tmp_path: Path, default_config: dict[str, Any]
) -> None:
    config = default_config | {"dataset": "digits", "seeds": 1}
    summary = make_study(tmp_path, config, epochs=2, details=False).summary()
    text = closing_text(summary.rows, summary.comparisons, summary.measure, "results/report.html")
    lines = text.splitlines()
    assert len(lines) < 40
    assert max(map(len, lines)) <= 100
    assert all(f" {row.id} " in text for row in summary.rows)
    assert "One seed cannot tell networks apart" in " ".join(text.split())
    assert lines[-1] == "The page: results/report.html"


def test_failed_trainings_are_named_with_reason_and_log(tmp_path: Path) -> None:
    runs = [("net", seed) for seed in range(1, MOST_RUNS + 4)]
    for variant, seed in runs:
        log = tmp_path / "logs" / "train" / variant / f"seed-{seed}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("2026-01-01 00:00:00 error: loss is NaN\n", encoding="utf-8")
    finished = tmp_path / "runs" / "net" / "seed-2" / "metrics.json"
    finished.parent.mkdir(parents=True)
    finished.write_text("{}", encoding="utf-8")
    lines = failed_runs(runs, tmp_path)
    assert lines[0] == f"net, seed 1: loss is NaN ({tmp_path}/logs/train/net/seed-1.log)"
    assert not any("seed 2:" in line for line in lines)
    assert lines[-1] == "and 2 more trainings"
    assert failed_runs([("other", 1)], tmp_path) == []
