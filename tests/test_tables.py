"""Tables as files, and numbers in words."""

import math
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from study.errors import StudyError
from study.tables import read_records, write_records
from study.words import count_of, number, p_value, seeds_in_words, signed


@dataclass
class Entry:
    name: str
    n: int
    figure: float | None
    epochs: int | None


def test_what_is_written_is_read_to_the_last_bit(tmp_path: Path) -> None:
    generator = random.Random(1)
    figures = [generator.random() * 10 ** generator.randint(-20, 20) for _ in range(1000)]
    path = tmp_path / "entries.csv"
    write_records(path, Entry, [Entry("a", place, value, 3) for place, value in enumerate(figures)])
    table = read_records(path, Entry)
    assert table["figure"].tolist() == figures
    assert table["n"].tolist() == list(range(1000))


def test_none_is_an_empty_cell_and_text_is_never_missing(tmp_path: Path) -> None:
    path = tmp_path / "entries.csv"
    names = ["NA", "", "None", 'a,"b"\nc']
    write_records(
        path, Entry, [Entry(name, 1, None, None) for name in names] + [Entry("", 2, 1, 7)]
    )
    assert path.read_text().startswith("name,n,figure,epochs\nNA,1,,\n")
    assert path.read_text().endswith("\n,2,1,7\n")
    table = read_records(path, Entry)
    assert table["name"].tolist() == [*names, ""]
    assert [math.isnan(figure) for figure in table["figure"]] == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),  # so that it can be told from =1
        ("'quoted'", "'quoted'"),
        ("a=1", "a=1"),
        ("−0.5", "−0.5"),
        ("", ""),
    ],
)
def test_a_spreadsheet_takes_no_text_for_a_formula(tmp_path: Path, text: str, cell: str) -> None:
    path = tmp_path / "entries.csv"
    write_records(path, Entry, [Entry(text, -1, -0.5, None)])
    assert path.read_text(encoding="utf-8") == f"name,n,figure,epochs\n{cell},-1,-0.5,\n"
    assert read_records(path, Entry)["name"].tolist() == [text]


def test_a_table_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "entries.csv"
    write_records(path, Entry, [])
    assert read_records(path, Entry).empty


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name,n\na,1\n",
        b"name,n,figure,epochs\na,1,0.5,3",  # cut off
        b"name,n,figure,epochs\na,1.5,0.5,3\n",
        b"name,n,figure,epochs\na,1,much,3\n",
        b"name,n,figure,epochs\na\xff,1,0.5,3\n",
        b'name,n,figure,epochs\n"a,1,0.5,3\n',
    ],
)
def test_damaged_tables_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "entries.csv"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"entries\.csv: damaged, needs the columns name, n"):
        read_records(path, Entry)


def test_numbers_in_words() -> None:
    assert [signed(value) for value in (0.731, -0.004, 0.0, None, math.nan)] == [
        *("+0.73", "−0.004", "+0.00", "—", "—")
    ]
    assert number(0.9946, ".2%", 0.001) == "99.46% ± 0.10%"
    assert number(1234, ",") == "1,234"
    assert [p_value(p) for p in (0.0176, 0.0009, math.nan)] == ["0.018", "< 0.001", "—"]
    assert [count_of(n, "seed") for n in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]
    assert seeds_in_words([7, 1, 2, 3]) == "seeds 1–3, 7"
    assert seeds_in_words([4]) == "seed 4"
