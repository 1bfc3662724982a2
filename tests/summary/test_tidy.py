"""runs.csv and epochs.csv."""

from pathlib import Path

import pandas as pd

from study.runs.metrics import RunKey
from study.summary.tidy import epoch_table, run_table
from study.tables import write_csv
from synthetic import metrics


def test_a_row_for_each_run_with_all_figures_and_settings(tmp_path: Path) -> None:
    runs = {
        RunKey("a", 1): metrics("a", 1, test_accuracy=0.1 + 0.2, settings__augment=None),
        RunKey("a", 2): metrics("a", 2, settings__augment={"shift": 2}, gpus=["x", "y"]),
    }
    levels = {"a": {"dropout": "=with"}, "b": {"dropout": "without"}}
    table = run_table(runs, {RunKey("b", 1): "loss is NaN"}, levels)
    write_csv(tmp_path / "runs.csv", table)
    read = pd.read_csv(tmp_path / "runs.csv")
    assert list(read)[:4] == ["variant", "seed", "error", "factors.dropout"]
    assert list(zip(read["variant"], read["seed"], strict=True)) == [("a", 1), ("a", 2), ("b", 1)]
    assert read["factors.dropout"].tolist() == ["'=with", "'=with", "without"]
    assert read["test_accuracy"][0] == 0.1 + 0.2
    assert read["settings.epochs"].dropna().tolist() == [12, 12]
    assert read["versions.tensorflow"][0] == "2.21.0"
    assert read["error"].isna().tolist() == [True, True, False]
    assert read["gpus"][1] == '["x", "y"]'
    assert read["settings.augment.shift"][1] == 2
    assert "settings.augment" not in read
    assert "layers" not in read
    assert ",12," in (tmp_path / "runs.csv").read_text()  # whole numbers stay whole
    assert "12.0," not in (tmp_path / "runs.csv").read_text()


def test_a_measure_more_is_a_column_more() -> None:
    table = run_table({RunKey("a", 1): {"test_accuracy": 0.5, "brier": 0.25}}, {}, {})
    assert table["brier"].tolist() == [0.25]


def test_histories_stand_below_each_other() -> None:
    history = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.1 + 0.2]})
    table = epoch_table({RunKey("a", 1): history, RunKey("b", 7): history})
    assert table.to_dict("list") == {
        "variant": ["a", "a", "b", "b"],
        "seed": [1, 1, 7, 7],
        "epoch": [1, 2, 1, 2],
        "loss": [0.5, 0.1 + 0.2] * 2,
    }


def test_a_study_without_a_run_has_empty_tables(tmp_path: Path) -> None:
    write_csv(tmp_path / "epochs.csv", epoch_table({}))
    write_csv(tmp_path / "runs.csv", run_table({}, {}, {}))
    assert (tmp_path / "epochs.csv").read_text() == "variant,seed\n"
