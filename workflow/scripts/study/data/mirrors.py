"""Downloads from the first mirror that has the file whole."""

import logging
import math
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import responses
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

import pooch
import requests
import urllib3
from tqdm import tqdm

from study.data.headers import is_html
from study.errors import StudyError
from study.files import atomic
from study.redaction import redact, redact_address

log = logging.getLogger(__name__)

SCHEMES = ("http://", "https://", "file:///")

VARIABLE = "DATA_MIRROR"
CHUNK = 1 << 16
SLOWEST = 1000  # bytes a second, on average; a few megabytes take an hour at this speed


class MirrorError(Exception):
    """Why one mirror did not give the file; `passing` when another try may help."""

    def __init__(self, reason: str, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


def mirrors_of(
    dataset: str, mirrors: Sequence[str], environment: Mapping[str, str] = os.environ
) -> list[str]:
    """Return the base addresses to try in order: the user's `$DATA_MIRROR/<dataset>`, the rest.

    Raises:
        StudyError: DATA_MIRROR is set, but is no address.
    """
    own = environment.get(VARIABLE, "")
    if own and not own.startswith(SCHEMES):
        raise StudyError(
            f"{VARIABLE}: {redact_address(own)!r} is not a mirror's address; allowed are "
            f"http://..., https://... and file:///folder, with the files in <address>/{dataset}/"
        )
    return ([_below(own, dataset)] if own else []) + list(mirrors)


def _below(address: str, name: str) -> str:
    """The address of `name` in the folder at `address`, whose query (`?token=...`) is kept."""
    folder, sign, query = address.partition("?")
    return f"{folder.rstrip('/')}/{quote(name)}{sign}{query}"


def download(
    name: str,
    destination: str | Path,
    sha256: str,
    size: int,
    mirrors: Sequence[str],
    *,
    attempts: int = 3,
    pause: float = 1.0,
    timeout: float = 30.0,
) -> None:
    """Write the file `name` to `destination` from the first mirror that has the right bytes.

    A mirror that fails in passing (no answer, server error, cut off) is asked `attempts` times,
    with `pause` seconds before the second try and twice that before each further one. At most one
    byte beyond `size` is read, and a mirror that is too slow after `timeout` seconds is given up.
    The file appears under its name only when its size in bytes and its SHA-256 (hex) match.

    Raises:
        StudyError: every mirror failed; the message gives each one's reason.
        OSError: the destination cannot be written.
    """
    destination = Path(destination)
    failures = []
    for mirror in mirrors:
        url = _below(mirror, name)
        shown = redact_address(url)
        log.info("downloading %s (%s bytes)", shown, f"{size:,}")
        try:
            _with_retries(url, destination, sha256, size, attempts, pause, timeout)
        except MirrorError as error:
            log.warning("%s: %s", shown, error)
            failures.append(f"{shown}: {error}")
        else:
            log.info("%s: size and SHA-256 are right", destination)
            return
    folder = destination.parent.name
    raise StudyError(
        f"{folder}/{name}: no mirror gave the file\n"
        + "".join(f"  {failure}\n" for failure in failures or ["(there is no mirror to try)"])
        + f"With the file at hand as /data/{folder}/{name}, set {VARIABLE}=file:///data; data of "
        f"your own go by path into `datasets:` in config/config.yaml; `make demo` needs no "
        f"download."
    )


def _with_retries(
    url: str,
    destination: Path,
    sha256: str,
    size: int,
    attempts: int,
    pause: float,
    timeout: float,
) -> None:
    for attempt in range(1, attempts + 1):
        try:
            with atomic(destination) as temporary:
                _fetch(url, temporary, size, timeout)
                _check(temporary, sha256, size)
            return
        except MirrorError as error:
            if not error.passing or attempt == attempts:
                raise
            wait = pause * 2 ** (attempt - 1)
            log.info("%s: %s; trying again in %g s", redact_address(url), error, wait)
            time.sleep(wait)


def _fetch(url: str, temporary: Path, size: int, timeout: float) -> None:
    if url.startswith("file:"):
        _copy(url, temporary, size)
        return
    if not url.startswith(SCHEMES):
        raise MirrorError(f"not a mirror's address; allowed are {', '.join(SCHEMES)}...")
    # Asking for the plain bytes keeps servers from packing, and reading them raw keeps us from
    # unpacking, a .gz.
    plain = {"Accept-Encoding": "identity"}
    try:
        with requests.get(url, stream=True, timeout=timeout, headers=plain) as response:
            status = response.status_code
            if not 200 <= status < 300:
                raise MirrorError(
                    f"HTTP status {status} {responses.get(status, '')}".rstrip(),
                    passing=status >= 500 or status in (408, 429),
                )
            _receive(lambda most: response.raw.read1(most), temporary, size, timeout)
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise _explained(error, url, timeout) from error


def _receive(read: Callable[[int], bytes], temporary: Path, size: int, patience: float) -> None:
    """Write what `read` gives, to one byte more than `size` at the most."""
    start = time.monotonic()
    received = 0
    with (
        temporary.open("wb") as file,
        tqdm(
            total=size, unit="B", unit_scale=True, ncols=79, disable=not sys.stderr.isatty()
        ) as bar,
    ):
        while received <= size and (chunk := read(min(CHUNK, size + 1 - received))):
            file.write(chunk)
            bar.update(len(chunk))
            received += len(chunk)
            seconds = time.monotonic() - start
            if seconds > patience and received < min(size, SLOWEST * seconds):
                raise MirrorError(
                    f"too slow: {received} of {size} bytes in {seconds:.0f} s, at least "
                    f"{SLOWEST} a second are expected"
                )


def _copy(url: str, temporary: Path, size: int) -> None:
    address = urlsplit(url)
    if address.netloc not in ("", "localhost"):
        raise MirrorError("a folder's address has three slashes: file:///folder")
    path = Path(url2pathname(address.path))
    try:
        if path.exists() and not path.is_file():
            raise MirrorError("not a file")
        source = path.open("rb")
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise MirrorError("no such file" if missing else str(error.strerror)) from error

    def read(most: int) -> bytes:
        try:
            return source.read(most)
        except OSError as error:
            raise MirrorError(str(error.strerror)) from error

    with source:
        _receive(read, temporary, size, math.inf)


def _check(path: Path, sha256: str, size: int) -> None:
    with path.open("rb") as file:
        head = file.read(64)
    if is_html(head):
        raise MirrorError("an HTML page in place of the file (a log-in or proxy notice?)")
    found = path.stat().st_size
    if found != size:
        if found > size:
            raise MirrorError(f"more than the {size} bytes of the file (another file)")
        raise MirrorError(f"{found} bytes instead of {size} (cut off)", passing=True)
    digest = pooch.file_hash(str(path), alg="sha256")
    if digest != sha256.lower():
        raise MirrorError(f"the SHA-256 is {digest[:12]}... instead of {sha256[:12]}...")


def _explained(error: Exception, url: str, timeout: float) -> MirrorError:
    """Say in a few words what lies at the bottom of a nested exception, whose own text may hold
    the address with its passwords.
    """
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)
    if isinstance(error, requests.TooManyRedirects):
        return MirrorError("it redirects in circles")
    if isinstance(error, ValueError) and not isinstance(error, requests.exceptions.InvalidHeader):
        return MirrorError("it names, or redirects to, an address that nothing can be asked at")
    if isinstance(error, requests.exceptions.ProxyError):
        return MirrorError("the proxy does not give a connection", passing=True)
    for link in reversed(chain):
        if isinstance(link, ssl.SSLCertVerificationError):
            return MirrorError(f"its certificate is not accepted: {link.verify_message}")
    if any(isinstance(link, TimeoutError | requests.Timeout) for link in chain):
        return MirrorError(f"no answer within {timeout:g} s (timeout)", passing=True)
    if any("IncompleteRead" in str(link) for link in chain):
        return MirrorError("the connection ended before the file did (cut off)", passing=True)
    for link in reversed(chain):
        if isinstance(link, socket.gaierror):
            host = redact(urlsplit(url).hostname or "")
            return MirrorError(f"the host {host} was not found", passing=True)
        if isinstance(link, OSError) and link.strerror:
            return MirrorError(link.strerror.lower(), passing=True)
    return MirrorError(f"the connection failed ({type(chain[-1]).__name__})", passing=True)
