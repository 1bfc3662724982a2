"""The pinned packages: one lock, which the conda environments repeat."""

import re
import sys

import pytest
import yaml

from conftest import ROOT
from study.digest import SCRIPTS, reached_code

LOCK = (ROOT / "envs" / "requirements.lock").read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK, flags=re.MULTILINE))


def test_every_package_is_pinned_once_with_hashes_and_without_a_host() -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK)[1:]
    assert len(entries) == len(PINS) > 50
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in LOCK


@pytest.mark.parametrize("environment", ["train", "analysis"])
def test_conda_environments_have_the_locks_versions(environment: str) -> None:
    text = (ROOT / "envs" / f"{environment}.yaml").read_text(encoding="utf-8")
    *_, pip = yaml.safe_load(text)["dependencies"]
    pins = dict(requirement.split("==") for requirement in pip["pip"])
    assert pins == {package: PINS[package] for package in pins}


NAMES = {
    "scikit-learn": "sklearn",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "vl-convert-python": "vl_convert",
}
"""Packages that are imported by other names."""


@pytest.mark.parametrize(
    ("environment", "scripts"),
    [
        ("train", ["train.py"]),
        ("analysis", ["download.py", "prepare.py", "evaluate.py"]),
        ("analysis", ["summarize.py", "plot_study.py"]),
        ("analysis", ["compare.py"]),
        ("analysis", ["report_page.py"]),
    ],
)
def test_environments_hold_what_their_scripts_import(environment: str, scripts: list[str]) -> None:
    text = (ROOT / "envs" / f"{environment}.yaml").read_text(encoding="utf-8")
    held = {NAMES.get(name, name.replace("-", "_")) for name in re.findall(r"- ([\w-]+)==", text)}
    imported = {
        name.split(".")[0]
        for script in scripts
        for uses in reached_code(SCRIPTS / script, SCRIPTS).values()
        for binding in uses.values()
        for name in binding.outside
    }
    assert imported
    assert imported - set(sys.stdlib_module_names) <= held
