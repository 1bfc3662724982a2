"""Mirrors that send too much, too slowly or elsewhere: little is read, and the next is tried."""

import gzip
import hashlib
import http.server
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mirror_server import (
    CONTENT,
    NAME,
    Mirror,
    Reply,
    assert_nothing_left,
    fetch,
    mirror_servers,
    send,
)
from study.data.mirrors import download
from study.errors import StudyError

Handler = http.server.BaseHTTPRequestHandler


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Mirror]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with mirror_servers() as start:
        yield start


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "raw" / "mnist" / NAME


class Endless:
    """A reply without an end, and how many bytes of it were taken."""

    def __init__(self, block: bytes, pause: float = 0, **headers: str) -> None:
        self.block = block
        self.pause = pause
        self.headers = headers
        self.sent = 0

    def __call__(self, handler: Handler) -> None:
        handler.send_response(200)
        for name, value in self.headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        with suppress(OSError):  # when the other side has hung up
            while self.sent < 1 << 30:
                handler.wfile.write(self.block)
                self.sent += len(self.block)
                time.sleep(self.pause)


def chunked(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


BUFFERS = 32 << 20  # what the kernel may have taken from the server before the client hung up
ENDLESS = {
    "zeros": lambda: Endless(bytes(1 << 16)),
    "the-right-start": lambda: Endless(CONTENT),
    "a-length-that-is-right": lambda: Endless(bytes(1 << 16), Content_Length=str(1 << 40)),
    "chunked": lambda: Endless(chunked(bytes(1 << 16)), Transfer_Encoding="chunked"),
    "one-long-chunk": lambda: Endless(b"fffffffff\r\n" + bytes(99), Transfer_Encoding="chunked"),
    "packed-zeros": lambda: Endless(gzip.compress(bytes(1 << 24)), Content_Encoding="gzip"),
}


@pytest.mark.parametrize("reply", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_mirror_without_end_is_left_at_one_byte_too_many(
    mirror: Callable[..., Mirror], destination: Path, reply: Callable[[], Endless]
) -> None:
    endless = reply()
    server = mirror(endless)
    with pytest.raises(StudyError) as caught:
        fetch(destination, server.url)
    reason = f"more than the {len(CONTENT)} bytes of the file (another file)"
    assert f"{server.url}/{NAME}: {reason}" in str(caught.value)
    assert len(server.requests) == 1
    assert endless.sent < BUFFERS
    assert_nothing_left(destination)
    fetch(destination, server.url, mirror(send()).url)
    assert destination.read_bytes() == CONTENT


def test_no_more_than_one_byte_too_many_is_written(
    mirror: Callable[..., Mirror], destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def look(path: Path) -> None:
        sizes.append(path.stat().st_size)
        path_unlink(path, missing_ok=True)

    path_unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, missing_ok=False: look(path))
    with pytest.raises(StudyError):
        fetch(destination, mirror(Endless(bytes(1 << 16))).url)
    assert sizes == [len(CONTENT) + 1]


def test_a_mirror_that_sends_slowly_for_ever_is_left(
    mirror: Callable[..., Mirror], destination: Path
) -> None:
    slow = mirror(Endless(b"x", pause=0.05))  # each byte comes within the timeout
    fetch(destination, slow.url, mirror(send()).url, timeout=2)
    assert destination.read_bytes() == CONTENT
    assert len(slow.requests) == 1
    with pytest.raises(StudyError, match=r"too slow: \d+ of \d+ bytes in \d+ s, at least"):
        fetch(destination, slow.url, timeout=2)


def redirect(to: Callable[[Handler], str]) -> Reply:
    def reply(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", to(handler))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return reply


REDIRECTS = {
    "in-circles": (lambda handler: handler.path, "it redirects in circles"),
    "to-a-file": (lambda handler: "file:///etc/passwd", "an address that nothing can be asked at"),
    "to-ftp": (lambda handler: "ftp://127.0.0.1/x", "an address that nothing can be asked at"),
    "to-nonsense": (lambda handler: "http://[::1", "an address that nothing can be asked at"),
}


@pytest.mark.parametrize(("to", "reason"), REDIRECTS.values(), ids=REDIRECTS.keys())
def test_a_mirror_that_redirects_nowhere_is_left(
    mirror: Callable[..., Mirror], destination: Path, to: Callable[[Handler], str], reason: str
) -> None:
    server = mirror(redirect(to))
    with pytest.raises(StudyError) as caught:
        fetch(destination, server.url)
    assert reason in str(caught.value).split("\n")[1]
    assert_nothing_left(destination)


def test_a_mirror_may_redirect_to_another(mirror: Callable[..., Mirror], destination: Path) -> None:
    other = mirror(send())
    fetch(destination, mirror(redirect(lambda handler: f"{other.url}/elsewhere")).url)
    assert destination.read_bytes() == CONTENT


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
def test_a_certificate_that_nobody_signed_is_not_accepted(
    mirror: Callable[..., Mirror], destination: Path, tmp_path: Path
) -> None:
    files = ("-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=127.0.0.1")
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    subprocess.run(
        ["openssl", "req", "-x509", *kind, *files], cwd=tmp_path, check=True, capture_output=True
    )
    server = mirror(send())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    with pytest.raises(StudyError, match="its certificate is not accepted: self-signed cert"):
        fetch(destination, server.url.replace("http:", "https:"))
    assert server.requests == []


def test_a_host_that_does_not_speak_tls_is_named(
    mirror: Callable[..., Mirror], destination: Path
) -> None:
    url = mirror(send()).url.replace("http:", "https:")
    with pytest.raises(StudyError, match=r": \[ssl"):
        fetch(destination, url, attempts=1)


def test_an_answer_with_two_lengths_is_left(
    mirror: Callable[..., Mirror], destination: Path
) -> None:
    def two(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "5")
        handler.send_header("Content-Length", "7")
        handler.end_headers()

    server = mirror(two)
    with pytest.raises(StudyError, match=r"the connection failed \(InvalidHeader\)"):
        fetch(destination, server.url, attempts=1)


@pytest.mark.parametrize("kind", ["endless", "pipe", "folder", "large"])
def test_a_folder_may_hold_what_is_no_file(destination: Path, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "mirror"
    folder.mkdir()
    path = folder / NAME
    reason = "not a file"
    if kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)  # which nobody writes to
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)  # one TiB that takes no space
        reason = f"more than the {len(CONTENT)} bytes of the file (another file)"
    with pytest.raises(StudyError) as caught:
        fetch(destination, folder.as_uri())
    assert f"{path.as_uri()}: {reason}\n" in str(caught.value)
    assert_nothing_left(destination)


def test_a_mirror_that_announces_less_than_it_has_is_cut_off(
    mirror: Callable[..., Mirror], destination: Path
) -> None:
    server = mirror(send(length=100))
    with pytest.raises(StudyError, match=rf"100 bytes instead of {len(CONTENT)} \(cut off\)"):
        fetch(destination, server.url, attempts=1)


def test_packed_on_the_way_is_not_the_file(
    mirror: Callable[..., Mirror], destination: Path
) -> None:
    def packed(handler: Handler) -> None:
        body = gzip.compress(CONTENT)
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    fetch(destination, mirror(packed).url, mirror(send()).url, attempts=1)
    assert destination.read_bytes() == CONTENT


def test_a_gz_that_a_server_calls_packed_is_taken_as_it_is(
    mirror: Callable[..., Mirror], destination: Path
) -> None:
    body = gzip.compress(b"images" * 1000)

    def named(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")  # as servers do that go by the suffix
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    download(NAME, destination, hashlib.sha256(body).hexdigest(), len(body), [mirror(named).url])
    assert destination.read_bytes() == body
