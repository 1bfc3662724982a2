"""Networks that a function of the user's own builds, seen without running it."""

import symtable
from dataclasses import dataclass
from pathlib import Path

from study.digest import function_digest
from study.errors import StudyError


@dataclass(frozen=True)
class PythonNetwork:
    """A function `build(input_shape, classes)` that returns a Keras model.

    `source` says where it is, as in `models/mine.py:build`. `digest` is that of the code that it
    reaches. `output` is what the model's output is declared to be, `logits` or `softmax`.
    """

    source: str
    digest: str
    output: str | None

    @property
    def definition(self) -> dict[str, str | None]:
        """What of it defines a run; a file that moves changes no run."""
        return {"digest": self.digest, "output": self.output}


def file_and_function(source: str) -> tuple[Path, str]:
    """`models/mine.py:build` taken apart."""
    file, _, function = source.rpartition(":")
    return Path(file), function


def python_network(source: str, output: str | None) -> PythonNetwork:
    """The network of the function at `source`, whose code is read and not run.

    Raises:
        StudyError: the file cannot be read or parsed, or has no such function.
    """
    file, function = file_and_function(source)
    try:
        bound = symtable.symtable(file.read_text(encoding="utf-8"), str(file), "exec")
        if function not in bound.get_identifiers() or not _is_bound(bound.lookup(function)):
            raise StudyError(f"{file} has no function {function!r}")
        return PythonNetwork(source, function_digest(file, function), output)
    except OSError as error:
        raise StudyError(f"{file}: {error.strerror}") from None
    except SyntaxError as error:
        place = f", line {error.lineno}" if error.lineno else ""
        raise StudyError(f"{error.filename or file}{place}: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise StudyError(f"{file}: not text in UTF-8 (byte {error.start})") from None
    except ValueError:
        raise StudyError(f"{file}: imports from outside its folder") from None
    except RecursionError:
        raise StudyError(f"{file}: nested too deeply") from None


def _is_bound(name: symtable.Symbol) -> bool:
    return name.is_assigned() or name.is_imported()
