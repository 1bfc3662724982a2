"""The configuration: checked, completed, and resolved into the runs of the study."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from study.contrasts import Contrast, declared_contrasts, default_contrasts
from study.data.headers import source_shape
from study.errors import StudyError
from study.factors import CONVOLUTION, LAYERS, Factors, cross, named_levels
from study.networks.costs import count_values
from study.networks.fourier import taken_multiply_adds
from study.networks.layers import Layer, Shape, canonical_layers, depth, feature_shapes

Config = dict[str, Any]

SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "config.schema.yaml"

# What a value of a feature map takes beside its arithmetic. With it costs are within 17 % of the
# seconds per epoch in docs/summary.md; by arithmetic alone one network takes 1.8 times as long as
# another of the same cost.
MULTIPLY_ADDS_PER_VALUE = 45

# Later settings, with what stood in their place: runs of before they came stay what they were.
LEFT_OUT_OF_DEFINITION = {"gpu": 0, "precision": "float32", "xla": False}

PROJECT_FOLDERS = ("benchmarks", "config", "data", "docs", "envs", "profiles", "tests", "workflow")


@dataclass(frozen=True)
class Variant:
    """A network and how it is trained: `layers` and `training` with every setting given.

    `levels` has the name of its level of each factor; it is empty outside a factorial design.
    """

    id: str
    label: str
    reference: Config | None
    notebook_group: str | None
    training: Config
    layers: list[Layer]
    levels: dict[str, str]

    @property
    def depth(self) -> int:
        return depth(self.layers)


@dataclass(frozen=True)
class Run:
    """One training: a variant with one seed."""

    variant: str
    seed: int
    label: str
    settings: Config
    layers: list[Layer]

    @property
    def title(self) -> str:
        return f"{self.label} ({self.variant}), seed {self.seed}"

    @cached_property
    def definition(self) -> str:
        """All that decides this run's result but the data and the code, as canonical JSON."""
        return json.dumps(
            {"seed": self.seed, "training": self.settings, "layers": self.layers}, sort_keys=True
        )


@dataclass(frozen=True)
class Study:
    """A checked configuration with every default filled in."""

    dataset_name: str
    datasets: dict[str, Config]
    input_shape: Shape
    train_images: int
    outdir: str
    seeds: list[int]
    incomplete: str
    checkpoint_every: int
    verdict: list[Config]
    plots: Config
    comparison: Config
    factors: dict[str, list[str]]
    variants: list[Variant]
    contrasts: list[Contrast]

    @property
    def dataset(self) -> Config:
        return self.datasets[self.dataset_name]

    @cached_property
    def runs(self) -> list[Run]:
        """All runs, variant by variant."""
        return [
            Run(variant.id, seed, variant.label, variant.training, variant.layers)
            for variant in self.variants
            for seed in self.seeds
        ]

    @cached_property
    def _run_of(self) -> dict[tuple[str, str], Run]:
        return {(run.variant, str(run.seed)): run for run in self.runs}

    def cost(self, run: Run) -> int:
        """What the run's training takes, about, in the time of multiply-adds."""
        arithmetic = taken_multiply_adds(
            run.layers, self.input_shape, self.dataset["classes"], run.settings["batch_size"]
        )
        values = count_values(run.layers, self.input_shape)
        once = arithmetic + MULTIPLY_ADDS_PER_VALUE * values
        return 3 * once * self.train_images * run.settings["epochs"]

    def run(self, variant: str, seed: str) -> Run:
        """The run of these wildcards."""
        return self._run_of[variant, str(seed)]


def load_study(config: Config) -> Study:
    """Check `config`, fill in the defaults and resolve its runs. `config` is left as it is.

    Raises:
        StudyError: something in it is not allowed; one line for each mistake that the schema
            finds, else one line for the first that needs several keys to see.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    full = _completed(config, schema, schema)
    _check_schema(full, schema)
    _check_outdir(full["outdir"])
    _check_verdict(full["verdict"])
    factors = _named_factors(full, schema)
    combinations = _declared_variants(full, factors)
    declared = [variant for _, variant in combinations]
    _check_schema(full | {"variants": declared}, schema)
    _check_unique([variant["id"] for variant in declared])
    has_references = any("reference" in variant for variant in declared)
    for key in ("dataset", "reference_dataset") if has_references else ("dataset",):
        if full[key] not in full["datasets"]:
            raise StudyError(
                f"{key}: {full[key]!r} is not under `datasets`; "
                f"there are {', '.join(full['datasets'])}"
            )
    for name, dataset in full["datasets"].items():
        _check_dataset(name, dataset)
    given = declared if factors else config["variants"]
    variants = [
        # the overrides as given: with the defaults filled in they would override everything
        _variant(
            variant, config.get("training", {}) | raw.get("training", {}), levels, full, schema
        )
        for (levels, variant), raw in zip(combinations, given, strict=True)
    ]
    shape, train_images = source_shape(
        f"datasets.{full['dataset']}", full["datasets"][full["dataset"]]
    )
    for variant in variants:
        _check_fits(variant, shape, train_images)
    _check_groups(variants)
    seeds = full["seeds"]
    return Study(
        dataset_name=full["dataset"],
        datasets=full["datasets"],
        input_shape=shape,
        train_images=train_images,
        outdir=full["outdir"].rstrip("/"),
        seeds=seeds if isinstance(seeds, list) else list(range(1, seeds + 1)),
        incomplete=full["incomplete"],
        checkpoint_every=full["checkpoint_every"],
        verdict=full["verdict"],
        plots=full["plots"],
        comparison=full["comparison"],
        factors={name: list(levels) for name, levels in factors.items()},
        variants=variants,
        contrasts=declared_contrasts(full["contrasts"], variants)
        if "contrasts" in full
        else default_contrasts(variants),
    )


def check_duplicate_keys(files: Iterable[str | Path]) -> None:
    """Refuse YAML files in which a key stands twice: the first would be lost without a word.

    Raises:
        StudyError: a key stands twice; the message names the file, the line and the key.
    """
    for file in files:
        root = yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        waiting = [root] if root else []
        while waiting:
            node = waiting.pop()
            if isinstance(node, yaml.SequenceNode):
                waiting.extend(node.value)
            elif isinstance(node, yaml.MappingNode):
                _check_keys(node, file)
                waiting.extend(value for _, value in node.value)


def _check_keys(mapping: yaml.MappingNode, file: str | Path) -> None:
    seen = set()
    for key, _ in mapping.value:
        if key.value in seen:
            line = key.start_mark.line + 1
            raise StudyError(f"{file}, line {line}: the key {key.value!r} stands twice; keep one")
        seen.add(key.value)


# --- the schema ---------------------------------------------------------------------------------


def _check_schema(config: Config, schema: Config) -> None:
    names = [name for name in config.get("datasets") or {} if not isinstance(name, str)]
    if names:
        raise StudyError(f"datasets: the name {names[0]!r} is not text; put it in quotes")
    errors = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(config),
        key=lambda error: [str(part) for part in error.absolute_path],
    )
    lines = [_message(error, config) for error in errors]
    lines += [
        f"{_key(path, config)}: {value} is not a finite number"
        for path, value in _leaves(config, ())
        if isinstance(value, float) and not math.isfinite(value)  # JSON Schema lets these pass
    ]
    if lines:
        raise StudyError("\n".join(dict.fromkeys(lines)))


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value that is neither mapping nor list, with its path."""
    if isinstance(value, dict | list):
        for part, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*path, part))
    else:
        yield path, value


def _message(error: jsonschema.ValidationError, config: Config) -> str:
    """One line: the key, the value and what is allowed."""
    key = _key(error.absolute_path, config)
    schema: Any = error.schema
    allowed: Any = error.validator_value
    instance: Any = error.instance
    value = _short(instance)
    match error.validator:
        case "additionalProperties":
            known = schema.get("properties", {})
            unknown = [name for name in instance if name not in known]
            return (
                f"{key or 'top level'}: unknown key {', '.join(map(repr, unknown))}; "
                f"allowed are {', '.join(known)}"
            )
        case "required":
            missing = [name for name in allowed if name not in instance]
            return f"{key or 'top level'}: missing key {', '.join(map(repr, missing))}"
        case "type":
            names = [allowed] if isinstance(allowed, str) else allowed
            return f"{key}: {value} is not {' or '.join(_TYPES[name] for name in names)}"
        case "enum":
            return f"{key}: {value} is not one of {', '.join(map(str, allowed))}"
        case "minimum":
            return f"{key}: {value} is too small; the smallest allowed is {allowed}"
        case "maximum":
            return f"{key}: {value} is too large; the largest allowed is {allowed}"
        case "exclusiveMinimum":
            return f"{key}: {value} is not allowed; it must be more than {allowed}"
        case "exclusiveMaximum":
            return f"{key}: {value} is not allowed; it must be less than {allowed}"
        case "pattern":
            return f"{key}: {value} is not allowed; it must match {allowed}"
        case "minItems" | "minLength":
            return f"{key}: {value} has too few entries; at least {allowed} is needed"
        case "maxItems" | "maxLength":
            return f"{key}: {value} is too long; at most {allowed} is allowed"
        case "uniqueItems":
            return f"{key}: {value} has an entry twice"
        case "minProperties" | "maxProperties":
            return f"{key}: {value} must have exactly one key, the type of the layer"
    return f"{key}: {error.message}"


_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping of keys to values",
    "string": "text",
}


def _key(path: Iterable[Any], config: Config) -> str:
    """The path as a user reads it: `variants[conv3-k3].layers[1][0].conv.kernel`."""
    text = ""
    value: Any = config
    for part in path:
        value = value[part]
        if isinstance(part, str):
            text += f".{part}" if text else part
        elif isinstance(value, dict) and isinstance(value.get("id"), str):
            text += f"[{value['id']}]"
        else:
            text += f"[{part}]"
    return text


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _completed(value: Any, schema: Config, root: Config) -> Any:
    """A copy of `value` in which every key that has a default in the schema is given.

    Where the schema wants a number, text that is one becomes it: Snakemake's --config hands over
    text within lists and mappings. `number` means a float, so that 1 and 1.0 define the same run.
    """
    if "$ref" in schema:
        schema = {**root["$defs"][schema["$ref"].rsplit("/", 1)[1]], **schema}
    if "if" in schema:
        branch = "then" if jsonschema.Draft202012Validator(schema["if"]).is_valid(value) else "else"
        schema = schema[branch]
        if "$ref" in schema:
            return _completed(value, schema, root)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        other = schema.get("additionalProperties") or {}
        given = {
            key: _completed(value[key] if key in value else part["default"], part, root)
            for key, part in properties.items()
            if key in value or "default" in part
        }
        rest = {k: _completed(v, other, root) for k, v in value.items() if k not in properties}
        return given | rest
    if isinstance(value, list):
        return [_completed(item, schema.get("items", {}), root) for item in value]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        kinds = schema.get("type", [])
        with suppress(ValueError, OverflowError):  # the check says what is wrong
            if "boolean" in kinds and str(value).lower() in ("true", "false"):
                return str(value).lower() == "true"
            if "number" in kinds:
                return float(value)
            if "integer" in kinds and float(value).is_integer():
                return int(float(value))
    return value


# --- what needs several keys to see -------------------------------------------------------------


def _declared_variants(full: Config, factors: Factors) -> list[tuple[dict[str, str], Config]]:
    """Each variant as it is declared or as the factors make it, after its levels."""
    if full["variants"] and factors:
        raise StudyError(
            f"top level: has {len(full['variants'])} variants and factors; exactly one of the "
            "two is allowed; with factors in a file that goes on top, put `variants: []` there"
        )
    if not full["variants"] and not factors:
        raise StudyError("top level: missing key 'variants', or 'factors' in its place")
    if not factors:
        if full["layers"]:
            raise StudyError("layers: has no use without `factors`; a variant has its own")
        return [({}, variant) for variant in full["variants"]]
    return cross(factors, full["layers"])


def _named_factors(full: Config, schema: Config) -> Factors:
    """The factors in one form, every level checked."""
    known = _settings(schema)
    by_value = {name: part for name, part in known.items() if name != "layers"}
    for name, levels in full["factors"].items():
        if isinstance(levels, list) and name not in by_value:
            raise StudyError(
                f"factors.{name}: a list of values is for {', '.join(by_value)}; "
                "another factor names its levels, and what each of them sets"
            )
    settings = {"type": "object", "additionalProperties": False, "properties": known}
    definition = {
        "properties": {
            name: {"items": known[name], "uniqueItems": True}
            if isinstance(levels, list)
            else {"additionalProperties": settings}
            for name, levels in full["factors"].items()
        },
    }
    whole = {"$defs": schema["$defs"], "properties": {"factors": definition}}
    factors = _completed({"factors": full["factors"]}, whole, whole)
    _check_schema(factors, whole)
    return named_levels(factors["factors"])


def _settings(schema: Config) -> dict[str, Config]:
    """What the level of a factor may set, each with its part of the schema but no default."""
    layer = schema["$defs"]["layer"]["else"]["properties"]
    known = {
        "depth": {"type": "integer", "minimum": 1},
        **{name: layer["conv"]["properties"][name] for name in CONVOLUTION},
        "batch_norm": {"type": "boolean"},
        **{name: layer[name] | {"type": ["boolean", layer[name]["type"]]} for name in LAYERS},
        "layers": {"$ref": "#/$defs/layers", "minItems": 1},
        **schema["$defs"]["training"]["properties"],
    }
    return {
        name: {key: value for key, value in part.items() if key != "default"}
        for name, part in known.items()
    }


def _variant(
    declared: Config, training: Config, levels: dict[str, str], full: Config, schema: Config
) -> Variant:
    settings = _completed(training, {"$ref": "#/$defs/training"}, schema)
    if settings["validation"] == "test":
        del settings["holdout_fraction"]  # has no effect, so it must not define the run
    if settings["xla"] and not settings["gpu"]:
        raise StudyError(
            f"variants[{declared['id']}]: xla: true is for a GPU, so it needs gpu: 1 beside it; on "
            "a processor it takes several times as long as xla: false"
        )
    for name, value in LEFT_OUT_OF_DEFINITION.items():
        if settings[name] == value:
            del settings[name]
    return Variant(
        id=declared["id"],
        label=declared.get("label") or declared["id"],
        reference=declared.get("reference")
        if full["dataset"] == full["reference_dataset"]
        else None,
        notebook_group=declared.get("notebook_group"),
        training=settings,
        layers=canonical_layers(declared["layers"]),
        levels=levels,
    )


def _check_outdir(outdir: str) -> None:
    parts = Path(outdir).parts
    if not set(parts) - {"/", ".."} or parts[0] in PROJECT_FOLDERS:
        raise StudyError(
            f"outdir: {outdir!r} is not allowed; it must be a folder of its own, such as results"
        )


def _check_verdict(thresholds: Sequence[Config]) -> None:
    *bounded, last = thresholds
    for position, entry in enumerate(bounded):
        if "below" not in entry:
            raise StudyError(f"verdict[{position}]: missing key 'below'; only the last has none")
    if "below" in last:
        raise StudyError(
            f"verdict[{len(bounded)}].below: {last['below']} leaves larger ratios without a "
            "verdict; the last entry must have no `below`"
        )
    bounds = [entry["below"] for entry in bounded]
    if bounds != sorted(set(bounds)):
        raise StudyError(f"verdict: the bounds {bounds} must rise from entry to entry")


def _check_unique(ids: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in ids:
        # some file systems do not tell upper from lower case
        if name.casefold() in seen:
            raise StudyError(
                f"variants: the id {name!r} stands twice (beside {seen[name.casefold()]!r}); "
                "each variant needs its own, also without regard to case"
            )
        seen[name.casefold()] = name


def _check_groups(variants: Iterable[Variant]) -> None:
    seen: dict[tuple[str, int], str] = {}
    for variant in variants:
        if variant.notebook_group is None:
            continue
        group = variant.notebook_group, variant.depth
        if group in seen:
            raise StudyError(
                f"variants[{variant.id}].notebook_group: {variant.notebook_group!r} stands twice "
                f"(beside {seen[group]!r}) among the networks of {variant.depth} convolutions; "
                "each depth can have one"
            )
        seen[group] = variant.id


def _check_dataset(name: str, dataset: Config) -> None:
    key = f"datasets.{name}"
    origins = [origin for origin in ("bundled", "npz", "files") if origin in dataset]
    if len(origins) != 1:
        raise StudyError(
            f"{key}: has {' and '.join(origins) or 'no origin'}; "
            "exactly one of bundled, npz and files is allowed"
        )
    files = dataset.get("files", {})
    local = [part for part, file in files.items() if "path" in file]
    for part, file in files.items():
        wanted = {"path"} if local else {"name", "bytes", "sha256"}
        if set(file) != wanted:
            raise StudyError(
                f"{key}.files.{part}: has the keys {', '.join(sorted(file)) or 'none'}; allowed "
                "are name, bytes and sha256 for a download, or path for your own file, "
                "the same way for all four"
            )
    if files and not local and "mirrors" not in dataset:
        raise StudyError(f"{key}: missing key 'mirrors'; a download needs at least one")
    if (files and not local) or "bundled" in dataset:
        for required in ("shape", "train_images"):
            if required not in dataset:
                raise StudyError(f"{key}: missing key {required!r}")


def _check_fits(variant: Variant, shape: Shape, train_images: int) -> None:
    key = f"variants[{variant.id}]"
    try:
        feature_shapes(variant.layers, shape)
    except StudyError as error:
        raise StudyError(f"{key}.layers: {error}") from None
    settings = variant.training
    fitted = train_images - round(train_images * settings.get("holdout_fraction", 0.0))
    if settings["batch_size"] > fitted:
        raise StudyError(
            f"{key}: the batch_size {settings['batch_size']} is larger than the data; "
            f"at most {fitted}, the number of training images, is allowed"
        )
