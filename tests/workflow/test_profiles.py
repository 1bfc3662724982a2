"""The profiles, as far as that shows without a cluster."""

from pathlib import Path
from typing import Any

import yaml

from checkout import copy_checkout, planned_jobs
from conftest import ROOT

JOBS_OF_THEIR_OWN = {
    *("prepare", "train", "compare", "ensemble", "page", "plot_study", "summarize", "all"),
}


def profile(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text(encoding="utf-8"))


def test_the_slurm_profile_is_found_by_its_name() -> None:
    """`--profile slurm` looks for ./slurm and never for profiles/slurm."""
    assert (ROOT / "slurm").readlink() == Path("profiles/slurm")


def test_the_default_profile_takes_nothing_from_the_slurm_profile() -> None:
    """Snakemake merges the two, and of a key in both the default's would count."""
    assert not profile("default").keys() & profile("slurm").keys()


def test_the_short_jobs_of_runs_are_grouped(tmp_path: Path) -> None:
    copy_checkout(tmp_path)
    rules = {rule for rule, _ in planned_jobs(tmp_path, "--configfile", "config/digits.yaml")}
    grouped = dict(entry.split("=") for entry in profile("slurm")["groups"])
    assert grouped.keys() == rules - JOBS_OF_THEIR_OWN
    components = dict(entry.split("=") for entry in profile("slurm")["group-components"])
    assert set(grouped.values()) == components.keys()
