"""The configuration: every mistake named, every default filled in, every run resolved."""

import copy
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from conftest import ROOT
from study.config.files import check_files
from study.config.schema import SCHEMA
from study.config.study import load_study
from study.errors import StudyError

Config = dict[str, Any]
FLAT = [["flatten"]]


@pytest.fixture
def config(default_config) -> Config:
    return copy.deepcopy(default_config)


def first(config: Config) -> Config:
    return config["variants"][0]


MISTAKES: dict[str, tuple[Callable[[Config], object], str]] = {
    "unknown key": (
        lambda c: c.update(datasett="mnist"),
        "top level: unknown key 'datasett'; allowed are dataset,",
    ),
    "unknown setting": (
        lambda c: c["training"].update(batchsize=3),
        "training: unknown key 'batchsize'; allowed are epochs, batch_size,",
    ),
    "unknown setting of a variant": (
        lambda c: first(c).update(training={"lr": 1}),
        "variants[conv3-k3].training: unknown key 'lr'; allowed are epochs,",
    ),
    "no variants": (lambda c: c.pop("variants"), "top level: missing key 'variants', or"),
    "no layers": (
        lambda c: first(c).pop("layers"),
        "variants[conv3-k3]: missing key 'layers'",
    ),
    "empty layers": (
        lambda c: first(c).update(layers=[]),
        "variants[conv3-k3].layers: [] has too few entries; at least 1 is needed",
    ),
    "text for a number": (
        lambda c: c["training"].update(epochs="twelve"),
        'training.epochs: "twelve" is not a whole number',
    ),
    "too small": (
        lambda c: c["training"].update(batch_size=0),
        "training.batch_size: 0 is too small; the smallest allowed is 1",
    ),
    "zero learning rate": (
        lambda c: c["training"].update(learning_rate=0),
        "training.learning_rate: 0.0 is not allowed; it must be more than 0",
    ),
    "infinite learning rate": (
        lambda c: c["training"].update(learning_rate=float("inf")),
        "training.learning_rate: inf is not a finite number",
    ),
    "dropout of all": (
        lambda c: first(c).update(layers=[[{"dropout": 1}, "flatten"]]),
        "variants[conv3-k3].layers[0][0].dropout: 1.0 is too large; the largest allowed is 0.999",
    ),
    "unknown optimizer": (
        lambda c: c["training"].update(optimizer="adma"),
        'training.optimizer: "adma" is not one of adam, adamw, nadam, rmsprop, sgd',
    ),
    "unknown layer word": (
        lambda c: first(c).update(layers=[["flaten"]]),
        'variants[conv3-k3].layers[0][0]: "flaten" is not one of flatten, batch_norm',
    ),
    "unknown layer": (
        lambda c: first(c).update(layers=[{"convolution": 3}]),
        "variants[conv3-k3].layers[0]: unknown key 'convolution'; allowed are conv, max_pool,",
    ),
    "two layers in one": (
        lambda c: first(c).update(layers=[{"dense": 3, "dropout": 0.5}]),
        "must have exactly one key, the type of the layer",
    ),
    "conv without kernel": (
        lambda c: first(c).update(layers=[{"conv": {"filters": 3}}]),
        "variants[conv3-k3].layers[0].conv: missing key 'kernel'",
    ),
    "seed twice": (lambda c: c.update(seeds=[1, 1]), "seeds: [1, 1] has an entry twice"),
    "no seed": (lambda c: c.update(seeds=[]), "seeds: [] has too few entries"),
    "negative seed": (lambda c: c.update(seeds=[-1]), "seeds[0]: -1 is too small"),
    "zero seeds": (lambda c: c.update(seeds=0), "seeds: 0 is too small"),
    "unsafe id": (
        lambda c: first(c).update(id="../conv"),
        'variants[../conv].id: "../conv" is not allowed; it must match',
    ),
    "id twice": (
        lambda c: first(c).update(id="conv3-k5"),
        "variants: the id 'conv3-k5' stands twice",
    ),
    "group twice in a depth": (
        lambda c: c["variants"][1].update(notebook_group="both_3x3"),
        "variants[conv3-k5].notebook_group: 'both_3x3' stands twice (beside 'conv3-k3') among the "
        "networks of 3 convolutions; each depth can have one",
    ),
    "id twice but for case": (
        lambda c: first(c).update(id="CONV3-k5"),
        "variants: the id 'conv3-k5' stands twice (beside 'CONV3-k5')",
    ),
    "unknown dataset": (
        lambda c: c.update(dataset="cifar"),
        "dataset: 'cifar' is not under `datasets`; there are mnist, fashion_mnist, kmnist, digits",
    ),
    "unsafe outdir": (
        lambda c: c.update(outdir="a {b}"),
        'outdir: "a {b}" is not allowed; it must match',
    ),
    "outdir that is a folder of the project": (
        lambda c: c.update(outdir="workflow/results"),
        "outdir: 'workflow/results' is not allowed; it must be a folder of its own",
    ),
    "outdir that is the root": (lambda c: c.update(outdir="/"), "outdir: '/' is not allowed"),
    "fractional seed": (lambda c: c.update(seeds=2.5), "seeds: 2.5 is not a whole number"),
    "true for a number": (
        lambda c: c["training"].update(epochs=True),
        "training.epochs: true is not a whole number",
    ),
    "null for a section": (
        lambda c: c.update(training=None),
        "training: null is not a mapping of keys to values",
    ),
    "a number for a name": (
        lambda c: c["datasets"].update({1: {"classes": 2, "npz": "x"}}),
        "datasets: the name 1 is not text; put it in quotes",
    ),
    "unknown reference dataset": (
        lambda c: c.update(reference_dataset="mnits"),
        "reference_dataset: 'mnits' is not under `datasets`",
    ),
    "variants as a mapping": (
        lambda c: c.update(variants={"a": {"layers": FLAT}}),
        "variants: ",
    ),
    "kernel larger than its input": (
        lambda c: first(c).update(layers=[{"conv": {"filters": 1, "kernel": 29}}, "flatten"]),
        "variants[conv3-k3].layers: conv_1: a kernel of 29x29 is larger than its input of 28x28",
    ),
    "feature map below 1x1": (
        lambda c: first(c).update(layers=[{"max_pool": 28}, {"max_pool": 2}, "flatten"]),
        "variants[conv3-k3].layers: max_pool_2: pooling over 2x2 shrinks its input of 1x1 below",
    ),
    "no flatten": (
        lambda c: first(c).update(layers=[{"dense": 10}]),
        "variants[conv3-k3].layers: dense_1 needs a `flatten` before it",
    ),
    "batch larger than the data": (
        lambda c: c.update(dataset="digits", training={"batch_size": 1438}),
        "variants[conv3-k3]: the batch_size 1438 is larger than the data; at most 1437,",
    ),
    "batch larger than what the holdout leaves": (
        lambda c: c.update(
            training={"batch_size": 30001, "validation": "holdout", "holdout_fraction": 0.5}
        ),
        "variants[conv3-k3]: the batch_size 30001 is larger than the data; at most 30000,",
    ),
    "verdict without end": (
        lambda c: c.update(verdict=[{"below": 2, "text": "good"}]),
        "verdict[0].below: 2.0 leaves larger ratios without a verdict",
    ),
    "verdict without bound": (
        lambda c: c.update(verdict=[{"text": "good"}, {"text": "bad"}]),
        "verdict[0]: missing key 'below'; only the last has none",
    ),
    "verdicts out of order": (
        lambda c: c.update(
            verdict=[{"below": 2, "text": "a"}, {"below": 1, "text": "b"}, {"text": "c"}]
        ),
        "verdict: the bounds [2.0, 1.0] must rise from entry to entry",
    ),
    "checksum that is none": (
        lambda c: c["datasets"]["mnist"]["files"]["x_train"].update(sha256="abc"),
        'datasets.mnist.files.x_train.sha256: "abc" is not allowed; it must match',
    ),
    "mirror that is no address": (
        lambda c: c["datasets"]["mnist"].update(mirrors=["/data/mnist"]),
        'datasets.mnist.mirrors[0]: "/data/mnist" is not allowed; it must match',
    ),
    "no mirrors": (
        lambda c: c["datasets"]["mnist"].pop("mirrors"),
        "datasets.mnist: missing key 'mirrors'",
    ),
    "half a local dataset": (
        lambda c: c["datasets"]["mnist"]["files"].update(x_test={"path": "x"}),
        "datasets.mnist.files.x_train: has the keys bytes, name, sha256; allowed are",
    ),
    "two origins": (
        lambda c: c["datasets"]["digits"].update(npz="x.npz"),
        "datasets.digits: has bundled and npz; exactly one of bundled, npz and files is allowed",
    ),
    "no such npz": (
        lambda c: (
            c["datasets"].update(mine={"classes": 2, "npz": "no.npz"}),
            c.update(dataset="mine"),
        ),
        "datasets.mine.npz: there is no file no.npz",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_one_line(config, mistake: str) -> None:
    change, message = MISTAKES[mistake]
    change(config)
    with pytest.raises(StudyError) as error:
        load_study(config)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_every_mistake_that_the_schema_finds_is_told_at_once(config) -> None:
    config["training"] |= {"epochs": 0, "threads": 0}
    with pytest.raises(StudyError) as error:
        load_study(config)
    assert len(str(error.value).splitlines()) == 2


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


def test_the_shipped_configuration_says_what_the_defaults_are(config) -> None:
    """A user who deletes a line gets what stood there."""
    shipped = load_study(config)
    for key in ("dataset", "outdir", "seeds", "incomplete", "training", "verdict", "plots"):
        del config[key]
    del config["reference_dataset"], config["comparison"]
    assert load_study(config) == shipped


def test_the_recipe_is_the_notebooks(config) -> None:
    for variant in load_study(config).variants:
        assert asdict(variant.settings) == {
            "epochs": 12,
            "batch_size": 120,
            "optimizer": "adam",
            "learning_rate": 0.001,
            "loss": "categorical_crossentropy",
            "initializer": "he_normal",
            "activation": "relu",
            "pixel_divisor": 255.0,
            "validation": "test",
            "holdout_fraction": None,
            "threads": 1,
            "gpu": 0,
            "precision": "float32",
            "xla": False,
        }


def test_runs_are_variants_times_seeds(config) -> None:
    config["seeds"] = [7, 3]
    runs = load_study(config).runs
    assert [(run.variant, run.seed) for run in runs[:3]] == [
        ("conv3-k3", 7),
        ("conv3-k3", 3),
        ("conv3-k5", 7),
    ]
    assert len(runs) == 24
    config["seeds"] = 3
    assert load_study(config).seeds == [1, 2, 3]


def test_numbers_may_come_as_text_from_the_command_line(config) -> None:
    config["seeds"] = ["1", "2"]
    config["training"] = {"epochs": "3", "learning_rate": "1e-4"}
    study = load_study(config)
    assert study.seeds == [1, 2]
    assert study.variants[0].settings.epochs == 3
    assert study.variants[0].settings.learning_rate == 1e-4


def definitions(config: Config) -> dict[tuple[str, int], str]:
    return {(run.variant, run.seed): run.definition for run in load_study(config).runs}


def test_a_setting_changes_the_runs_that_it_applies_to_and_no_others(config) -> None:
    first(config)["training"] = {"learning_rate": 0.01}
    before = definitions(config)
    config["training"]["learning_rate"] = 0.002
    after = definitions(config)
    assert {run for run in before if before[run] == after[run]} == {("conv3-k3", 1)}
    assert json.loads(after["conv3-k3", 1])["settings"]["learning_rate"] == 0.01


@pytest.mark.parametrize(
    "change",
    [
        lambda c: first(c).update(label="Another name"),
        lambda c: first(c).update(reference={"accuracy": 0.5}),
        lambda c: c["training"].update(learning_rate=1e-3),
        lambda c: c["training"].update(pixel_divisor=255.0),
        lambda c: c["training"].update(holdout_fraction=0.3),  # not used without a holdout
        lambda c: c["datasets"]["mnist"].update(mirrors=["https://example.org/"]),
        lambda c: c.update(training=dict(reversed(c["training"].items()))),
        lambda c: c["training"].update(batch_size=120.0, epochs="12"),
        lambda c: c.update(outdir="elsewhere", plots={"dpi": 90}),
        lambda c: first(c).update(layers=[x for block in first(c)["layers"] for x in block]),
    ],
)
def test_what_cannot_change_a_result_is_no_part_of_a_runs_definition(config, change) -> None:
    before = definitions(config)
    change(config)
    assert definitions(config) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["training"].update(threads=2),
        lambda c: c["training"].update(validation="holdout"),
        lambda c: first(c)["layers"][0][0]["conv"].update(filters=33),
        lambda c: first(c)["layers"].append("batch_norm"),
    ],
)
def test_what_can_change_a_result_is_part_of_it(config, change) -> None:
    before = definitions(config)["conv3-k3", 1]
    change(config)
    assert definitions(config)["conv3-k3", 1] != before


def test_published_figures_are_for_their_dataset_alone(config) -> None:
    assert all(variant.reference for variant in load_study(config).variants)
    config |= {"dataset": "digits"}
    assert not any(variant.reference for variant in load_study(config).variants)


def test_own_data_is_measured_by_its_headers(config, tmp_path: Path) -> None:
    npz = tmp_path / "mine.npz"
    np.savez(npz, x_train=np.zeros((7, 9, 8, 3), np.uint8))
    config |= {"datasets": {"mine": {"classes": 2, "npz": str(npz)}}, "dataset": "mine"}
    config |= {
        "reference_dataset": "mine",
        "training": {"batch_size": 7},
        "variants": [{"id": "a", "layers": FLAT}],
    }
    study = load_study(config)
    assert (study.input_shape, study.train_images) == ((9, 8, 3), 7)

    files = {}
    for name in ("x_train", "y_train", "x_test", "y_test"):
        files[name] = {"path": str(tmp_path / name)}
        (tmp_path / name).write_bytes(struct.pack(">HBBIII", 0, 8, 3, 9, 6, 5))
    config["datasets"]["mine"] = {"classes": 2, "files": files}
    study = load_study(config)
    assert (study.input_shape, study.train_images) == ((6, 5, 1), 9)

    (tmp_path / "x_train").write_bytes(b"<html>")
    with pytest.raises(StudyError, match="x_train is not an IDX file of unsigned bytes"):
        load_study(config)


def test_the_readme_explains_every_key() -> None:
    text = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    keys = {path.rsplit(".", 1)[1] for path, _, _ in properties(schema)}
    assert {key for key in keys if f"`{key}`" not in text and f"{key}:" not in text} == set()


@pytest.mark.parametrize("text", ["true", "True"])
def test_text_from_the_command_line_becomes_true_or_false(default_config, text: str) -> None:
    config = default_config | {"training": {"gpu": "1", "xla": text}}
    run, *_ = load_study(config).runs
    assert run.settings.xla is True


def test_xla_is_for_a_gpu(default_config) -> None:
    variant, *others = default_config["variants"]
    variant = variant | {"training": {"xla": True}}
    with pytest.raises(StudyError, match=r"^variants\[conv3-k3\]: xla: true .* needs gpu: 1"):
        load_study(default_config | {"variants": [variant, *others]})
