"""Downloads from the first mirror that has the file whole."""

import logging
import os
import shutil
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

import pooch
import requests

from study.data.headers import is_html
from study.errors import StudyError
from study.files import atomic

log = logging.getLogger(__name__)


SCHEMES = ("http://", "https://", "file:///")


VARIABLE = "DATA_MIRROR"


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
            f"{VARIABLE}: {own!r} is not a mirror's address; allowed are http://..., "
            f"https://... and file:///folder, with the files in <address>/{dataset}/"
        )
    return ([f"{own.rstrip('/')}/{dataset}"] if own else []) + list(mirrors)


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
    with `pause` seconds before the second try and twice that before each further one. The file
    appears under its name only when its size in bytes and its SHA-256 (hex) match.

    Raises:
        StudyError: every mirror failed; the message gives each one's reason.
        OSError: the destination cannot be written.
    """
    destination = Path(destination)
    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{quote(name)}"
        log.info("downloading %s (%s bytes)", url, f"{size:,}")
        try:
            _with_retries(url, destination, sha256, size, attempts, pause, timeout)
        except MirrorError as error:
            log.warning("%s: %s", url, error)
            failures.append(f"{url}: {error}")
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
                _fetch(url, temporary, timeout)
                _check(temporary, sha256, size)
            return
        except MirrorError as error:
            if not error.passing or attempt == attempts:
                raise
            wait = pause * 2 ** (attempt - 1)
            log.info("%s: %s; trying again in %g s", url, error, wait)
            time.sleep(wait)


def _fetch(url: str, temporary: Path, timeout: float) -> None:
    if url.startswith("file:"):
        _copy(url, temporary)
        return
    if not url.startswith(SCHEMES):
        raise MirrorError(f"not a mirror's address; allowed are {', '.join(SCHEMES)}...")
    # Asking for the plain bytes keeps servers from packing, and requests from unpacking, a .gz.
    download_http = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(),
        chunk_size=1 << 16,
        timeout=timeout,
        headers={"Accept-Encoding": "identity"},
    )
    try:
        download_http(url, str(temporary), None)
    except requests.HTTPError as error:
        assert error.response is not None  # raise_for_status puts it there
        status = error.response.status_code
        raise MirrorError(
            f"HTTP status {status} {error.response.reason}",
            passing=status >= 500 or status in (408, 429),
        ) from error
    except requests.RequestException as error:
        raise MirrorError(_reason(error, url, timeout), passing=True) from error


def _copy(url: str, temporary: Path) -> None:
    address = urlsplit(url)
    if address.netloc not in ("", "localhost"):
        raise MirrorError("a folder's address has three slashes: file:///folder")
    path = url2pathname(address.path)
    try:
        shutil.copyfile(path, str(temporary))
    except OSError as error:
        if error.filename2 is not None or error.filename == str(temporary):
            raise  # the disk here, not the mirror
        missing = isinstance(error, FileNotFoundError)
        raise MirrorError("no such file" if missing else str(error.strerror)) from error


def _check(path: Path, sha256: str, size: int) -> None:
    with path.open("rb") as file:
        head = file.read(64)
    if is_html(head):
        raise MirrorError("an HTML page in place of the file (a log-in or proxy notice?)")
    found = path.stat().st_size
    if found != size:
        what = "cut off" if found < size else "another file"
        raise MirrorError(f"{found} bytes instead of {size} ({what})", passing=found < size)
    digest = pooch.file_hash(str(path), alg="sha256")
    if digest != sha256.lower():
        raise MirrorError(f"the SHA-256 is {digest[:12]}... instead of {sha256[:12]}...")


def _reason(error: requests.RequestException, url: str, timeout: float) -> str:
    """Say in a few words what lies at the bottom of one of requests' nested exceptions."""
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)
    if any(isinstance(link, TimeoutError | requests.Timeout) for link in chain):
        return f"no answer within {timeout:g} s (timeout)"
    if any("IncompleteRead" in str(link) for link in chain):
        return "the connection ended before the file did (cut off)"
    for link in reversed(chain):
        if isinstance(link, socket.gaierror):
            return f"the host {urlsplit(url).hostname} was not found"
        if isinstance(link, OSError) and link.strerror:
            return link.strerror.lower()
    return f"{type(error).__name__}: {error}"
