"""A training of seconds: conv3-k5, with dropout and batch normalization, on 70 random images."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from study.config.study import load_study
from study.data.split import Data
from study.training.loop import Training
from study.training.model import build_model
from study.training.trainer import Trainer

EPOCHS, STEPS = 3, 4  # the last batch is short


def random_images(seed: int = 5) -> Data:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 10, 70)
    return generator.integers(0, 256, (70, 28, 28, 1), dtype=np.uint8), labels.astype(np.uint8)


def make_training(
    config: dict[str, Any], images: Data, checkpoint: Path, **changed: Any
) -> Training:
    (variant,) = (v for v in load_study(config).variants if v.id == "conv3-k5")
    settings = replace(variant.settings, **{"batch_size": 20, "epochs": EPOCHS} | changed)
    model = build_model(variant.layers, (28, 28, 1), 10, settings, seed=2)
    trainer = Trainer(model, images[0], images[1], settings, seed=2)
    return Training("a run", trainer, checkpoint, "key")
