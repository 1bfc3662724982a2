"""What code a rule depends on: its script and the project modules that it imports.

The digest follows the content, not time stamps, and of the content only what can change a result:
comments, docstrings and formatting leave it as it is.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent


@cache
def code_digest(script: str) -> str:
    """Digest of `script` (a name in the scripts' folder) and of all project modules it reaches.

    Raises:
        FileNotFoundError: there is no such script.
        SyntaxError: a source cannot be parsed.
    """
    digest = hashlib.sha256()
    for source in sorted(sources(SCRIPTS / script)):
        digest.update(source.relative_to(SCRIPTS).as_posix().encode())
        digest.update(_fingerprint(source).encode())
    return digest.hexdigest()[:16]


def sources(script: Path) -> set[Path]:
    """`script` and the files below its folder that it imports, directly or through others."""
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            waiting.extend(_imports(source, script.parent))
    return found


def _imports(source: Path, root: Path) -> Iterator[Path]:
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            # `from package import name`: the name may be a module of the package
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):  # importing a.b runs a first
                module = root.joinpath(*parts[:end])
                yield from (
                    file for file in (module.with_suffix(".py"), module / "__init__.py")
                    if file.is_file()
                )  # fmt: skip


@cache
def _tree(source: Path) -> ast.Module:
    return ast.parse(source.read_bytes(), filename=str(source))


def _fingerprint(source: Path) -> str:
    return _describe(_tree(source))


def _describe(node: object) -> str:
    """The syntax tree as text, the same for every Python version this project runs on.

    Empty fields are left out, because new versions add some.
    """
    if isinstance(node, list):
        return "[" + ",".join(_describe(item) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(
            node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        ):
            value = _without_docstring(value)
        if value is None or value == [] or name in ("ctx", "kind", "type_comment"):
            continue
        fields.append(f"{name}={_describe(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body
