"""The schema: every key has a description, a default and a place in the README."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT
from study.config.files import check_files
from study.config.schema import SCHEMA
from study.errors import StudyError

Config = dict[str, Any]


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("seeds: [1]\ntraining:\n  epochs: 3\n  epochs: 12\n", encoding="utf-8")
    with pytest.raises(
        StudyError, match=r"config\.yaml, line 4, column 3: the key 'epochs' is duplicated"
    ):
        check_files([file])
    check_files([ROOT / "config" / "config.yaml", ROOT / "config" / "digits.yaml"])


def properties(schema: Config, path: str = "") -> Iterator[tuple[str, Config, bool]]:
    """Every key of the schema with its part of it, and whether it must be given."""
    for name, part in schema.get("properties", {}).items():
        yield f"{path}.{name}", part, name in schema.get("required", [])
        yield from properties(part, f"{path}.{name}")
    for branch in ("items", "additionalProperties", "then", "else"):
        if isinstance(schema.get(branch), dict):
            yield from properties(schema[branch], f"{path}[]")
    for name, part in schema.get("$defs", {}).items():
        yield from properties(part, name)


def test_every_key_has_a_description_and_every_setting_a_default() -> None:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    found = list(properties(schema))
    assert len(found) > 40
    assert [path for path, part, _ in found if not part.get("description")] == []
    # Keys that need not be given, and have no value of their own when they are not.
    absent = {
        *(".verdict[].below", ".variants[].label", ".variants[].reference"),
        ".variants[].notebook_group",
        *(".contrasts", ".contrasts[].name", ".contrasts[].differs"),
        *(f".variants[].reference.{key}" for key in ("train_loss", "test_loss", "verdict")),
        *(f"layer[].{key}" for key in ("conv", "max_pool", "dropout", "dense")),
        *(f"dataset.{key}" for key in ("bundled", "npz", "shape", "train_images", "mirrors")),
        "dataset.files",
        *(f"file.{key}" for key in ("name", "bytes", "sha256", "path")),
    }
    assert {path for path, part, required in found if not required and "default" not in part} == (
        absent
    )


def test_the_readme_explains_every_key() -> None:
    text = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    keys = {path.rsplit(".", 1)[1] for path, _, _ in properties(schema)}
    assert {key for key in keys if f"`{key}`" not in text and f"{key}:" not in text} == set()
