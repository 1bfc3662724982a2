"""The files of the configuration: which is read, and what is refused in them."""

from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from study.config.datasets import with_shipped
from study.config.files import (
    OWN,
    check_command_line,
    check_files,
    main_configfile,
    read_in_words,
)
from study.config.study import load_study
from study.errors import StudyError


def test_a_folder_without_a_configuration_reads_the_shipped_one(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = main_configfile(ROOT)
    assert shipped == ROOT / "config" / "config.yaml"
    OWN.parent.mkdir()
    OWN.write_text("seeds: 1\n")
    assert main_configfile(ROOT) == OWN


def test_what_was_read_is_said_in_one_line() -> None:
    for other in (Path("/a/config/config.yaml"), Path("z/config/config.yaml")):
        assert read_in_words(other, [], False) == (
            f"Configuration: {other} (as shipped: this folder has no config/config.yaml)"
        )
    assert read_in_words(OWN, [], False) == "Configuration: config/config.yaml"
    assert read_in_words(OWN, [Path("a.yaml"), Path("b.yaml")], True) == (
        "Configuration: config/config.yaml, overridden by a.yaml, b.yaml, --config"
    )


BROKEN = {
    "no YAML": (b"a:\n  - [1, 2\nb: 3\n", "line 3, column 2: not YAML (while parsing a flow"),
    "no text": (b"a: \xff\xfe", "not text in UTF-8 (byte 3)"),
    "a control character": (b"a: \x01", "not YAML ("),
    "nested too deeply": (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
    "a value in itself": (b"b: 1\na: &x\n  - *x\n", "line 2, column 4: an anchored value contains"),
    "a key twice": (b"a:\n  b: 1\n  c: 2\n  b: 3\n", "line 4, column 3: the key 'b' is duplicated"),
    "twice far in": (b"a: {b: 1}\nc: [{b: 1, b: 2}]\n", "line 2, column 12: the key 'b' is"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_broken_is_named_with_its_place(tmp_path: Path, case: str) -> None:
    content, message = BROKEN[case]
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    with pytest.raises(StudyError) as error:
        check_files([file])
    assert str(error.value).startswith(str(file))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no\.yaml: No such file or directory$"):
        check_files([tmp_path / "no.yaml"])


@pytest.mark.parametrize(("levels", "fits"), [(5, True), (6, False)])
def test_a_file_may_stand_for_a_million_values(tmp_path: Path, levels: int, fits: bool) -> None:
    """Lists of ten, each of the list before: with six levels 1,111,111 values."""
    lines = ["l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, levels)]
    file = tmp_path / "a.yaml"
    file.write_text("\n".join(lines) + "\n")
    if fits:
        check_files([file])
    else:
        with pytest.raises(StudyError, match="line 6, column 5: aliases expand to more than 1,000"):
            check_files([file])


def test_files_that_are_sound_pass(tmp_path: Path) -> None:
    """Empty ones too, keys twice in different mappings, and a value that stands in two places."""
    for number, text in enumerate(
        ["", "# nothing\n", "a: {x: 1}\nb: {x: 1}\n", "a: &v [1]\nb: *v"]
    ):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text)
        check_files([file])


def test_files_on_the_command_line_are_checked_before_snakemake_reads_them(
    tmp_path: Path, capsys
) -> None:
    sound, broken = tmp_path / "sound.yaml", tmp_path / "broken.yaml"
    sound.write_text("a: 1\n")
    broken.write_text("a: 1\na: 2\n")
    check_command_line(["--cores", "1", "--configfile", str(sound), "--", "x"])
    for option in ("--configfile", "--configfiles"):
        with pytest.raises(SystemExit) as end:
            check_command_line(["--cores", "1", option, str(sound), str(broken)])
        assert end.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert (
        lines
        == [f"configuration: {broken}, line 2, column 1: the key 'a' is duplicated; keep one"] * 2
    )


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--configfile"], ["--configfile", "no"]])
def test_what_snakemake_itself_answers_is_left_to_it(arguments: list[str], capsys) -> None:
    check_command_line(arguments)
    assert capsys.readouterr() == ("", "")


def test_shipped_datasets_are_there_unless_the_configuration_replaces_them() -> None:
    shipped = with_shipped({})
    assert {"mnist", "fashion_mnist", "kmnist", "digits"} <= shipped.keys()
    own: dict[str, Any] = {"classes": 2, "npz": "mine.npz"}
    found = with_shipped({"mnist": {"mirrors": ["https://x.org/"]}, "digits": own, "mine": own})
    assert found["mnist"] == shipped["mnist"] | {"mirrors": ["https://x.org/"]}
    assert found["digits"] == found["mine"] == own
    assert found["kmnist"] == shipped["kmnist"]


@pytest.mark.parametrize("datasets", [["mnist"], [3], "mnist", 3, None])
def test_datasets_that_are_no_mapping_are_named(config, datasets: Any) -> None:
    with pytest.raises(StudyError, match=r"^datasets: .* is not a mapping of keys to values"):
        load_study(config | {"datasets": datasets})
