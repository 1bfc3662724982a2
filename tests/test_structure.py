"""The layout: sizes of files, and the two places that name every module or check."""

import re
from pathlib import Path

import yaml

from conftest import ROOT

SCRIPTS = ROOT / "workflow" / "scripts"
STUDY = SCRIPTS / "study"
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def longer_than(limit: int, files: list[Path]) -> dict[str, int]:
    """The files with `limit` lines or more, with their numbers of lines."""
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    return {str(file.relative_to(ROOT)): count for file, count in lines.items() if count >= limit}


def test_scripts_modules_and_test_files_are_short() -> None:
    assert longer_than(90, sorted(SCRIPTS.glob("*.py"))) == {}
    assert longer_than(260, sorted(STUDY.rglob("*.py"))) == {}
    assert longer_than(410, sorted((ROOT / "tests").rglob("*.py"))) == {}


def test_the_architecture_has_a_line_for_every_module_script_and_file_of_rules() -> None:
    first_cells = re.findall(r"^\| `([^`\n]+)`", ARCHITECTURE, flags=re.MULTILINE)
    modules = [file for file in STUDY.rglob("*.py") if file.name != "__init__.py"]
    assert {str(file.relative_to(STUDY)) for file in modules} - set(first_cells) == set()
    scripts = {file.name for file in SCRIPTS.glob("*.py")}
    rules = {str(file.relative_to(ROOT)) for file in ROOT.glob("workflow/rules/*.smk")}
    named = set(re.findall(r"`([^`\n]+)`", ARCHITECTURE))
    assert (scripts | rules) - named == set()


def test_every_file_that_the_architecture_names_exists() -> None:
    named = re.findall(r"`([\w./-]+\.(?:py|smk|yaml|toml))`", ARCHITECTURE)
    linked = re.findall(r"\]\(([^)]+)\)", ARCHITECTURE)
    assert len(named) > 70
    missing = [
        name
        for name in named
        if not any((folder / name).is_file() for folder in (ROOT, SCRIPTS, STUDY))
    ]
    assert missing == []
    assert [link for link in linked if not (ROOT / "docs" / link).is_file()] == []


def test_pre_commit_has_the_checks_of_make_check() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", makefile, flags=re.MULTILINE)
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (local,) = config["repos"]
    assert recipe
    assert [hook["entry"] for hook in local["hooks"]] == [
        line.strip() for line in recipe[1].splitlines()
    ]


def test_the_citation_names_this_version() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert f'\nname = "{citation["title"]}"\nversion = "{citation["version"]}"\n' in project
