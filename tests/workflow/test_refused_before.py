"""What could only fail later is refused by `snakemake` before any job, in one line."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkout import copy_checkout, run_snakemake
from hostile_study import LAYERS, TEST, TRAIN, study, write_data, write_study

MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a layer that no machine holds": (
        {
            "variants": [{"id": "huge", "layers": ["flatten", {"dense": 100_000_000_000}]}],
            "contrasts": [],
        },
        "variants[huge]: its training needs about 1,300 TB of memory; at most 10 TB is allowed "
        "(its largest layer, dense_1, has 32,100,000,000,000 parameters)",
    ),
    "a holdout without a class": (
        {"training": {"validation": "holdout", "holdout_fraction": 0.001}},
        "variants[plain]: holdout_fraction 0.001 holds out 1 of 60 training images; allowed is a "
        "fraction that leaves each of 4 classes on both sides",
    ),
    "a folder of Git": (
        {"outdir": ".git/results"},
        "outdir: '.git/results' is not allowed; it must be a folder for results only",
    ),
    "an id that repeats": (
        {"variants": [{"id": "a" * 64, "layers": LAYERS}], "contrasts": []},
        f"variants: the name '{'a' * 64}' ends with the same characters more than 20 times",
    ),
    "a control character": (
        {"variants": [{"id": "plain", "label": "one\rtwo", "layers": LAYERS}]},
        "variants[plain].label: 'one\\rtwo' has the character U+000D (a control character) at "
        "position 4; allowed are characters that can be seen, and spaces",
    ),
    "an id with a space": (
        {"variants": [{"id": "a b", "layers": LAYERS}]},
        'variants[a b].id: "a b" is not allowed; allowed are letters, digits, ".", "_" and "-", '
        "with a letter or digit first",
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which nothing is ever made."""
    folder = tmp_path_factory.mktemp("refused") / "checkout"
    copy_checkout(folder)
    write_data(folder / "own.npz")
    return folder


def refusal(project: Path, config: dict[str, Any]) -> str:
    """The one line with which the study is refused."""
    file = write_study(project, config)
    done = run_snakemake(project, "--cores", "1", "--configfile", file, timeout=60)
    printed = done.stdout + done.stderr
    assert done.returncode == 1, printed
    assert "Traceback" not in printed
    assert not (project / "results").exists()
    assert not (project / "data/prepared").exists()
    (line,) = (line for line in printed.splitlines() if line.startswith("configuration: "))
    return line


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused(project: Path, mistake: str) -> None:
    changes, message = MISTAKES[mistake]
    line = refusal(project, study(project / "own.npz") | changes)
    assert line.startswith(f"configuration: {message}")


def test_braces_in_a_path_are_refused(project: Path) -> None:
    path = write_data(project / "{x}.npz")
    assert f"datasets.own.npz: '{path}' is not allowed; Snakemake reads braces as wildcards" in (
        refusal(project, study(path))
    )


def archive(path: Path, **shapes: tuple[int, ...]) -> Path:
    """An .npz whose headers promise other shapes than what it holds."""
    arrays = dict(np.load(write_data(path)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header,
                {
                    **{"descr": array.dtype.str, "fortran_order": False},
                    "shape": shapes.get(name, array.shape),
                },
            )
            file.writestr(f"{name}.npy", header.getvalue() + array.tobytes())
    return path


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (
            10**12,
            "the header of x_train promises 1000000000000 x 8 x 8 x 5 values of uint8, "
            "320,000,000,000,000 bytes, but the file has 19,200 of them",
        ),
        (
            -5,
            "the header of x_train promises -5 x 8 x 8 x 5 values of uint8; sizes cannot be "
            "negative",
        ),
    ],
)
def test_a_header_that_promises_too_much_is_refused(project: Path, images: int, words: str) -> None:
    path = archive(project / "lying.npz", x_train=(images, 8, 8, 5))
    assert refusal(project, study(path)).startswith(
        f"configuration: datasets.own.npz: {path}: {words}"
    )


def test_an_idx_header_that_promises_too_much_is_refused(project: Path) -> None:
    files = {}
    for name, shape in (
        *(("x_train", (10**6, 1000, 1000)), ("y_train", (TRAIN,))),
        *(("x_test", (TEST, 8, 8)), ("y_test", (TEST,))),
    ):
        path = project / f"{name}.idx"
        header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
        path.write_bytes(header + bytes(TEST * 64))
        files[name] = {"path": str(path)}
    config = study(project / "own.npz") | {"datasets": {"own": {"classes": 3, "files": files}}}
    assert refusal(project, config).startswith(
        f"configuration: datasets.own.files.x_train.path: {project}/x_train.idx: the header "
        "promises 1000000 x 1000 x 1000 values, 1,000,000,000,000 bytes, but the file has 1,936 "
        "bytes"
    )


def test_an_archive_of_other_arrays_is_refused_with_their_names(project: Path) -> None:
    path = project / "other.npz"
    np.savez(path, images=np.zeros((6, 8, 8), "u1"), labels=np.zeros(6, "u1"))
    assert refusal(project, study(path)) == (
        f"configuration: datasets.own.npz: {path}: no array x_train, y_train, x_test, y_test; "
        "the arrays in it are images, labels"
    )
