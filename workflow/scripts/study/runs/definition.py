"""What defines a run: its settings, its network and its seed."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from study.networks.layers import Layer
from study.networks.python import PythonNetwork


@dataclass(frozen=True)
class Settings:
    """How a network is trained; config/README.md explains each setting under `training`."""

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    loss: str
    initializer: str | None
    activation: str | None
    """None for a network in Python, like `initializer`: it has no effect there."""
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


OF_LAYERS = ("initializer", "activation")
"""Settings that only declared layers take."""


@dataclass(frozen=True)
class Definition:
    """All that decides a run's result except the data and the project's code.

    The network is in `layers`, or in `python`, as `PythonNetwork.definition` gives it.
    """

    seed: int
    settings: Settings
    layers: list[Layer] | None = None
    python: dict[str, str | None] | None = None

    def to_json(self) -> str:
        """Canonical JSON: equal definitions give equal text."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(given, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Definition":
        """The definition that `to_json` gave as `text`."""
        content: dict[str, Any] = json.loads(text)
        return cls(**content | {"settings": Settings(**content["settings"])})


@dataclass(frozen=True)
class Run:
    """One training: a variant with one seed, and `layers` or a network in `python`."""

    variant: str
    seed: int
    label: str
    settings: Settings
    layers: list[Layer]
    python: PythonNetwork | None = None

    @property
    def title(self) -> str:
        return f"{self.label} ({self.variant}), seed {self.seed}"

    @cached_property
    def definition(self) -> str:
        """The run's Definition as JSON."""
        python = self.python.definition if self.python else None
        return Definition(self.seed, self.settings, self.layers or None, python).to_json()
