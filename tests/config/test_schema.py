"""The schema: every key has a description, a default and a place in the README."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT
from study.config.files import check_files
from study.config.schema import SCHEMA
from study.config.study import load_study
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
        *(f".variants[].{key}" for key in ("notebook_group", "layers", "python", "output")),
        *(".contrasts", ".contrasts[].name", ".contrasts[].differs"),
        *(f".variants[].reference.{key}" for key in ("train_loss", "test_loss", "verdict")),
        *(
            f"layer[].{key}"
            for key in ("conv", "max_pool", "avg_pool", "residual", "dropout", "dense")
        ),
        *(f"layer[].{key}activation" for key in ("", "conv.", "dense[].")),
        "training.weight_decay",
        *(f"training.schedule[].{key}" for key in ("constant", "cosine", "exponential", "step")),
        *(f"dataset.{key}" for key in ("bundled", "npz", "shape", "train_images", "mirrors")),
        *(f"dataset.{key}" for key in ("arrays", "records", "files")),
        *(f"dataset.arrays.{key}" for key in ("x_val", "y_val")),
        *(f"dataset.files.{kind}_{part}" for kind in "xy" for part in ("train", "val", "test")),
        "dataset.files.all",
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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: &a [1, *a]\n", ", line 1, column 4: an anchored value contains itself"),
        ("a: &x {b: &y [*x]}\nc: *y\n", ", line 1, column 4: an anchored value contains itself"),
        ("a: &a\n  <<: *a\n", ", line 1, column 4: an anchored value contains itself"),
        ("a: " + "[" * 3000 + "]" * 3000, ": nested too deeply"),
        ("a: !!python/object/apply:os.system [ls]\n", ", line 1, column 4: the tag 'tag:yaml.org,"),
        ("a: !mine 1\n", ", line 1, column 4: the tag '!mine' is not allowed; take it out"),
        ("- 1\n", ": not a configuration; it must have keys"),
        ("a: " + "x" * 3_000_000, ": 3,000,003 bytes; a configuration may have 3,000,000 at most"),
    ],
    ids=["list", "two", "merge", "deep", "python", "tag", "a list", "large"],
)
def test_a_file_that_cannot_be_meant_is_refused_at_once(
    tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        check_files([file])
    assert str(caught.value).startswith(f"{file}{message}")
    assert "\n" not in str(caught.value)


TEXTS = {
    "a line break": ("one\ntwo", "U+000A (a control character) at position 4"),
    "right to left": ("one\u202etwo", "U+202E (right-to-left override) at position 4"),
    "no width": ("one\u200btwo", "U+200B (zero width space) at position 4"),
    "an escape": ("\x1b[31mred", "U+001B (a control character) at position 1"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_with_a_control_character_is_refused(config, text: str) -> None:
    """Wherever it is, in one line."""
    given, words = TEXTS[text]
    variant, *others = config["variants"]
    places: list[dict[str, object]] = [
        {"variants": [variant | {"label": given}, *others]},
        {"variants": [variant | {"id": given}, *others]},
        {"verdict": [{"text": given}]},
        {"datasets": {"mine": {"classes": 2, "npz": given}}},
        {"datasets": {given: {"classes": 2, "npz": "x.npz"}}},
        {"contrasts": [{"baseline": "conv3-k3", "variant": "conv3-k5", "differs": given}]},
        {"factors": {"recipe": {given: {"epochs": 1}}}},
    ]
    for change in places:
        with pytest.raises(StudyError) as caught:
            load_study(config | change)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


def test_words_and_emoji_of_every_script_are_fine(config) -> None:
    variant, *others = config["variants"]
    label = "Größe, ভুল, می\u200cخواهم, 👩\u200d🔬, $x_$, <b>"
    study = load_study(config | {"variants": [variant | {"label": label}, *others]})
    assert study.variants[0].label == label
