"""What a script says, and how it ends."""

import errno
import logging
from pathlib import Path

import pytest

from study.errors import StudyError
from study.logs import script_log


def test_the_log_holds_what_the_project_says_and_other_packages_warnings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with script_log(tmp_path / "logs" / "a.log"):
        logging.getLogger("study.something").info("an epoch")
        logging.getLogger("matplotlib.category").info("chatter")
        logging.getLogger("matplotlib.category").warning("a warning")
    text = (tmp_path / "logs" / "a.log").read_text()
    for said in (text, capsys.readouterr().err):
        assert "an epoch" in said
        assert "a warning" in said
        assert "chatter" not in said


@pytest.mark.parametrize(
    ("error", "line", "status"),
    [
        (StudyError("seeds: -1 is too small"), "error: seeds: -1 is too small", 1),
        (
            OSError(errno.ENOSPC, "No space left on device", "a.npz"),
            "error: a.npz: No space left on device",
            1,
        ),
        (MemoryError("too much"), "error: out of memory: too much", 1),
        (KeyboardInterrupt(), "stopped by SIGINT", 130),
    ],
)
def test_what_the_user_can_put_right_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    line: str,
    status: int,
) -> None:
    with pytest.raises(SystemExit) as ended, script_log(tmp_path / "a.log"):
        raise error
    assert ended.value.code == status
    assert capsys.readouterr().err == f"{line}\n"
    assert (tmp_path / "a.log").read_text().endswith(f"{line}\n")


def test_a_bug_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), script_log(tmp_path / "a.log"):
        raise ZeroDivisionError
    assert "Traceback" in (tmp_path / "a.log").read_text()
