"""Variants whose network a function of the user's own builds, as the configuration has them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import ROOT
from study.cluster.resources import (
    PYTHON_MULTIPLY_ADDS_PER_PIXEL,
    PYTHON_PARAMETERS,
    PYTHON_VALUES_PER_PIXEL,
    training_memory_mb,
    training_minutes,
)
from study.config.study import load_study
from study.config.variants import Variant
from study.errors import StudyError
from study.networks.costs import count_parameters, count_values
from study.networks.fourier import taken_multiply_adds
from study.page.configuration import configuration
from study.runs.definition import Definition

Config = dict[str, Any]

MINE = '''"""My networks."""
import keras
from blocks import block

UNITS = 3


def build(input_shape, classes):
    return block(input_shape, UNITS)


def other(input_shape, classes):
    return keras.Model()
'''
BLOCKS = """
def block(shape, units):
    return helper(shape) * units


def helper(shape):
    return shape


def unused(shape):
    return 1
"""


@pytest.fixture
def own(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The shipped study, with a variant in Python beside its own."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.py").write_text(MINE)
    (tmp_path / "models" / "blocks.py").write_text(BLOCKS)
    monkeypatch.chdir(tmp_path)
    config["variants"][1:] = [{"id": "own", "python": "models/mine.py:build"}]
    return config


def variant_of(config: Config, id_: str = "own") -> Variant:
    (found,) = (variant for variant in load_study(config).variants if variant.id == id_)
    return found


def digest_of(config: Config) -> str:
    python = variant_of(config).python
    assert python
    return python.digest


def edited(file: str, old: str, new: str) -> None:
    path = Path("models", file)
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


# --- what defines a run --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mine.py", "UNITS = 3", "UNITS = 4"),
        ("mine.py", "block(input_shape, UNITS)", "block(input_shape, 2)"),
        ("mine.py", "import keras\n", "import keras\nkeras.config.set_floatx('float64')\n"),
        ("blocks.py", "helper(shape) * units", "helper(shape) + units"),
        ("blocks.py", "return shape\n", "return [*shape]\n"),
    ],
)
def test_code_that_the_function_reaches_defines_the_run(
    own: Config, file: str, old: str, new: str
) -> None:
    before = digest_of(own)
    edited(file, old, new)
    assert digest_of(own) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mine.py", "return block", "# a comment\n    return  block"),
        ("mine.py", "return keras.Model()", "return None"),
        ("mine.py", "My networks", "Our networks"),
        ("blocks.py", "return 1", "return 2"),
    ],
)
def test_other_code_does_not(own: Config, file: str, old: str, new: str) -> None:
    before = digest_of(own)
    edited(file, old, new)
    assert digest_of(own) == before


def test_a_file_may_move(own: Config) -> None:
    before = load_study(own).runs[-1].definition
    Path("models").rename("networks")
    Path("networks/mine.py").rename("networks/renamed.py")
    own["variants"][-1]["python"] = "networks/renamed.py:build"
    assert load_study(own).runs[-1].definition == before


def test_two_functions_that_call_each_other_are_told_apart(own: Config) -> None:
    Path("models/mine.py").write_text(
        "def a(shape, classes):\n    return b\ndef b(shape, classes):\n    return a\n"
    )
    digests = set()
    for name in "ab":
        own["variants"][-1]["python"] = f"models/mine.py:{name}"
        digests.add(digest_of(own))
    assert len(digests) == 2


def test_settings_of_layers_are_no_part_of_the_definition(own: Config) -> None:
    own["training"] = {"initializer": "glorot_normal", "activation": "elu"}
    run = load_study(own).runs[-1]
    del own["training"]
    assert load_study(own).runs[-1].definition == run.definition
    definition = Definition.from_json(run.definition)
    assert (definition.layers, definition.settings.activation) == (None, None)
    assert run.python
    assert definition.python == {"digest": run.python.digest, "output": None}
    own["variants"][-1]["output"] = "softmax"
    assert load_study(own).runs[-1].definition != run.definition
    assert '"python"' not in load_study(own).runs[0].definition


def test_a_name_bound_otherwise_is_a_function_too(own: Config) -> None:
    for code in ("from blocks import block as build", "build = print", "if 1:\n  def build(): ..."):
        Path("models/mine.py").write_text(code)
        assert digest_of(own)


# --- what the study says of it -------------------------------------------------------------------


def test_what_differs_is_the_network_and_the_settings(own: Config) -> None:
    own["variants"][-1]["training"] = {"epochs": 3}
    second = {"id": "own-2", "python": "models/mine.py:other"}
    own["variants"] = [own["variants"][0], own["variants"][-1], second]
    contrasts = {contrast.name: contrast.differs for contrast in load_study(own).contrasts}
    assert contrasts == {
        "own-2 vs own": "network (models/mine.py:build → models/mine.py:other), epochs",
        "own vs conv3-k3": "network (declared layers → models/mine.py:build), epochs",
    }
    assert variant_of(own).depth is None


def test_the_page_writes_the_function_back(own: Config) -> None:
    own["variants"] = [own["variants"][-1] | {"output": "logits"}]
    study = load_study(own)
    (variant,) = study.variants
    described: Config = {
        "id": "own",
        "label": "own",
        "notebook_group": None,
        "reference": None,
        "settings": vars(variant.settings),
        "layers": [],
        "python": vars(variant.python),
    }
    text = configuration(
        "mnist", [1], study.comparison, study.verdict, [described], [described], []
    )
    written = yaml.safe_load(text) | {"datasets": own["datasets"]}
    assert written["variants"][0]["python"] == "models/mine.py:build"
    assert load_study(written).runs[0].definition == study.runs[0].definition


def test_its_costs_are_taken_for_those_of_resnet18(own: Config) -> None:
    overlay = yaml.safe_load((ROOT / "config/networks/resnet18.yaml").read_text())
    study = load_study(own | {"variants": [*overlay["variants"], own["variants"][-1]]})
    layers, shape = study.variants[0].layers, study.input_shape
    pixels = shape[0] * shape[1]
    for assumed, counted in (
        (PYTHON_PARAMETERS, count_parameters(layers, shape, 10)),
        (PYTHON_VALUES_PER_PIXEL, count_values(layers, shape) / pixels),
        (PYTHON_MULTIPLY_ADDS_PER_PIXEL, taken_multiply_adds(layers, shape, 10, 120) / pixels),
    ):
        assert assumed == pytest.approx(counted, rel=0.1)
    resnet, mine = study.runs
    for estimate in (training_memory_mb, training_minutes):
        assert estimate(study, mine) == pytest.approx(estimate(study, resnet), rel=0.25)


# --- mistakes ------------------------------------------------------------------------------------


def last(config: Config, **keys: Any) -> None:
    config["variants"][-1].update(keys)


KEY = "variants[own]"
MISTAKES: dict[str, tuple[Callable[[Config], object], str]] = {
    "no such file": (
        lambda c: last(c, python="models/yours.py:build"),
        f"{KEY}.python: models/yours.py: No such file or directory",
    ),
    "no such function": (
        lambda c: last(c, python="models/mine.py:biuld"),
        f"{KEY}.python: models/mine.py has no function 'biuld'",
    ),
    "a name that is only used": (
        lambda c: last(c, python="models/mine.py:print"),
        f"{KEY}.python: models/mine.py has no function 'print'",
    ),
    "no Python": (
        lambda c: edited("mine.py", "UNITS = 3", "UNITS = = 3"),
        f"{KEY}.python: models/mine.py, line 5: invalid syntax",
    ),
    "no Python in what it imports": (
        lambda c: edited("blocks.py", "return shape\n", "return (shape\n"),
        "blocks.py, line 7: '(' was never closed",
    ),
    "no text": (
        lambda c: Path("models/mine.py").write_bytes(b"# \xff"),
        f"{KEY}.python: models/mine.py: not text in UTF-8 (byte 2)",
    ),
    "imports from outside": (
        lambda c: edited("mine.py", "from blocks", "from ..blocks"),
        f"{KEY}.python: models/mine.py: imports from outside its folder",
    ),
    "no function named": (
        lambda c: last(c, python="models/mine.py"),
        f'{KEY}.python: "models/mine.py" is not allowed; allowed are a file and a function in it',
    ),
    "a number": (lambda c: last(c, python=3), f"{KEY}.python: 3 is not text"),
    "layers too": (
        lambda c: last(c, layers=["flatten"]),
        f"{KEY}: has layers and python; exactly one of the two is allowed",
    ),
    "neither": (
        lambda c: c["variants"][-1].pop("python"),
        f"{KEY}: missing key 'layers', or 'python' in its place",
    ),
    "another output": (
        lambda c: last(c, output="sigmoid"),
        f'{KEY}.output: "sigmoid" is not one of logits, softmax',
    ),
    "output of layers": (
        lambda c: c["variants"][0].update(output="logits"),
        "variants[conv3-k3].output: is for a network in Python; declared layers have none",
    ),
    "activation": (
        lambda c: last(c, training={"activation": "elu"}),
        f"{KEY}.training.activation: has no effect on a network in Python; the function that",
    ),
    "initializer": (
        lambda c: last(c, training={"initializer": "he_normal"}),
        f"{KEY}.training.initializer: has no effect on a network in Python; the function that",
    ),
    "precision": (
        lambda c: c["training"].update(precision="mixed_bfloat16"),
        f"{KEY}.training.precision: a network in Python is trained with precision: float32 only",
    ),
    "xla": (
        lambda c: last(c, training={"xla": True, "gpu": 1}),
        f"{KEY}.training.xla: a network in Python is trained with xla: false only",
    ),
    "notebook_group": (
        lambda c: last(c, notebook_group="both_3x3"),
        f"{KEY}.notebook_group: is for declared layers, not for python",
    ),
    "a factor": (
        lambda c: c.update(
            variants=[], factors={"network": {"a": {"python": "models/mine.py:build"}}}
        ),
        "factors.network: no factor can set or vary python; declare `variants` in place of",
    ),
    "a list of them": (
        lambda c: c.update(variants=[], factors={"python": ["models/mine.py:build"]}),
        "factors.python: no factor can set or vary python; declare `variants` in place of",
    ),
    "factors of it": (
        lambda c: c.update(variants=[], factors={"epochs": [1, 2]}, python="models/mine.py:build"),
        "top level: unknown key 'python'; allowed are",
    ),
    "too many images in a batch": (
        lambda c: last(c, training={"batch_size": 60_001}),
        f"{KEY}: the batch_size 60001 is larger than the data",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_named_in_one_line(own: Config, name: str) -> None:
    change, message = MISTAKES[name]
    change(own)
    with pytest.raises(StudyError) as caught:
        load_study(own)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_function_is_not_run_to_check_it(own: Config) -> None:
    with Path("models/mine.py").open("a") as file:
        file.write("\nraise SystemExit('was run')\n")
    assert variant_of(own).python
