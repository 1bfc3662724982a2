"""Mistakes in a configuration: each is named in one line."""

from collections.abc import Callable
from typing import Any

import pytest

from study.config.study import load_study
from study.errors import StudyError

Config = dict[str, Any]
FLAT = [["flatten"]]
CONV = {"filters": 1, "kernel": 3}


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
        'variants[conv3-k3].layers[0][0]: "flaten" is not one of flatten, batch_norm, activation, ',
    ),
    "unknown layer": (
        lambda c: first(c).update(layers=[{"convolution": 3}]),
        "variants[conv3-k3].layers[0]: unknown key 'convolution'; allowed are conv, max_pool,",
    ),
    "bias that is no yes or no": (
        lambda c: first(c).update(layers=[{"conv": CONV | {"bias": "maybe"}}]),
        'variants[conv3-k3].layers[0].conv.bias: "maybe" is not true or false',
    ),
    "unknown activation of a layer": (
        lambda c: first(c).update(layers=[{"conv": CONV | {"activation": "rleu"}}]),
        'variants[conv3-k3].layers[0].conv.activation: "rleu" is not one of none, relu, elu,',
    ),
    "unknown activation as a layer": (
        lambda c: first(c).update(layers=[{"activation": "softmax"}]),
        'variants[conv3-k3].layers[0].activation: "softmax" is not one of none, relu, elu,',
    ),
    "a dense layer without units": (
        lambda c: first(c).update(layers=["flatten", {"dense": {"bias": False}}]),
        "variants[conv3-k3].layers[1].dense: missing key 'units'",
    ),
    "an unknown key of a dense layer": (
        lambda c: first(c).update(layers=["flatten", {"dense": {"units": 3, "rate": 0.1}}]),
        "variants[conv3-k3].layers[1].dense: unknown key 'rate'; allowed are units, bias, activat",
    ),
    "text for units": (
        lambda c: first(c).update(layers=["flatten", {"dense": "many"}]),
        'variants[conv3-k3].layers[1].dense: "many" is not a whole number',
    ),
    "average pooling of nothing": (
        lambda c: first(c).update(layers=[{"avg_pool": 0}]),
        "variants[conv3-k3].layers[0].avg_pool: 0 is too small; the smallest allowed is 1",
    ),
    "a softmax over other numbers than the classes": (
        lambda c: first(c).update(layers=["flatten", {"dense": 9}, "softmax"]),
        "variants[conv3-k3].layers: softmax_1 has 9 values before it, and the data have 10 classes",
    ),
    "a skip connection around nothing": (
        lambda c: first(c).update(layers=[{"residual": []}]),
        "variants[conv3-k3].layers[0].residual: [] has too few entries; at least 1 is needed",
    ),
    "a mistake inside a skip connection": (
        lambda c: first(c).update(layers=[[{"residual": [[{"conv": {"kernel": 3}}]]}]]),
        "variants[conv3-k3].layers[0][0].residual[0][0].conv: missing key 'filters'",
    ),
    "a skip connection that does not fit": (
        lambda c: first(c).update(layers=[{"residual": ["flatten"]}]),
        "variants[conv3-k3].layers: residual_1: makes 784 units of feature maps of 28x28x1, which",
    ),
    "two layers in one": (
        lambda c: first(c).update(layers=[{"dense": 3, "dropout": 0.5}]),
        "must have exactly one key of conv, max_pool, avg_pool, activation, residual",
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
        'variants[../conv].id: "../conv" is not allowed; allowed are',
    ),
    "id twice": (
        lambda c: first(c).update(id="conv3-k5"),
        "variants: the id 'conv3-k5' is duplicated",
    ),
    "group twice in a depth": (
        lambda c: c["variants"][1].update(notebook_group="both_3x3"),
        "variants[conv3-k5].notebook_group: 'both_3x3' is duplicated (beside 'conv3-k3') among the "
        "networks of 3 convolutions; each depth can have one",
    ),
    "id twice but for case": (
        lambda c: first(c).update(id="CONV3-k5"),
        "variants: the id 'conv3-k5' is duplicated (beside 'CONV3-k5')",
    ),
    "unknown dataset": (
        lambda c: c.update(dataset="cifar"),
        "dataset: 'cifar' is not under `datasets`; there are mnist, fashion_mnist, kmnist, "
        "cifar10, digits",
    ),
    "unsafe outdir": (
        lambda c: c.update(outdir="a {b}"),
        'outdir: "a {b}" is not allowed; allowed are',
    ),
    "outdir that is a folder of the project": (
        lambda c: c.update(outdir="workflow/results"),
        "outdir: 'workflow/results' is not allowed; it must be a folder for results",
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
        'datasets.mnist.files.x_train.sha256: "abc" is not allowed; allowed are',
    ),
    "mirror that is no address": (
        lambda c: c["datasets"]["mnist"].update(mirrors=["/data/mnist"]),
        'datasets.mnist.mirrors[0]: "/data/mnist" is not allowed; allowed are',
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


def test_xla_is_for_a_gpu(default_config) -> None:
    variant, *others = default_config["variants"]
    variant = variant | {"training": {"xla": True}}
    with pytest.raises(StudyError, match=r"^variants\[conv3-k3\]: xla: true .* needs gpu: 1"):
        load_study(default_config | {"variants": [variant, *others]})
