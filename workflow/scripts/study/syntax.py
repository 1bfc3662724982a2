"""A Python source taken apart: its statements, the names in them, and their text without layout."""

import ast
import symtable
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path

IMPORTS = (ast.Import, ast.ImportFrom)

NO_SIDE_EFFECT = {
    *("dataclasses.dataclass", "dataclasses.field", "functools.cache", "functools.cached_property"),
    *("contextlib.contextmanager", "logging.getLogger", "typing.TypeVar"),
}
"""Functions of the standard library that may be called at import without anyone noticing."""


class Module:
    """A source file, taken apart at its top level."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self._text = source.read_bytes()
        body = ast.parse(self._text, filename=str(source)).body
        kept = [node for node in _without_docstring(body) if not _is_for_typing(node)]
        self.imports = [node for node in kept if isinstance(node, IMPORTS)]
        self.statements = [node for node in kept if not isinstance(node, IMPORTS)]

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        found: dict[str, list[ast.stmt]] = {}
        for node in self.statements:
            for name in _defined(node):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def loose(self) -> list[ast.stmt]:
        """Statements that may do something when the module is imported, beside defining a name."""
        return [
            node for node in self.statements if not _defined(node) or any(self._side_effects(node))
        ]

    def _side_effects(self, node: ast.stmt) -> Iterator[ast.expr]:
        """The functions that the definition calls: as a decorator, or to get its value."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            called = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
        else:
            called = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
        return (call for call in called if self._imported_name(call) not in NO_SIDE_EFFECT)

    def _imported_name(self, expression: ast.expr) -> str:
        """`logging.getLogger`, `dataclasses.dataclass`: what an expression names of an import."""
        match expression:
            case ast.Name(id=name):
                parts = [
                    f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else name
                    for node in self.imports
                    for alias in node.names
                    if bound_name(alias) == name
                ]
                return parts[-1] if parts else ""
            case ast.Attribute(value=value, attr=attribute):
                return f"{self._imported_name(value)}.{attribute}"
        return ""

    def global_names(self, statement: ast.stmt) -> set[str]:
        """The names in the statement that are not local to a function in it."""
        names = {
            node.id
            for part in _evaluated_at_once(statement)
            for node in ast.walk(part)
            if isinstance(node, ast.Name)
        }
        lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        scopes = [scope for scope in self._scopes if scope.get_lineno() in lines]
        while scopes:
            scope = scopes.pop()
            names.update(s.get_name() for s in scope.get_symbols() if s.is_global())
            scopes.extend(scope.get_children())
        return names

    @cached_property
    def _scopes(self) -> list[symtable.SymbolTable]:
        return symtable.symtable(self._text.decode(), str(self.source), "exec").get_children()


def _evaluated_at_once(statement: ast.stmt) -> Sequence[ast.AST]:
    """The parts of a statement that run in the scope of its module."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            returns = [statement.returns] if statement.returns else []
            return [*statement.decorator_list, statement.args, *returns]
        case ast.ClassDef():
            return [*statement.decorator_list, *statement.bases, *statement.keywords]
    return [statement]


@cache
def nested_imports(statement: ast.stmt) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(statement) if isinstance(node, IMPORTS)]


def bound_name(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.split(".")[0]


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


def _is_for_typing(node: ast.stmt) -> bool:
    """Whether this is `if TYPE_CHECKING:`, which never runs."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


@cache
def describe_statement(statement: ast.stmt) -> str:
    return _describe(statement)


def _describe(node: object) -> str:
    """The syntax tree as text, the same for every Python version that this project runs on.

    Empty fields are left out, because new versions add some. Of an import only the names that it
    binds are given: what they stand for is followed.
    """
    if isinstance(node, list):
        return "[" + ",".join(_describe(item) for item in node) + "]"
    if isinstance(node, IMPORTS):
        return f"Import({','.join(bound_name(alias) for alias in node.names)})"
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
    """`body` without the strings that are statements."""
    return [
        node
        for node in body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
