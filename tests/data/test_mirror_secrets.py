"""Passwords and tokens of mirrors stay out of consoles, logs and files."""

import http.server
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from checkout import copy_checkout, run_snakemake
from mirror_server import CONTENT, NAME, SHA256, Mirror, Reply, fetch, mirror_servers, send
from study.data.mirrors import mirrors_of
from study.errors import StudyError
from study.logs import script_log


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Mirror]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with mirror_servers() as start:
        yield start


def redirect_to_itself(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.end_headers()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


REPLIES = {
    "sound": send(),
    "not-found": send(404, b""),
    "server-error": send(503, b""),
    "cut": send(body=CONTENT[:9], length=len(CONTENT)),
    "circle": redirect_to_itself,
    "other": send(body=b"other"),
}


def said_while_downloading(
    folder: Path, capsys: pytest.CaptureFixture[str], address: str
) -> tuple[str, str]:
    """The log and the console of a script that downloads from `address`."""
    log = folder / "a.log"
    try:
        with script_log(log):
            fetch(folder / "mnist" / NAME, *mirrors_of("mnist", [], {"DATA_MIRROR": address}))
    except SystemExit as end:
        assert end.code == 1
    return log.read_text(), capsys.readouterr().err


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
def test_no_secret_of_a_mirror_reaches_the_log_or_the_console(
    mirror: Callable[..., Mirror],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    reply: Reply,
) -> None:
    server = mirror(reply)
    host = server.url.removeprefix("http://")
    address = f"http://user:s3cr3t1@{host}?token=s3cr3t2"
    for said in said_while_downloading(tmp_path, capsys, address):
        assert f"downloading http://***@{host}/mnist/{NAME}?***" in said
        assert "s3cr3t" not in said
        assert "user" not in said
    assert set(server.requests) == {f"/mnist/mnist/{NAME}?token=s3cr3t2"}


@pytest.mark.parametrize(
    "address",
    [
        "http://user:s3cr3t@127.0.0.1:{port}/?token=s3cr3t",  # where nobody listens
        "http://user:s3cr3t@mirror.invalid/?token=s3cr3t",
        "http://user:s3c/r3t@127.0.0.1:{port}",
        "http://user:s3cr3t@[::1/?token=s3cr3t",
        "http://user:s3cr3t@127.0.0.1:port/",
        "ftp://user:s3cr3t@example.org/?token=s3cr3t",
        "user:s3cr3t@example.org",
        "file://user:s3cr3t@example.org/data?token=s3cr3t",
        "file:///data?token=s3cr3t",
    ],
)
def test_an_address_that_fails_is_named_without_its_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    address = address.format(port=free_port())
    for said in said_while_downloading(tmp_path, capsys, address):
        assert "error: " in said
        assert "Traceback" not in said
        assert "s3cr3t" not in said
        assert "r3t@" not in said


def test_a_mirror_that_is_no_address_is_refused_without_its_password() -> None:
    with pytest.raises(StudyError, match=r"DATA_MIRROR: '\*\*\*@example.org' is not a mirror"):
        mirrors_of("mnist", [], {"DATA_MIRROR": "user:s3cr3t@example.org"})


def test_snakemake_keeps_no_secret_of_a_mirror(
    mirror: Callable[..., Mirror], tmp_path: Path
) -> None:
    copy_checkout(tmp_path / "study")
    before = {path for path in (tmp_path / "study").rglob("*") if path.is_file()}
    names = {"x_train": NAME, "y_train": "y.gz", "x_test": "x2.gz", "y_test": "y2.gz"}
    files = {
        array: {"name": name, "bytes": len(CONTENT), "sha256": SHA256}
        for array, name in names.items()
    }
    own = {
        "classes": 10,
        "shape": [28, 28, 1],
        "train_images": 60000,
        "mirrors": [mirror(send()).url],
        "files": files,
    }
    config = {"dataset": "own", "datasets": {"own": own}}
    (tmp_path / "study" / "study.yaml").write_text(yaml.safe_dump(config))
    host = mirror(send(404, b"")).url.removeprefix("http://")
    done = run_snakemake(
        tmp_path / "study",
        *(f"data/raw/own/{NAME}", "--cores", "1", "--configfile", "study.yaml", "--verbose"),
        env=os.environ | {"DATA_MIRROR": f"http://user:s3cr3t@{host}?token=s3cr3t"},
    )
    assert done.returncode == 0, done.stderr
    assert f"http://***@{host}/own/{NAME}?***: HTTP status 404" in done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
    written = {path for path in (tmp_path / "study").rglob("*") if path.is_file()} - before
    assert any(path.name == f"{NAME}.log" for path in written)
    assert [path for path in written if b"s3cr3t" in path.read_bytes()] == []
