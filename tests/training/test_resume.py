"""A training that stops at any step and resumes later gives the bits of an uninterrupted one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_training import EPOCHS, STEPS, make_training, random_images
from study.training.loop import best_epoch, train
from study.training.model import named_weights
from study.training.stop import Interrupted, StopRequest


@pytest.fixture(autouse=True)
def one_step_a_call(monkeypatch) -> None:
    """So that a stop can come after any step."""
    monkeypatch.setattr("study.training.trainer.CALL_SECONDS", 0)


class StopAfter(StopRequest):
    """Asks to stop after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def came(self) -> bool:
        self.left -= 1
        return self.left == 0


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    return random_images()


ALL_AT_ONCE: dict[str, Any] = {
    "schedule": {"kind": "cosine", "warmup": 1.0, "end": 0.1},
    "weight_decay": 0.01,
    "label_smoothing": 0.1,
    "ema": 0.9,
    "augment": {"shift": 0.1, "rotate": 10.0, "zoom": 0.1, "flip": True},
}


@pytest.mark.parametrize(
    ("changed", "stops"),
    [
        (ALL_AT_ONCE, [2, 1, 5]),
        (ALL_AT_ONCE | {"optimizer": "sgd", "momentum": 0.9}, [STEPS, 3]),
        *(({}, stops) for stops in ([1], [STEPS], [STEPS + 2], [2, 1, 5])),
        ({"optimizer": "sgd"}, [2, 1, 5]),
        ({"optimizer": "nadam"}, [2, 1, 5]),
        ({"precision": "mixed_bfloat16"}, [2, 1, 5]),
    ],
)
def test_a_stop_in_mid_epoch_changes_no_bit(
    default_config, images, tmp_path: Path, changed: dict[str, Any], stops: list[int]
) -> None:
    whole = make_training(default_config, images, tmp_path / "whole.npz", **changed)
    train(whole, images, images, StopRequest())

    checkpoint = tmp_path / "parts.npz"
    done = 0
    for steps in stops:
        parts = make_training(default_config, images, checkpoint, **changed)
        with pytest.raises(Interrupted):
            train(parts, images, images, StopAfter(steps))
        done += steps
        assert len(parts.progress.rows) * STEPS + parts.progress.step == done
    parts = make_training(default_config, images, checkpoint, **changed)
    train(parts, images, images, StopRequest())

    for row, expected in zip(parts.progress.rows, whole.progress.rows, strict=True):
        times = {"seconds": 0, "train_seconds": 0, "load": 0}
        assert row | times == expected | times
    expected_weights = named_weights(whole.trainer.model)
    for name, values in named_weights(parts.trainer.model).items():
        np.testing.assert_array_equal(values, expected_weights[name], err_msg=name)


def test_the_chosen_weights_are_those_after_the_best_epoch(
    default_config, images, tmp_path: Path
) -> None:
    held_out = images[0][::2], np.roll(images[1], 4)[::2]  # wrong labels, so the best comes early
    whole = make_training(
        default_config, images, tmp_path / "whole.npz", validation="holdout", metric="accuracy"
    )
    train(whole, images, held_out, StopRequest())
    best = best_epoch(whole.progress.rows, None)
    assert best < EPOCHS

    shorter = make_training(default_config, images, tmp_path / "shorter.npz", epochs=best)
    train(shorter, images, held_out, StopRequest())
    after_best = named_weights(shorter.trainer.model)
    assert not shorter.chosen  # only held-out images may choose

    parts = make_training(
        default_config, images, tmp_path / "parts.npz", validation="holdout", metric="accuracy"
    )
    with pytest.raises(Interrupted):
        train(parts, images, held_out, StopAfter(best * STEPS + 1))
    parts = make_training(
        default_config, images, tmp_path / "parts.npz", validation="holdout", metric="accuracy"
    )
    train(parts, images, held_out, StopRequest())

    for training in (whole, parts):
        assert training.chosen.keys() == after_best.keys()
        for name, values in training.chosen.items():
            np.testing.assert_array_equal(values, after_best[name], err_msg=name)


def test_a_training_that_stops_early_does_so_where_it_resumed(
    default_config, images, tmp_path: Path
) -> None:
    held_out = images[0][::2], np.roll(images[1], 4)[::2]
    changed = {
        "validation": "holdout",
        "metric": "accuracy",
        "early_stopping": {"patience": 2},
        "epochs": 9,
    }
    changed |= {"ema": 0.5, "learning_rate": 1e-9, "batch_size": 70}  # nothing is learnt
    found = []
    for stops in ([], [1], [1, 1]):
        checkpoint = tmp_path / f"{len(stops)}.npz"
        for steps in stops:
            with pytest.raises(Interrupted):
                parts = make_training(default_config, images, checkpoint, **changed)
                train(parts, images, held_out, StopAfter(steps))
        whole = make_training(default_config, images, checkpoint, **changed)
        train(whole, images, held_out, StopRequest())
        rows = whole.progress.rows
        assert len(rows) == best_epoch(rows, None) + 2 < 9
        found.append(named_weights(whole.trainer.model) | whole.chosen)
    for other in found[1:]:
        for name, values in other.items():
            np.testing.assert_array_equal(values, found[0][name], err_msg=name)


def test_a_run_that_resumes_on_another_processor_says_so(
    default_config, images, tmp_path: Path, monkeypatch, caplog
) -> None:
    """It differs in instructions alone: its name is the same on many machines."""
    checkpoint = tmp_path / "checkpoint.npz"
    monkeypatch.setattr("study.training.loop.instruction_set", lambda: "avx2 avx512f")
    make_training(default_config, images, checkpoint).save()
    make_training(default_config, images, checkpoint)
    assert not caplog.records
    monkeypatch.setattr("study.training.loop.instruction_set", lambda: "avx2")
    resumed = make_training(default_config, images, checkpoint)
    assert len(resumed.progress.processors) == 2
    assert "a run resumes on another kind of processor" in caplog.text
    assert "(avx2), after" in caplog.text


def test_time_before_a_stop_counts_once(default_config, images, tmp_path: Path) -> None:
    """That of the epoch under way in its row, and all of it in the whole time."""
    checkpoint = tmp_path / "checkpoint.npz"
    stopped = make_training(default_config, images, checkpoint, epochs=2)
    with pytest.raises(Interrupted):
        train(stopped, images, images, StopAfter(2))
    assert 0 < stopped.progress.epoch_seconds <= stopped.progress.wall_seconds
    stopped.progress.epoch_seconds, stopped.progress.step = 1000.0, 2
    stopped._wall -= 5000
    stopped._cpu -= 4000
    stopped.save()
    resumed = make_training(default_config, images, checkpoint, epochs=2)
    train(resumed, images, images, StopRequest())
    first, second = resumed.progress.rows
    assert 1000 < first["train_seconds"] < first["seconds"] < 2000
    assert second["seconds"] < 1000
    assert 5000 < resumed.progress.wall_seconds < 6000
    assert 4000 < resumed.progress.cpu_seconds < 5000
