"""The schema: unknown keys, wrong values and defaults."""

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema

from study.config.texts import check_texts
from study.errors import StudyError

Config = dict[str, Any]

WORKFLOW = Path(__file__).resolve().parents[3]
SCHEMA = WORKFLOW / "schemas" / "config.schema.yaml"


def check_schema(config: Config, schema: Config) -> None:
    datasets = config.get("datasets")
    names = [n for n in datasets if not isinstance(n, str)] if isinstance(datasets, dict) else []
    if names:
        raise StudyError(f"datasets: the name {names[0]!r} is not text; put it in quotes")
    check_texts(
        (_key(path, config), text)
        for path, value in _leaves(config, ())
        for text in (*(part for part in path if isinstance(part, str)), value)
        if isinstance(text, str)
    )
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
            words = schema.get("x-allowed") or f"what matches {allowed}"
            return f"{key or 'top level'}: {value} is not allowed; allowed are {words}"
        case "minItems":
            return f"{key}: {value} has too few entries; at least {allowed} is needed"
        case "minLength":
            return f"{key}: {value} is too short; at least {_characters(allowed)} needed"
        case "maxItems":
            return f"{key}: {value} is too long; at most {allowed} is allowed"
        case "maxLength":
            return f"{key}: {value} is too long; at most {_characters(allowed)} allowed"
        case "uniqueItems":
            return f"{key}: {value} has an entry twice"
        case "minProperties" | "maxProperties":
            known = ", ".join(schema.get("properties", {})) or "the type of the layer"
            return f"{key}: {value} must have exactly one key of {known}"
    return f"{key}: {error.message}"


def _characters(count: int) -> str:
    return "1 character is" if count == 1 else f"{count} characters are"


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


def completed(value: Any, schema: Config, root: Config) -> Any:
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
            return completed(value, schema, root)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        other = schema.get("additionalProperties") or {}
        given = {
            key: completed(value[key] if key in value else part["default"], part, root)
            for key, part in properties.items()
            if key in value or "default" in part
        }
        rest = {k: completed(v, other, root) for k, v in value.items() if k not in properties}
        return given | rest
    if isinstance(value, list):
        return [completed(item, schema.get("items", {}), root) for item in value]
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
