"""Jobs of a dead Snakemake are told from all others in Slurm's queue."""

from pathlib import Path

import pytest

from study.cluster.slurm import cancel_orphans, session_jobs
from study.errors import StudyError

SESSION = "0f3b6a52-9c1e-4d0f-8a77-5a0c2f1f6b7d"


def queue(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_jobs_of_any_session_in_this_folder_are_found() -> None:
    listed = queue(
        f"11 {SESSION} /home/me/study",
        f"12_3 prefix_{SESSION} /home/me/study",  # a task of an array, in a session with a prefix
    )
    assert session_jobs(listed, Path("/home/me/study")) == ["11", "12_3"]


@pytest.mark.parametrize(
    "line",
    [
        f"13 {SESSION} /home/me/study2",
        f"14 {SESSION} /home/me/study/inner",
        f"15 {SESSION} /home/me",
        "16 snakemake.sh /home/me/study",  # may be the job in which this Snakemake runs
        "17 my-own-job /home/me/study",
    ],
)
def test_other_jobs_are_left_alone(line: str) -> None:
    assert session_jobs(queue(line), Path("/home/me/study")) == []


def test_a_folder_may_have_spaces_and_signs() -> None:
    folder = Path("/home/me/a study (1)")
    assert session_jobs(queue(f"18 {SESSION} {folder}"), folder) == ["18"]
    assert session_jobs(queue(f"18 {SESSION} /home/me/a study 1"), folder) == []


def test_a_slurm_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "squeue"
    program.write_text(
        "#!/bin/sh\necho 'slurm_load_jobs error: Unable to contact slurm' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudyError, match=r"jobs of an earlier snakemake: slurm_load_jobs error"):
        cancel_orphans(tmp_path)
    program.unlink()
    with pytest.raises(StudyError, match=r"jobs of an earlier snakemake: .*squeue"):
        cancel_orphans(tmp_path)
