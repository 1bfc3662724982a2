"""A training that stops at any step and goes on later is the one that never stopped."""

from pathlib import Path

import numpy as np
import pytest

from study.config import load_study
from study.model import build_model, named_weights
from study.training import Trainer
from train import Interrupted, StopRequest, Training, train

EPOCHS, STEPS = 3, 4


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
    generator = np.random.default_rng(5)
    labels = generator.integers(0, 10, 70)
    return generator.integers(0, 256, (70, 28, 28, 1), dtype=np.uint8), labels.astype(np.uint8)


def make_training(default_config, images, checkpoint: Path, optimizer: str) -> Training:
    """conv3-k5, with dropout and batch normalization, on random images; the last batch is short."""
    (variant,) = (v for v in load_study(default_config).variants if v.id == "conv3-k5")
    changed = {"batch_size": 20, "epochs": EPOCHS, "optimizer": optimizer}
    settings = variant.training | changed
    model = build_model(variant.layers, (28, 28, 1), 10, settings, seed=2)
    trainer = Trainer(model, images[0], images[1], settings, seed=2)
    return Training("a run", trainer, checkpoint, "key")


@pytest.mark.parametrize(
    ("optimizer", "stops"),
    [
        *(("adam", stops) for stops in ([1], [STEPS], [STEPS + 2], [2, 1, 5])),
        ("sgd", [2, 1, 5]),
        ("nadam", [2, 1, 5]),
    ],
)
def test_a_stop_in_mid_epoch_changes_no_bit(
    default_config, images, tmp_path: Path, optimizer: str, stops: list[int]
) -> None:
    whole = make_training(default_config, images, tmp_path / "whole.npz", optimizer)
    train(whole, images, 1, StopRequest())

    checkpoint = tmp_path / "parts.npz"
    done = 0
    for steps in stops:
        parts = make_training(default_config, images, checkpoint, optimizer)
        with pytest.raises(Interrupted):
            train(parts, images, 1, StopAfter(steps))
        done += steps
        assert len(parts.progress.rows) * STEPS + parts.progress.step == done
    parts = make_training(default_config, images, checkpoint, optimizer)
    train(parts, images, 1, StopRequest())

    for row, expected in zip(parts.progress.rows, whole.progress.rows, strict=True):
        assert row | {"seconds": 0} == expected | {"seconds": 0}
    expected_weights = named_weights(whole.trainer.model)
    for name, values in named_weights(parts.trainer.model).items():
        np.testing.assert_array_equal(values, expected_weights[name], err_msg=name)
