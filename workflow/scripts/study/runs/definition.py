"""What defines a run: its settings, its layers and its seed."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from study.networks.layers import Layer


@dataclass(frozen=True)
class Settings:
    """How a network is trained; config/README.md explains each setting under `training`."""

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    loss: str
    initializer: str
    activation: str
    pixel_divisor: float
    """The default with `standardize`, where it has no effect."""
    standardize: bool
    validation: str
    holdout_fraction: float | None
    """None but for `validation: holdout`, where alone it has an effect."""
    threads: int
    gpu: int
    precision: str
    xla: bool
    schedule: dict[str, Any]
    """Its `kind`, and that kind's own settings."""
    weight_decay: float
    momentum: float
    label_smoothing: float
    ema: float
    early_stopping: dict[str, Any] | None
    augment: dict[str, Any] | None
    metric: str | None
    """The measure by which validation images choose the epoch; None with `validation: test`."""


@dataclass(frozen=True)
class Definition:
    """All that decides a run's result except the data and the code."""

    seed: int
    settings: Settings
    layers: list[Layer]

    def to_json(self) -> str:
        """Canonical JSON: equal definitions give equal text."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Definition":
        """The definition that `to_json` gave as `text`."""
        content: dict[str, Any] = json.loads(text)
        return cls(**content | {"settings": Settings(**content["settings"])})


@dataclass(frozen=True)
class Run:
    """One training: a variant with one seed."""

    variant: str
    seed: int
    label: str
    settings: Settings
    layers: list[Layer]

    @property
    def title(self) -> str:
        return f"{self.label} ({self.variant}), seed {self.seed}"

    @cached_property
    def definition(self) -> str:
        """The run's Definition as JSON."""
        return Definition(self.seed, self.settings, self.layers).to_json()
