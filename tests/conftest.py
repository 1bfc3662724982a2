"""Shared fixtures."""

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent

# Tests in this process use TensorFlow as a run does.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture(scope="session")
def default_config() -> dict[str, Any]:
    """config/config.yaml, as it is shipped, with the shipped data sets. Copy before changing it."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    datasets = yaml.safe_load((ROOT / "workflow" / "datasets.yaml").read_text(encoding="utf-8"))
    return config | {"datasets": datasets}


@pytest.fixture
def config(default_config: dict[str, Any]) -> dict[str, Any]:
    """A copy of config/config.yaml to change."""
    return copy.deepcopy(default_config)
