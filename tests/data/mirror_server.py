"""A mirror on the loopback interface, and a file to download from it."""

import gzip
import hashlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from study.data.mirrors import download

NAME = "t10k-labels-idx1-ubyte.gz"
CONTENT = gzip.compress(bytes(range(256)) * 40, mtime=0) + b"\0" * 50_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HTML = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>"

Reply = Callable[[http.server.BaseHTTPRequestHandler], None]


def send(status: int = 200, body: bytes = CONTENT, length: int | None = None) -> Reply:
    """Reply with `body`; a `length` beyond it makes the connection end too early."""

    def reply(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def hang(handler: http.server.BaseHTTPRequestHandler) -> None:
    """Say nothing for longer than `patience` allows."""
    time.sleep(0.6)


def patience(reply: Reply) -> float:
    """The timeout for a reply: long enough on a busy machine, short where it must be exceeded."""
    return 0.3 if reply is hang else 10


class Mirror:
    """A mirror on 127.0.0.1 that gives the replies in turn, the last one for ever."""

    def __init__(self, replies: list[Reply]) -> None:
        self.requests: list[str] = []
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                number = len(mirror.requests)
                mirror.requests.append(self.path)
                replies[min(number, len(replies) - 1)](self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/mnist"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextmanager
def mirror_servers() -> Iterator[Callable[..., Mirror]]:
    """A function that starts a mirror with replies; all are closed at the end."""
    started: list[Mirror] = []

    def start(*replies: Reply) -> Mirror:
        started.append(Mirror(list(replies)))
        return started[-1]

    try:
        yield start
    finally:
        for server in started:
            server.close()


def fetch(
    destination: Path,
    *mirrors: str,
    sha256: str = SHA256,
    attempts: int = 3,
    timeout: float = 10,
) -> None:
    download(
        NAME,
        destination,
        sha256,
        len(CONTENT),
        mirrors,
        attempts=attempts,
        pause=0.01,
        timeout=timeout,
    )


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def assert_nothing_left(destination: Path) -> None:
    assert not destination.parent.exists() or names(destination.parent) == []
