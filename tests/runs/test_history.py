"""history.csv: written and read to the last bit, and damage named."""

from pathlib import Path

import pytest

from study.errors import StudyError
from study.runs.history import COLUMNS, read_histories, read_history, write_history

HEADER = b"epoch,loss,accuracy,loss_eval,accuracy_eval,val_loss,val_accuracy,seconds,"
HEADER += b"train_seconds,load,learning_rate,val_metric\n"
GOOD = b"1,2,0.3,4,0.5,6,0.7,8,9,10,0.1,0.7"
ROWS = [
    {
        **{"epoch": epoch, "loss": 0.1 / epoch, "accuracy": 1 / 3},
        **{"loss_eval": 0.05, "accuracy_eval": 0.75},
        **{"val_loss": 1e-17 * epoch, "val_accuracy": 1.0, "seconds": 44.123456789},
        **{"train_seconds": 41.5, "load": 2.0, "learning_rate": 0.001, "val_metric": 1.0},
    }
    for epoch in (1, 2, 3)
]


def test_a_history_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    write_history(path, ROWS)
    assert path.read_bytes().startswith(
        HEADER + b"1,0.1,0.3333333333333333,0.05,0.75,1e-17,1.0,44.1"
    )
    history = read_history(path)
    assert history.to_dict("records") == ROWS
    assert {name: history[name].dtype.kind for name in COLUMNS} == dict.fromkeys(COLUMNS, "f") | {
        "epoch": "i"
    }


def test_histories_keep_their_order_and_their_own_epochs(tmp_path: Path) -> None:
    paths = [tmp_path / f"{epochs}.csv" for epochs in (3, 1, 2)]
    for path in paths:
        write_history(path, ROWS[: int(path.stem)])
    found = read_histories(paths)
    assert [history["epoch"].to_list() for history in found] == [[1, 2, 3], [1], [1, 2]]
    assert [history.index.to_list() for history in found] == [[0, 1, 2], [0], [0, 1]]
    assert read_histories([]) == []


def test_a_good_line_is_read(tmp_path: Path) -> None:
    """The one that is damaged below."""
    (tmp_path / "history.csv").write_bytes(HEADER + GOOD + b"\n")
    assert read_history(tmp_path / "history.csv")["accuracy"].to_list() == [0.3]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"epoch,loss\n1,0.1\n",
        b"epoch,loss,accuracy,val",
        HEADER,
        HEADER + GOOD,  # cut off
        HEADER + b"1,2,3,4,5,6,7,8,9\n",
        HEADER + b"1,2,3,4,5,6,7,8,9,10,11\n",
        HEADER + b"1,2,3,4,5,6,7,8,9\n1,2,3,4,5,6,7,8,9,10,11\n",  # as many cells as two rows have
        HEADER + GOOD + b"\n\n",
        *(
            HEADER + GOOD.replace(b"0.3", cell) + b"\n"
            for cell in (b"", b"x", b"\xff", b'"0.3', b'"0.3"')
        ),
        HEADER + b"1.5" + GOOD[1:] + b"\n",
    ],
)
def test_a_damaged_history_is_named(tmp_path: Path, content: bytes) -> None:
    path, other = tmp_path / "history.csv", tmp_path / "other.csv"
    path.write_bytes(content)
    write_history(other, ROWS)
    for paths in ([path], [other, path]):
        with pytest.raises(StudyError, match=r"history\.csv"):
            read_histories(paths)
