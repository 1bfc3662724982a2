"""The files of the configuration: which are read, and whether they are sound YAML.

Snakemake reads them; what is found here, it reports in words that name neither file nor line, or
not at all.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from study.errors import StudyError

OWN = Path("config/config.yaml")
"""A study's own configuration, from its working folder."""

MOST_NODES = 1_000_000
"""Values in one file, each alias counted as all that it stands for. The shipped file has 1,000."""

MOST_BYTES = 3_000_000
"""Size of one file. A study of a thousand networks has a tenth of that."""

TAGS = {*yaml.SafeLoader.yaml_constructors, "tag:yaml.org,2002:merge"}
"""What a value may be: text, numbers, lists and so on, and the key `<<`."""


def main_configfile(home: Path) -> Path:
    """The working folder's configuration, or where it has none, the one shipped in `home`."""
    return OWN if OWN.is_file() else home / OWN


def read_in_words(main: Path, overlays: Sequence[Path], has_options: bool) -> str:
    """One line that says what the configuration was read from."""
    over = [str(file) for file in overlays] + (["--config"] if has_options else [])
    shipped = "" if main == OWN else " (as shipped: this folder has no config/config.yaml)"
    return f"Configuration: {main}{shipped}" + (
        f", overridden by {', '.join(over)}" if over else ""
    )


def check_command_line(arguments: Sequence[str]) -> None:
    """Check the files of --configfile, and end the process if one is refused.

    profiles/default calls this, since Snakemake reads these files before the Snakefile.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", default=[])
    try:
        files = parser.parse_known_args(arguments)[0].configfile
        check_files(file for file in files if Path(file).is_file())
    except argparse.ArgumentError:
        return  # Snakemake says what is wrong
    except StudyError as error:
        print(f"configuration: {error}", file=sys.stderr)
        sys.exit(1)


def check_files(files: Iterable[str | Path]) -> None:
    """Refuse files that are no YAML, or that would be read as something else than they say.

    Raises:
        StudyError: a file does not parse, contains itself, expands without end, or has a key
            twice, of which the first would be lost; one line with file, line and column.
    """
    for file in files:
        try:
            size = Path(file).stat().st_size
            if size > MOST_BYTES:
                raise StudyError(
                    f"{file}: {size:,} bytes; a configuration may have {MOST_BYTES:,} at most"
                )
            root = yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except OSError as error:
            raise StudyError(f"{file}: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise StudyError(f"{file}: not text in UTF-8 (byte {error.start})") from None
        except RecursionError:
            raise StudyError(f"{file}: nested too deeply") from None
        except yaml.YAMLError as error:
            raise StudyError(f"{file}{_place(error)}: {_problem(error)}") from None
        if root and not isinstance(root, yaml.MappingNode):
            raise StudyError(f"{file}: not a configuration; it must have keys, as in `seeds: 3`")
        if root:
            try:
                _check_node(root, file, {}, set())
            except RecursionError:
                raise StudyError(f"{file}: nested too deeply") from None


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    """The parser's own words in one line."""
    parts = [getattr(error, "context", None), getattr(error, "problem", None)]
    words = ", ".join(part for part in parts if part) or " ".join(str(error).split())
    return f"not YAML ({words})"


def _check_node(
    node: yaml.Node, file: str | Path, sizes: dict[int, int], open_nodes: set[int]
) -> int:
    """Check a node and all below it, each once; returns how many there are, aliases expanded."""
    known = sizes.get(id(node))
    if known is not None:
        return known
    where = f"{file}, line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"
    if node.tag not in TAGS:
        raise StudyError(f"{where}: the tag {node.tag!r} is not allowed; take it out")
    if id(node) in open_nodes:
        raise StudyError(f"{where}: an anchored value contains itself")
    open_nodes.add(id(node))
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        _check_keys(node, file)
        children = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    size = 1 + sum(_check_node(child, file, sizes, open_nodes) for child in children)
    if size > MOST_NODES:
        raise StudyError(f"{where}: aliases expand to more than {MOST_NODES:,} values")
    open_nodes.remove(id(node))
    sizes[id(node)] = size
    return size


def _check_keys(mapping: yaml.MappingNode, file: str | Path) -> None:
    seen = set()
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        if key.value in seen:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            raise StudyError(
                f"{file}, line {line}, column {column}: the key {key.value!r} is duplicated; "
                "keep one"
            )
        seen.add(key.value)
