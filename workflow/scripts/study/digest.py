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
"""A file, and a name that it defines at its top level, or one of these two."""

WHOLE = "*"
"""All of the file."""

LOOSE = ""
"""What runs when the file is imported, and no more."""


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
        for text in _descriptions(_module(source), reached[source]):
            digest.update(text.encode())
    return digest.hexdigest()[:16]


def reached_code(script: Path, root: Path) -> dict[Path, set[ast.stmt]]:
    """The top-level statements that running `script` may use, by source file below `root`."""
    reached: dict[Path, set[ast.stmt]] = {}
    waiting: list[Definition] = [(script, WHOLE)]
    seen: set[Definition] = set()
    while waiting:
        definition = waiting.pop()
        if definition in seen:
            continue
        seen.add(definition)
        source, name = definition
        module = _module(source)
        statements = module.all if name == WHOLE else module.definitions.get(name, [])
        if source not in reached:  # importing a module runs its loose statements, and its imports
            reached[source] = set()
            statements = [*statements, *module.loose]
            for node in module.imports:
                waiting.extend((file, LOOSE) for file, _ in _targets(node, source, root))
            package = source.with_name("__init__.py")
            if package.is_file():
                waiting.append((package, LOOSE))
        reached[source].update(statements)
        waiting.extend(_uses(statements, module, root))
        for node in module.binding(name):  # the name is only passed on
            waiting.extend(_targets(node, source, root, name))
    return reached


def _uses(statements: Iterable[ast.stmt], module: "_Module", root: Path) -> Iterator[Definition]:
    """What the statements use of their own module and of others below `root`."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from _targets(node, module.source, root)
            elif isinstance(node, ast.Name):
                if node.id in module.definitions:
                    yield module.source, node.id
                for imported in module.binding(node.id):
                    yield from _targets(imported, module.source, root, node.id)


def _targets(
    node: ast.Import | ast.ImportFrom, source: Path, root: Path, name: str | None = None
) -> Iterator[Definition]:
    """What an import in `source` brings in from below `root`; with `name`, what it binds to it."""
    for alias in node.names:
        if name is not None and alias.name != WHOLE and name != _bound(alias):
            continue
        if isinstance(node, ast.Import):
            yield from ((file, WHOLE) for file in _files(alias.name, root))
            continue
        module = node.module or ""
        if node.level:  # relative to the package of `source`
            package = source.parents[node.level - 1].relative_to(root).parts
            module = ".".join([*package, *filter(None, [module])])
        for file in _files(module, root):
            yield file, alias.name  # a star is WHOLE
        # the name may be a module of a package
        yield from ((file, WHOLE) for file in _files(f"{module}.{alias.name}", root))


def _bound(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.split(".")[0]


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
    def imports(self) -> list[ast.Import | ast.ImportFrom]:
        return [node for node in self.all if isinstance(node, ast.Import | ast.ImportFrom)]

    def binding(self, name: str) -> list[ast.Import | ast.ImportFrom]:
        """The imports that may bind `name`."""
        return [
            node
            for node in self.imports
            if any(alias.name == WHOLE or name == _bound(alias) for alias in node.names)
        ]

    @cached_property
    def loose(self) -> list[ast.stmt]:
        """Statements that may do something when the module is imported, beside defining a name."""
        imports = (ast.Import, ast.ImportFrom)
        return [
            node
            for node in self.all
            if not isinstance(node, imports) and (not _defined(node) or _runs_code(node))
        ]


@cache
def _module(source: Path) -> _Module:
    return _Module(source)


def _defined(node: ast.stmt) -> list[str]:
    """The names that a statement binds and does nothing else to."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign(targets=targets):
            names = [name for target in targets for name in ast.walk(target)]
        case ast.AnnAssign(target=target):
            names = [target]
        case _:
            return []
    return [
        name.id for name in names if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]


def _runs_code(node: ast.stmt) -> bool:
    """Whether the definition calls something by itself: by a decorator, or to get its value."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return bool(node.decorator_list)
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def _descriptions(module: _Module, statements: Iterable[ast.stmt]) -> list[str]:
    """The statements of a module as text, with the imports that they use.

    Functions and classes go by name, and imports by themselves, since where these stand is
    formatting; the rest goes as it runs.
    """
    imports = (ast.Import, ast.ImportFrom)
    others = [node for node in statements if not isinstance(node, imports)]
    others.sort(key=lambda node: (getattr(node, "name", ""), node.lineno, node.col_offset))
    used = {
        node.id for other in others for node in ast.walk(other) if isinstance(node, ast.Name)
    } | {WHOLE}
    imported = {
        f"import {getattr(node, 'level', 0)} {getattr(node, 'module', None)} {_describe(alias)}"
        for node in module.imports
        for alias in node.names
        if _bound(alias) in used
    }
    return [*sorted(imported), *map(_describe, others)]


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
