"""What code a rule depends on: its script, and what that uses of the project's modules.

Imports are followed from definition to definition, so nobody keeps a list, and a function that the
script never reaches is no part of it. The digest follows the content: comments, docstrings, layout
and time stamps leave it as it is, and so does the place of a definition. A name stands for the code
that it is bound to, wherever that lies.
"""

import ast
import hashlib
import symtable
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent

IMPORTS = (ast.Import, ast.ImportFrom)

NO_SIDE_EFFECT = {
    *("dataclasses.dataclass", "dataclasses.field", "functools.cache", "functools.cached_property"),
    *("contextlib.contextmanager", "logging.getLogger", "typing.TypeVar"),
}
"""Functions of the standard library that may be called at import without anyone noticing."""


@dataclass
class Binding:
    """What a name stands for: statements of the project, or things `outside` it by dotted name."""

    statements: list[ast.stmt] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    passed: set[tuple[Path, str]] = field(default_factory=set)  # modules and names on the way


Uses = Mapping[ast.stmt, Mapping[str, Binding]]
"""Top-level statements, each with the names that it uses."""


@cache
def code_digest(script: str, root: Path = SCRIPTS) -> str:
    """Digest of the code of `script`, a file in the folder `root`, and of all that it reaches.

    Raises:
        FileNotFoundError: there is no such script.
        SyntaxError: a source cannot be parsed.
    """
    labels = _labels(reached_code(root / script, root))
    return hashlib.sha256("\n".join(sorted(set(labels.values()))).encode()).hexdigest()[:16]


def reached_code(script: Path, root: Path) -> Uses:
    """The top-level statements that running `script` may use, of all sources below `root`."""
    project = _project(root)
    reached: dict[ast.stmt, dict[str, Binding]] = {}
    imported: set[Path] = set()
    statements = list(project.module(script).statements)
    sources = [script]
    while statements or sources:
        while sources:  # importing a module runs its loose statements, and its imports
            source = sources.pop()
            if source not in imported:
                imported.add(source)
                module = project.module(source)
                statements.extend(module.loose)
                sources.extend(project.packages_of(source))
                sources.extend(project.imported_by(module.imports, module))
        while statements:
            statement = statements.pop()
            if statement in reached:
                continue
            module = project.module_of[statement]
            reached[statement] = project.uses(statement)
            for binding in reached[statement].values():
                statements.extend(binding.statements)
            sources.append(module.source)
            sources.extend(project.imported_by(_nested_imports(statement), module))
    return reached


def _labels(reached: Uses) -> dict[ast.stmt, str]:
    """A digest for each statement that tells it from all others by its text and by what it uses.

    The labels are refined until they tell apart no more statements (Weisfeiler and Leman 1968,
    "The reduction of a graph to canonical form"), since definitions may use each other in circles.
    """
    labels = {statement: _hash(_describe_statement(statement)) for statement in reached}
    distinct = 0
    while distinct < (distinct := len(set(labels.values()))):
        labels = {
            statement: _hash(
                labels[statement],
                *(
                    f"{name}: {' '.join(sorted(labels[used] for used in binding.statements))} "
                    f"{' '.join(binding.outside)}"
                    for name, binding in sorted(reached[statement].items())
                ),
            )
            for statement in reached
        }
    return labels


def _hash(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


class _Project:
    """The sources below a folder, and how names lead from one to another."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.module_of: dict[ast.stmt, _Module] = {}
        self._modules: dict[Path, _Module] = {}
        self._uses: dict[ast.stmt, dict[str, Binding]] = {}

    def module(self, source: Path) -> "_Module":
        if source not in self._modules:
            module = _Module(source)
            self._modules[source] = module
            self.module_of.update(dict.fromkeys(module.statements, module))
        return self._modules[source]

    def packages_of(self, source: Path) -> list[Path]:
        """The `__init__.py` of every package around the source."""
        folders = source.relative_to(self.root).parents
        inits = [self.root / folder / "__init__.py" for folder in folders]
        return [init for init in inits if init.is_file() and init != source]

    def uses(self, statement: ast.stmt) -> dict[str, Binding]:
        """What the statement's names stand for; those of the language itself are left out."""
        if statement not in self._uses:
            self._uses[statement] = self._find_uses(statement)
        return self._uses[statement]

    def _find_uses(self, statement: ast.stmt) -> dict[str, Binding]:
        module = self.module_of[statement]
        found: dict[str, Binding] = {}
        for name in module.global_names(statement):
            self._resolve(module, name, found.setdefault(name, Binding()))
        for node in _nested_imports(statement):
            for alias in node.names:
                binding = found.setdefault(_bound(alias), Binding())
                self._resolve_import(module, node, alias, alias.name, binding)
        return {name: what for name, what in found.items() if what.statements or what.outside}

    def _resolve(self, module: "_Module", name: str, binding: Binding) -> None:
        """Add to `binding` what `name` stands for in `module`."""
        if (module.source, name) in binding.passed:  # modules that import from each other
            return
        binding.passed.add((module.source, name))
        binding.statements.extend(module.definitions.get(name, []))
        for node in module.imports:
            for alias in node.names:
                if alias.name == "*":
                    self._resolve_import(module, node, alias, name, binding)
                elif _bound(alias) == name:
                    self._resolve_import(module, node, alias, alias.name, binding)

    def _resolve_import(
        self,
        module: "_Module",
        node: ast.Import | ast.ImportFrom,
        alias: ast.alias,
        name: str,
        binding: Binding,
    ) -> None:
        """Add to `binding` what an import in `module` brings in under `name`."""
        if isinstance(node, ast.Import):
            files = self._files(name)
            binding.statements.extend(s for file in files for s in self.module(file).statements)
            if not files:
                binding.outside.append(name)
            return
        origin = self._origin(node, module)
        for file in self._files(f"{origin}.{name}"):  # a module of a package
            binding.statements.extend(self.module(file).statements)
        files = self._files(origin)
        for file in files:
            self._resolve(self.module(file), name, binding)
        if not files and not self._files(f"{origin}.{name}") and alias.name != "*":
            binding.outside.append(f"{origin}.{name}")

    def imported_by(
        self, nodes: Iterable[ast.Import | ast.ImportFrom], module: "_Module"
    ) -> Iterator[Path]:
        """The sources that importing runs."""
        for node in nodes:
            for alias in node.names:
                if isinstance(node, ast.Import):
                    yield from self._files(alias.name)
                else:
                    origin = self._origin(node, module)
                    yield from self._files(origin)
                    yield from self._files(f"{origin}.{alias.name}")

    def _origin(self, node: ast.ImportFrom, module: "_Module") -> str:
        """The dotted name that an import is from."""
        if not node.level:
            return node.module or ""
        package = module.source.parents[node.level - 1].relative_to(self.root).parts
        return ".".join([*package, *filter(None, [node.module])])

    def _files(self, name: str) -> list[Path]:
        return _source_files(self.root, name)


@cache
def _source_files(root: Path, name: str) -> list[Path]:
    """The sources of a module or package by its dotted name; none where it is not the project's."""
    path = root.joinpath(*name.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


@cache
def _project(root: Path) -> _Project:
    return _Project(root)


class _Module:
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
                    if _bound(alias) == name
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
def _nested_imports(statement: ast.stmt) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(statement) if isinstance(node, IMPORTS)]


def _bound(alias: ast.alias) -> str:
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
def _describe_statement(statement: ast.stmt) -> str:
    return _describe(statement)


def _describe(node: object) -> str:
    """The syntax tree as text, the same for every Python version that this project runs on.

    Empty fields are left out, because new versions add some. Of an import only the names that it
    binds are given: what they stand for is followed.
    """
    if isinstance(node, list):
        return "[" + ",".join(_describe(item) for item in node) + "]"
    if isinstance(node, IMPORTS):
        return f"Import({','.join(_bound(alias) for alias in node.names)})"
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
