"""Downloads against a real HTTP server on the loopback interface and real folders."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mirror_server import (
    CONTENT,
    HTML,
    NAME,
    SHA256,
    Mirror,
    Reply,
    assert_nothing_left,
    fetch,
    hang,
    mirror_servers,
    names,
    patience,
    send,
)
from study.data import mirrors as module
from study.data.mirrors import download, mirrors_of
from study.errors import StudyError


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Mirror]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with mirror_servers() as start:
        yield start


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "raw" / "mnist" / NAME


def test_one_mirror_serves_the_file(mirror: Callable[..., Mirror], destination: Path) -> None:
    server = mirror(send())
    fetch(destination, server.url + "/")  # with or without the slash
    assert destination.read_bytes() == CONTENT
    assert server.requests == [f"/mnist/{NAME}"]
    assert names(destination.parent) == [NAME]


def test_the_file_has_ordinary_permissions(
    mirror: Callable[..., Mirror], destination: Path
) -> None:
    old = os.umask(0o022)
    try:
        fetch(destination, mirror(send()).url)
    finally:
        os.umask(old)
    assert stat.S_IMODE(destination.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "failure",
    [
        send(503, b"busy"),
        send(429, b"slow down"),
        hang,
        send(body=CONTENT[:100], length=len(CONTENT)),
        send(body=CONTENT[:100]),
    ],
    ids=["503", "429", "timeout", "connection-cut", "short-file"],
)
def test_a_passing_failure_is_tried_again(
    mirror: Callable[..., Mirror], destination: Path, failure: Reply
) -> None:
    server = mirror(failure, send())
    fetch(destination, server.url, timeout=patience(failure))
    assert destination.read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_the_pause_doubles_with_every_further_try(
    mirror: Callable[..., Mirror], destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(module.time, "sleep", pauses.append)
    server = mirror(send(500, b""))
    with pytest.raises(StudyError):
        download(NAME, destination, SHA256, len(CONTENT), [server.url], attempts=4, pause=1.0)
    assert pauses == [1.0, 2.0, 4.0]
    assert len(server.requests) == 4


WRONG = CONTENT[:-1] + b"\1"
FAILURES = {
    "not-found": (send(404, b"no"), 1, "HTTP status 404 Not Found"),
    "forbidden": (send(403, b"no"), 1, "HTTP status 403 Forbidden"),
    "server-error": (send(500, b"no"), 3, "HTTP status 500 Internal Server Error"),
    "html-page": (send(body=HTML), 1, "an HTML page in place of the file"),
    "html-of-the-right-size": (
        send(body=HTML.ljust(len(CONTENT))),
        1,
        "an HTML page in place of the file",
    ),
    "too-short": (
        send(body=CONTENT[:-7]),
        3,
        f"{len(CONTENT) - 7} bytes instead of {len(CONTENT)} (cut off)",
    ),
    "too-long": (
        send(body=CONTENT + b"x"),
        1,
        f"more than the {len(CONTENT)} bytes of the file (another file)",
    ),
    "empty": (send(body=b""), 3, f"0 bytes instead of {len(CONTENT)} (cut off)"),
    "wrong-checksum": (
        send(body=WRONG),
        1,
        f"the SHA-256 is {hashlib.sha256(WRONG).hexdigest()[:12]}... instead of {SHA256[:12]}...",
    ),
    "connection-cut": (
        send(body=CONTENT[:100], length=len(CONTENT)),
        3,
        "the connection ended before the file did (cut off)",
    ),
    "timeout": (hang, 3, "no answer within 0.3 s (timeout)"),
}


@pytest.mark.parametrize(("reply", "tries", "reason"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failing_mirror_is_named_and_leaves_nothing(
    mirror: Callable[..., Mirror], destination: Path, reply: Reply, tries: int, reason: str
) -> None:
    server = mirror(reply)
    with pytest.raises(StudyError) as caught:
        fetch(destination, server.url, timeout=patience(reply))
    assert f"\n  {server.url}/{NAME}: {reason}" in str(caught.value)
    assert len(server.requests) == tries
    assert_nothing_left(destination)


@pytest.mark.parametrize(
    "reply", [failure[0] for failure in FAILURES.values()], ids=FAILURES.keys()
)
def test_the_second_mirror_takes_over(
    mirror: Callable[..., Mirror], destination: Path, reply: Reply
) -> None:
    bad, good = mirror(reply), mirror(send())
    fetch(destination, bad.url, good.url, attempts=1, timeout=patience(reply))
    assert destination.read_bytes() == CONTENT
    assert (len(bad.requests), len(good.requests)) == (1, 1)


def test_an_earlier_good_file_outlives_a_failed_download(
    mirror: Callable[..., Mirror], destination: Path
) -> None:
    destination.parent.mkdir(parents=True)
    destination.write_bytes(b"earlier")
    with pytest.raises(StudyError):
        fetch(destination, mirror(send(404, b"")).url)
    assert destination.read_bytes() == b"earlier"
    assert names(destination.parent) == [NAME]


def test_when_all_mirrors_fail_one_message_names_each_and_the_ways_out(
    mirror: Callable[..., Mirror], destination: Path, tmp_path: Path
) -> None:
    missing, page = mirror(send(404, b"")), mirror(send(body=HTML))
    closed = mirror(send())
    closed.close()
    folder = (tmp_path / "no-such-folder").as_uri()
    with pytest.raises(StudyError) as caught:
        fetch(destination, missing.url, page.url, closed.url, folder, "ftp://example.org/")
    lines = str(caught.value).split("\n")
    assert lines[0] == f"mnist/{NAME}: no mirror gave the file"
    assert lines[1:6] == [
        f"  {missing.url}/{NAME}: HTTP status 404 Not Found",
        f"  {page.url}/{NAME}: an HTML page in place of the file (a log-in or proxy notice?)",
        f"  {closed.url}/{NAME}: connection refused",
        f"  {folder}/{NAME}: no such file",
        f"  ftp://example.org/{NAME}: not a mirror's address; "
        f"allowed are http://, https://, file:///...",
    ]
    assert f"/data/mnist/{NAME}, set DATA_MIRROR=file:///data" in lines[6]
    assert "`datasets:` in config/config.yaml" in lines[6]
    assert "`make demo` needs no download" in lines[6]
    assert_nothing_left(destination)


def test_a_host_that_does_not_exist_is_named(destination: Path) -> None:
    with pytest.raises(StudyError) as caught:
        fetch(destination, "http://mirror.invalid", attempts=1)  # RFC 6761: never resolves
    message = str(caught.value)
    assert "the host mirror.invalid was not found" in message or "proxy" in message.lower()


def test_no_mirror_at_all(destination: Path) -> None:
    with pytest.raises(StudyError, match="there is no mirror to try"):
        fetch(destination)


def test_a_folder_is_a_mirror(destination: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"  # its address has %20
    folder.mkdir()
    (folder / NAME).write_bytes(CONTENT)
    fetch(destination, folder.as_uri())
    assert destination.read_bytes() == CONTENT
    assert (folder / NAME).exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (HTML, "an HTML page in place of the file"),
        (CONTENT[:10], f"10 bytes instead of {len(CONTENT)} (cut off)"),
        (WRONG, "the SHA-256 is "),
    ],
    ids=["missing", "html", "short", "checksum"],
)
def test_a_folder_is_checked_like_any_mirror(
    destination: Path, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / NAME).write_bytes(content)
    with pytest.raises(StudyError) as caught:
        fetch(destination, tmp_path.as_uri())
    assert f"{tmp_path.as_uri()}/{NAME}: {reason}" in str(caught.value)
    assert_nothing_left(destination)


def test_two_slashes_are_one_too_few(destination: Path) -> None:
    with pytest.raises(StudyError, match="three slashes"):
        fetch(destination, "file://data/mnist")


def test_an_unwritable_destination_is_no_fault_of_the_mirror(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    (tmp_path / "raw").write_text("a file where the folder should be")
    with pytest.raises(OSError):
        fetch(tmp_path / "raw" / "mnist" / NAME, tmp_path.as_uri())


def test_checksums_may_be_written_in_capitals(destination: Path, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    fetch(destination, tmp_path.as_uri(), sha256=SHA256.upper())
    assert destination.exists()


def test_the_mirror_from_the_environment_comes_first() -> None:
    published = ["https://a.example/mnist/", "https://b.example/mnist/"]
    assert mirrors_of("mnist", published, {}) == published
    assert mirrors_of("mnist", published, {"DATA_MIRROR": ""}) == published
    for address in ("file:///data", "file:///data/"):
        own = mirrors_of("mnist", published, {"DATA_MIRROR": address})
        assert own == ["file:///data/mnist", *published]
    own = mirrors_of("kmnist", published, {"DATA_MIRROR": "http://localhost:8000"})
    assert own[0] == "http://localhost:8000/kmnist"


@pytest.mark.parametrize("address", ["/data", "ftp://example.org", "file://data", "data"])
def test_a_mirror_from_the_environment_must_be_an_address(address: str) -> None:
    with pytest.raises(StudyError) as caught:
        mirrors_of("mnist", [], {"DATA_MIRROR": address})
    message = str(caught.value)
    assert message.startswith(f"DATA_MIRROR: '{address}' is not a mirror's address; allowed are")
    assert "file:///folder" in message


def test_the_mirror_from_the_environment_is_used(
    destination: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / NAME).write_bytes(CONTENT)
    monkeypatch.setenv("DATA_MIRROR", tmp_path.as_uri())
    fetch(destination, *mirrors_of("mnist", ["http://mirror.invalid/"]))
    assert destination.read_bytes() == CONTENT
