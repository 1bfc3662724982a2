"""Passwords and tokens of addresses are hidden, and nothing else."""

import logging
from pathlib import Path

import pytest

from study.logs import script_log
from study.redaction import redact, redact_address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://example.org:8000/a/b.gz", "http://example.org:8000/a/b.gz"),
        ("file:///data/a@b/c", "file://***@b/c"),
        ("http://user:secret@example.org/a", "http://***@example.org/a"),
        ("https://secret@example.org/a", "https://***@example.org/a"),
        ("http://user:sec@ret@example.org/a", "http://***@example.org/a"),
        ("http://user:sec/ret@example.org/a", "http://***@example.org/a"),
        ("http://user:sec?ret@example.org/a", "http://***"),
        ("http://user:sec#ret@example.org/a", "http://***"),
        ("http://example.org/a?token=secret", "http://example.org/a?***"),
        ("http://example.org/a?token=a@secret", "http://***"),
        ("http://example.org/a#secret", "http://example.org/a?***"),
        ("http://u:secret@example.org/a?token=secret#secret", "http://***@example.org/a?***"),
        ("user:secret@example.org/a", "***@example.org/a"),
        ("ftp://user:secret@example.org", "ftp://***@example.org"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_secrets(address: str, shown: str) -> None:
    assert redact_address(address) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("too few seeds? (see a.log)", "too few seeds? (see a.log)"),
        ("label what?yes and a@b.org", "label what?yes and a@b.org"),
        ("get http://a:secret@h/x, then", "get http://***@h/x, then"),
        (
            "Max retries exceeded with url: /m/x.gz?token=secret (Caused by ...)",
            "Max retries exceeded with url: /m/x.gz?*** (Caused by ...)",
        ),
        ("(http://h/x?a=b): 'no'; 'http://a:b@h'.", "(http://h/x?***): 'no'; 'http://***@h'."),
        ("http://h/?a=secret\nhttp://h/?b=secret", "http://h/?***\nhttp://h/?***"),
    ],
)
def test_a_text_loses_only_what_its_addresses_hide(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_traceback_has_no_secret_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit), script_log(tmp_path / "a.log"):
        logging.getLogger("urllib3").warning("retry http://user:s3cr3t@h/?token=s3cr3t")
        raise RuntimeError("http://user:s3cr3t@example.org/?token=s3cr3t")
    for said in ((tmp_path / "a.log").read_text(), capsys.readouterr().err):
        assert "RuntimeError: http://***@example.org/?***" in said
        assert "s3cr3t" not in said
