"""What code a rule depends on: its script, and what that uses of the project's modules.

Imports are followed from definition to definition, so nobody keeps a list, and a function that
the script never reaches is no part of it. The digest follows the content, not time stamps, and of
the content only what can change a result: comments, docstrings and formatting leave it as it is.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent

Definition = tuple[Path, str]
"""A file, and a name that it defines at its top level; an empty name is the whole file."""


@cache
def code_digest(script: str, root: Path = SCRIPTS) -> str:
    """Digest of the code of `script`, a file in the folder `root`, and of all that it reaches.

    Raises:
        FileNotFoundError: there is no such script.
        SyntaxError: a source cannot be parsed.
    """
    reached = reached_code(root / script, root)
    digest = hashlib.sha256()
    for source in sorted(reached):
        digest.update(f"\n{source.relative_to(root).as_posix()}\n".encode())
        for statement in sorted(reached[source], key=_order):
            digest.update(_describe(statement).encode())
    return digest.hexdigest()[:16]


def reached_code(script: Path, root: Path) -> dict[Path, set[ast.stmt]]:
    """The top-level statements that running `script` may use, by source file below `root`."""
    reached: dict[Path, set[ast.stmt]] = {}
    waiting: list[Definition] = [(script, "")]
    seen: set[Definition] = set()
    while waiting:
        definition = waiting.pop()
        if definition in seen:
            continue
        seen.add(definition)
        source, name = definition
        module = _module(source)
        statements = module.all if name == "" else module.definitions.get(name, [])
        if source not in reached:  # importing a module runs its loose statements
            reached[source] = set()
            statements = [*statements, *module.loose]
        reached[source].update(statements)
        waiting.extend(_uses(statements, module, root))
        if name in module.imports:  # the name is only passed on
            waiting.extend(_targets(module.imports[name], root, name))
    return reached


def _uses(statements: Iterable[ast.stmt], module: "_Module", root: Path) -> Iterator[Definition]:
    """What the statements use of their own module and of others below `root`."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from _targets(node, root)
            elif isinstance(node, ast.Name):
                if node.id in module.definitions:
                    yield module.source, node.id
                elif node.id in module.imports:
                    yield from _targets(module.imports[node.id], root, node.id)


def _targets(
    node: ast.Import | ast.ImportFrom, root: Path, name: str | None = None
) -> Iterator[Definition]:
    """What an import brings in from below `root`; with `name`, only what it binds to that."""
    for alias in node.names:
        if name is not None and name != (alias.asname or alias.name.split(".")[0]):
            continue
        if isinstance(node, ast.Import):
            yield from ((file, "") for file in _files(alias.name, root))
        elif node.module and node.level == 0:
            for file in _files(node.module, root):
                yield file, "" if alias.name == "*" else alias.name
            # the name may be a module of a package
            yield from ((file, "") for file in _files(f"{node.module}.{alias.name}", root))


def _files(module: str, root: Path) -> list[Path]:
    path = root.joinpath(*module.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


class _Module:
    """A source file, taken apart at its top level."""

    def __init__(self, source: Path) -> None:
        self.source = source
        tree = ast.parse(source.read_bytes(), filename=str(source))
        self.all = [node for node in _without_docstring(tree.body) if not _is_for_typing(node)]

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        found: dict[str, list[ast.stmt]] = {}
        for node in self.all:
            for name in _defined(node):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def imports(self) -> dict[str, ast.Import | ast.ImportFrom]:
        return {
            alias.asname or alias.name.split(".")[0]: node
            for node in self.all
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }

    @cached_property
    def loose(self) -> list[ast.stmt]:
        """Statements that define nothing, and do something when the module is imported."""
        imports = (ast.Import, ast.ImportFrom)
        return [node for node in self.all if not _defined(node) and not isinstance(node, imports)]


@cache
def _module(source: Path) -> _Module:
    return _Module(source)


def _defined(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign(targets=targets):
            names = [name for target in targets for name in ast.walk(target)]
        case ast.AnnAssign(target=target):
            names = [target]
        case _:
            return []
    return [name.id for name in names if isinstance(name, ast.Name)]


def _order(node: ast.stmt) -> tuple[str, int, int]:
    """Functions and classes by name, since where they stand is formatting; the rest as it runs."""
    return getattr(node, "name", ""), node.lineno, node.col_offset


def _is_for_typing(node: ast.stmt) -> bool:
    """Whether this is `if TYPE_CHECKING:`, which never runs."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


def _describe(node: object) -> str:
    """The syntax tree as text, the same for every Python version that this project runs on.

    Empty fields are left out, because new versions add some.
    """
    if isinstance(node, list):
        return "[" + ",".join(_describe(item) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(
            node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ):
            value = _without_docstring(value)
        if value is None or value == [] or name in ("ctx", "kind", "type_comment"):
            continue
        fields.append(f"{name}={_describe(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _without_docstring(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """`body` without the strings that stand in it as statements of their own."""
    return [
        node
        for node in body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
