"""Checkpoints: a damaged one is set aside, a sound one brings all back, for its own run alone."""

import io
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from study.config.study import load_study
from study.runs.definition import Definition
from study.training.checkpoint import Arrays, Progress, load_checkpoint, save_checkpoint
from study.training.provenance import versions
from study.training.run import checkpoint_key

PROGRESS = Progress([{"epoch": 1, "loss": 0.1}], step=3, epoch_seconds=0.5, wall_seconds=7.0)
VARIABLES: Arrays = {
    "variable_0": np.arange(6, dtype=np.float32).reshape(2, 3),
    "variable_1": np.ones(1),
}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "checkpoints" / "variant" / "seed-1.npz"
    save_checkpoint(path, "key", PROGRESS, VARIABLES)
    return path


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.ones(3))
    return file.getvalue()


def headed(header: Any) -> bytes:
    return npz(header=np.array(json.dumps(header)), **VARIABLES)


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "one byte": lambda whole: whole[:1],
    "half": lambda whole: whole[: len(whole) // 2],
    "all but the last byte": lambda whole: whole[:-1],
    "zeros, as after a power loss": lambda whole: bytes(len(whole)),
    "its second half zeros": lambda whole: whole[: len(whole) // 2].ljust(len(whole), b"\0"),
    "text": lambda whole: b"no archive\n",
    "a single array": lambda whole: npy(),
    "a pickle": lambda whole: b"\x80\x04K\x01.",
    "no header": lambda whole: npz(**VARIABLES),
    "header that is no JSON": lambda whole: npz(header=np.array("{"), **VARIABLES),
    "header that is a list": lambda whole: headed([1]),
    "header without progress": lambda whole: headed({"key": "key", "arrays": [*VARIABLES]}),
    "header without key": lambda whole: headed(
        {"progress": asdict(PROGRESS), "arrays": [*VARIABLES]}
    ),
    "progress of another version": lambda whole: headed(
        {"key": "key", "progress": {"old": 1}, "arrays": [*VARIABLES]}
    ),
    "an array too few": lambda whole: npz(
        header=np.array(
            json.dumps({"key": "key", "progress": asdict(PROGRESS), "arrays": [*VARIABLES]})
        )
    ),
    "pickled objects": lambda whole: npz(header=np.array([{}], dtype=object)),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_checkpoint_is_set_aside(
    checkpoint: Path, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    content = BROKEN[case](checkpoint.read_bytes())
    checkpoint.write_bytes(content)
    assert load_checkpoint(checkpoint, "key") is None
    assert caplog.messages == [
        f"warning: the checkpoint {checkpoint} is damaged; it is now seed-1.set-aside.npz"
    ]
    assert not checkpoint.exists()
    assert checkpoint.with_name("seed-1.set-aside.npz").read_bytes() == content


def test_a_folder_in_place_of_a_checkpoint_is_set_aside(checkpoint: Path) -> None:
    checkpoint.unlink()
    checkpoint.mkdir()
    assert load_checkpoint(checkpoint, "key") is None
    assert not checkpoint.exists()
    assert checkpoint.with_name("seed-1.set-aside.npz").is_dir()


def test_a_checkpoint_of_another_training_is_set_aside(
    checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert load_checkpoint(checkpoint, "another key") is None
    assert "is of other settings, code, data or packages" in caplog.text
    assert not checkpoint.exists()
    assert load_checkpoint(checkpoint.with_name("seed-1.set-aside.npz"), "key") is not None


def test_a_checkpoint_brings_back_what_was_saved(checkpoint: Path) -> None:
    found = load_checkpoint(checkpoint, "key")
    assert found is not None
    progress, variables = found
    assert progress == PROGRESS
    assert variables.keys() == VARIABLES.keys()
    for name, value in VARIABLES.items():
        np.testing.assert_array_equal(variables[name], value)
        assert variables[name].dtype == value.dtype


def test_no_flipped_bit_changes_what_a_checkpoint_brings_back(
    checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each byte in turn: the checkpoint is set aside, or what it brings back is unharmed."""
    caplog.set_level(logging.ERROR)
    whole = checkpoint.read_bytes()
    set_aside = 0
    for position in range(len(whole)):
        content = bytearray(whole)
        content[position] ^= 1 << position % 8
        checkpoint.write_bytes(content)
        found = load_checkpoint(checkpoint, "key")
        if found is None:
            set_aside += 1
            continue
        progress, variables = found
        assert progress == PROGRESS, position
        assert variables.keys() == VARIABLES.keys(), position
        for name, value in VARIABLES.items():
            np.testing.assert_array_equal(variables[name], value, str(position))
    assert set_aside > len(whole) / 2


class Unwritable:
    """An array that fails as it is written."""

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise OSError("no space left on device")


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(checkpoint: Path) -> None:
    """And nothing beside it."""
    broken: Any = VARIABLES | {"variable_2": Unwritable()}
    with pytest.raises(OSError, match="no space"):
        save_checkpoint(checkpoint, "key", Progress(step=4), broken)
    found = load_checkpoint(checkpoint, "key")
    assert found is not None
    assert found[0] == PROGRESS
    assert [*checkpoint.parent.iterdir()] == [checkpoint]


def test_what_a_killed_writer_left_is_removed(checkpoint: Path) -> None:
    leftover = checkpoint.with_name(".seed-1-a1b2c3.npz")
    others = checkpoint.with_name(".seed-10-a1b2c3.npz")
    for file in (leftover, others):
        file.write_bytes(b"half a checkpoint")
    assert load_checkpoint(checkpoint, "key") is not None
    assert sorted(checkpoint.parent.iterdir()) == sorted([checkpoint, others])


def test_all_that_decides_the_result_is_in_the_key_of_a_checkpoint(default_config) -> None:
    run_ = Definition.from_json(load_study(default_config).runs[0].definition)
    other_settings = replace(run_, settings=replace(run_.settings, epochs=4))
    manifest = {"sha256": "ab", "classes": 10}
    keys = {
        checkpoint_key(run_, "code", manifest),
        checkpoint_key(replace(run_, seed=2), "code", manifest),
        checkpoint_key(other_settings, "code", manifest),
        checkpoint_key(replace(run_, layers=(run_.layers or [])[:-1]), "code", manifest),
        checkpoint_key(run_, "other code", manifest),
        checkpoint_key(run_, "code", manifest | {"sha256": "cd"}),
        checkpoint_key(run_, "code", manifest | {"classes": 9}),
    }
    assert len(keys) == 7
    assert checkpoint_key(run_, "code", manifest | {"dataset": "renamed"}) in keys


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ONEDNN_MAX_CPU_ISA", "AVX2"),
        ("DNNL_MAX_CPU_ISA", "AVX2"),
        ("TF_ENABLE_ONEDNN_OPTS", "0"),
        ("TF_XLA_FLAGS", "--tf_xla_auto_jit=2"),
        ("XLA_FLAGS", "--xla_cpu_max_isa=AVX2"),
        ("NVIDIA_TF32_OVERRIDE", "1"),
        ("ONEDNN_DEFAULT_FPMATH_MODE", "BF16"),
        ("DNNL_DEFAULT_FPMATH_MODE", "BF16"),
    ],
)
def test_variables_that_choose_kernels_are_in_the_key_of_a_checkpoint(
    default_config, monkeypatch, variable: str, value: str
) -> None:
    run_ = Definition.from_json(load_study(default_config).runs[0].definition)
    manifest = {"sha256": "ab", "classes": 10}
    monkeypatch.delenv(variable, raising=False)
    key = checkpoint_key(run_, "code", manifest)
    monkeypatch.setenv(variable, value)
    assert checkpoint_key(run_, "code", manifest) != key


def test_the_packages_that_compute_are_in_the_key_of_a_checkpoint(
    default_config, monkeypatch
) -> None:
    """But not the version of Python or of this project, which change no bit."""
    run_ = Definition.from_json(load_study(default_config).runs[0].definition)
    installed, changed = versions(), []
    key = checkpoint_key(run_, "code", {"sha256": "ab", "classes": 10})
    for name in installed:
        monkeypatch.setattr("study.training.run.versions", lambda n=name: installed | {n: "0.0"})
        if checkpoint_key(run_, "code", {"sha256": "ab", "classes": 10}) != key:
            changed.append(name)
    assert changed == ["tensorflow", "keras", "numpy", "scikit-learn"]
