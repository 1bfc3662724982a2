"""metrics.json and failed.json, and what is wrong with bad ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from study.errors import StudyError
from study.runs.metrics import RunKey, read_failures, read_metrics, reported_accuracy
from synthetic import metrics, write_metrics

ON_TABLES = [
    *("variant", "seed", "epochs", "settings", "validation", "data", "parameters", "versions"),
    *("test_accuracy", "test_loss", "train_loss", "train_loss_eval", "best_epoch", "onednn"),
    *("seconds_per_epoch", "threads", "processor", "code_digest", "git_commit", "load"),
    *("train_seconds_per_epoch", "wall_seconds", "cpu_seconds"),
]


def test_metrics_are_read_by_run_in_the_order_of_the_files(tmp_path: Path) -> None:
    contents = [metrics("b", 2), metrics("a", 10), metrics("a", 9)]
    found = read_metrics(write_metrics(tmp_path, content) for content in contents)
    assert [*found.items()] == [
        (RunKey("b", 2), contents[0]),
        (RunKey("a", 10), contents[1]),
        (RunKey("a", 9), contents[2]),
    ]


@pytest.mark.parametrize("key", ON_TABLES)
def test_metrics_that_lack_a_key_are_named(tmp_path: Path, key: str) -> None:
    path = write_metrics(tmp_path, metrics())
    content = json.loads(path.read_text())
    del content[key]
    path.write_text(json.dumps(content))
    with pytest.raises(
        StudyError, match=rf"json: not the metrics of a run, {key}\b.* missing; delete"
    ):
        read_metrics([path])


@pytest.mark.parametrize("content", [[], 3, None, {}])
def test_what_is_no_record_of_a_run_is_named(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(content))
    with pytest.raises(StudyError, match=r"metrics\.json: not the metrics of a run"):
        read_metrics([path])


def test_the_accuracy_that_is_reported_is_that_of_the_chosen_epoch_if_there_is_one() -> None:
    run = metrics(test_accuracy=0.9)
    assert reported_accuracy(run) == 0.9
    assert reported_accuracy(run | {"chosen_test_accuracy": 0.95}) == 0.95
    assert reported_accuracy(run | {"chosen_test_accuracy": 0.0}) == 0.0
    del run["chosen_test_accuracy"]
    assert reported_accuracy(run) == 0.9


def write_failure(folder: Path, content: Any) -> Path:
    path = folder / "runs" / "conv3-k3" / "seed-12" / "failed.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    return path


def test_a_failure_is_read_as_one_line_by_its_run(tmp_path: Path) -> None:
    path = write_failure(tmp_path, {"error": "loss is NaN\n  in epoch 2", "epoch": 2})
    assert read_failures([path]) == {RunKey("conv3-k3", 12): "loss is NaN in epoch 2"}
    assert read_failures([str(path)]) == read_failures([path])


@pytest.mark.parametrize("content", [[], 3, {"epoch": 2}])
def test_what_is_no_record_of_a_failure_is_named(tmp_path: Path, content: Any) -> None:
    with pytest.raises(StudyError, match=r"failed\.json: not the record of a failed run"):
        read_failures([write_failure(tmp_path, content)])
