"""Archives from a mirror, by the real command: prepared, trained on in colour, and reported."""

import base64
import hashlib
import http.server
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from archives import NAMES, cifar_batches, medmnist_arrays, tar_gz, write_medmnist
from checkout import copy_checkout, run_snakemake
from conftest import ROOT
from mirror_server import mirror_servers, send

CIFAR, MEDMNIST = "cifar-10-binary.tar.gz", "tiny.npz"
RUN = "results/runs/a/seed-1"
MISLABELLED = 4
"""The first test images, whose labels are wrong, so that there are mistakes to show."""


def file_entry(name: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"all": {"name": name, "bytes": len(content), "sha256": digest}}


def study(files: dict[str, bytes]) -> dict[str, Any]:
    shipped = yaml.safe_load((ROOT / "workflow/datasets.yaml").read_text(encoding="utf-8"))
    tiny = {"classes": 3, "shape": [8, 8, 3], "train_images": 48, "arrays": NAMES}
    mirrors = {"mirrors": ["http://127.0.0.1:9/"]}
    return {
        "dataset": "tiny",
        "training": {
            **{"epochs": 2, "batch_size": 8, "learning_rate": 0.01},
            **{"validation": "given", "standardize": True},
        },
        "datasets": {
            "tiny": tiny | mirrors | {"files": file_entry(MEDMNIST, files[MEDMNIST])},
            "cifar10": shipped["cifar10"]
            | mirrors
            | {"train_images": 30, "files": file_entry(CIFAR, files[CIFAR])},
        },
        "variants": [{"id": "a", "layers": [{"conv": {"filters": 4, "kernel": 3}}, "flatten"]}],
        "contrasts": [],
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished study, and CIFAR-10 in small prepared beside it."""
    folder = tmp_path_factory.mktemp("downloaded") / "checkout"
    copy_checkout(folder)
    labels = medmnist_arrays()["test_labels"]
    labels[:MISLABELLED] = (labels[:MISLABELLED] + 1) % 3
    archive = write_medmnist(folder.parent / MEDMNIST, test_labels=labels)
    files = {MEDMNIST: archive.read_bytes(), CIFAR: tar_gz(cifar_batches()[1])}
    (folder / "study.yaml").write_text(yaml.safe_dump(study(files)), encoding="utf-8")

    def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
        send(body=files[handler.path.rpartition("/")[2]])(handler)

    with mirror_servers() as start:
        done = run_snakemake(
            folder,
            *("results/report.html", f"{RUN}/mistakes.png", "data/prepared/cifar10.json"),
            *("--cores", "2", "--configfile", "study.yaml"),
            env=os.environ | {"DATA_MIRROR": start(reply).url, "NO_PROXY": "127.0.0.1"},
        )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_small_cifar10_is_prepared(made: Path) -> None:
    with np.load(made / "data/prepared/cifar10.npz") as found:
        for name, array in cifar_batches()[0].items():
            np.testing.assert_array_equal(found[name], array)


def test_the_epoch_is_chosen_on_the_given_images(made: Path) -> None:
    metrics = json.loads((made / RUN / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["validation"] == "given"
    assert metrics["chosen_epoch"] in (1, 2)
    text = (made / "results/report.html").read_text(encoding="utf-8")
    assert "validated on the given validation images" in text
    assert "the one with the highest accuracy on the given validation images" in text
    assert "48 training, 12 validation and 18 test images of 3 classes" in text
    assert "held-out" not in text
    history = (made / RUN / "history.csv").read_text(encoding="utf-8").splitlines()
    twelfths = [
        12 * float(line.split(",")[history[0].split(",").index("val_accuracy")])
        for line in history[1:]
    ]
    assert all(abs(value - round(value)) < 1e-4 for value in twelfths)


def test_the_model_predicts_from_pixels_scaled_as_the_metrics_say(made: Path) -> None:
    import keras

    scaling = json.loads((made / RUN / "metrics.json").read_text(encoding="utf-8"))["pixel_scaling"]
    pixels = medmnist_arrays()["train_images"].astype(np.float64)
    np.testing.assert_allclose(scaling["mean"], pixels.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(scaling["divisor"], pixels.std(axis=(0, 1, 2)), rtol=1e-12)
    with np.load(made / "data/prepared/tiny.npz") as data:
        images = (data["x_test"] - np.array(scaling["mean"])) / np.array(scaling["divisor"])
    with np.load(made / RUN / "predictions.npz") as predictions:
        expected = predictions["probabilities"]
    model = keras.saving.load_model(made / RUN / "model.keras")
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, atol=2e-5)


def test_mistakes_are_shown_in_colour(made: Path) -> None:
    """In the figure, and on the page pixel by pixel."""
    drawn = np.asarray(Image.open(made / RUN / "mistakes.png").convert("RGB")).astype(int)
    assert (np.ptp(drawn, axis=2) > 60).any()
    page = (made / "results/report.html").read_text(encoding="utf-8")
    shown = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(found))))
        for found in re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    ]
    images = medmnist_arrays()["test_images"]
    positions = [
        position
        for position, image in enumerate(images)
        if any(np.array_equal(image, other) for other in shown)
    ]
    assert set(range(MISLABELLED)) & set(positions)
