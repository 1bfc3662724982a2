"""One log for a rule's script: its file, and the console."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from study.errors import StudyError
from study.garbage import collect_garbage_rarely
from study.redaction import redact

log = logging.getLogger("study")


class _LogFile(logging.FileHandler):
    """A log file that drops its messages on a full disk; the console still gets them."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, logging's name
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):
            super().close()


class _Redacted(logging.Formatter):
    """Lines, tracebacks included, without passwords and tokens of addresses."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


@contextmanager
def script_log(path: str | Path) -> Iterator[None]:
    """Log to the file `path` and to standard error while the block runs.

    What the user can put right (StudyError, OSError, MemoryError) ends the script with one line
    and status 1, Ctrl-C with status 130; anything else is a bug and leaves its traceback in both
    places.
    """
    collect_garbage_rarely()
    logging.captureWarnings(True)
    root = logging.getLogger()
    for name in ("__main__", "study"):  # what other packages say below a warning is not for users
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(b"")
        file = _LogFile(path, mode="a", encoding="utf-8")  # to which C++ code may append too
    except OSError as error:
        sys.exit(f"error: cannot write the log {path}: {error.strerror}")
    console = logging.StreamHandler(sys.stderr)
    file.setFormatter(_Redacted("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    console.setFormatter(_Redacted())
    handlers: list[logging.Handler] = [file, console]
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    except StudyError as error:
        log.error("error: %s", error)
        sys.exit(1)
    except OSError as error:
        log.error("error: %s: %s", error.filename or "input/output", error.strerror or error)
        sys.exit(1)
    except MemoryError as error:
        log.error("error: out of memory: %s", error)
        sys.exit(1)
    except KeyboardInterrupt:
        log.error("stopped by SIGINT")
        sys.exit(130)
    except Exception:
        log.exception("error: this should not happen; please report it with the log %s", path)
        sys.exit(1)
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
