"""The same run twice gives the same bytes."""

from pathlib import Path

import pytest

from faults import MINIATURE, different, finished_miniature, make_study, results, run, targets


def test_the_same_study_twice_gives_the_same_bytes(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In another folder, on another number of cores and one training after the other."""
    first = results(finished_miniature(tmp_path_factory.getbasetemp() / "uninterrupted"))
    folder = make_study(tmp_path / "again", MINIATURE)
    status, console = run(folder, "--cores", "1", *targets(MINIATURE))
    assert status == 0, console
    second = results(folder / "results")
    assert different(first, second) == []
    names = {"history.csv", "metrics.json", "predictions.npz", "weights.npz"}
    assert set(second) == {
        f"runs/{variant['id']}/seed-1/{name}" for variant in MINIATURE["variants"] for name in names
    }
