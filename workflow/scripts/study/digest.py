"""What code a rule depends on: its script, and what that uses of the project's modules.

Imports are followed from definition to definition, so nobody keeps a list, and a function that the
script never reaches is no part of it. The digest follows the content: comments, docstrings, layout
and time stamps leave it as it is, and so does the place of a definition. A name stands for the code
that it is bound to, wherever that lies.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from study.syntax import Module, bound_name, describe_statement, nested_imports

SCRIPTS = Path(__file__).resolve().parent.parent


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
    reached = reached_code(root / script, root)
    return _digest(_project(root), reached, _labels(reached))


def function_digest(file: Path, name: str) -> str:
    """Digest of what `name` stands for in `file`, and of all that it reaches in the file's folder.

    Raises:
        OSError: the file cannot be read.
        SyntaxError: a source cannot be parsed.
        ValueError: a source imports from outside the folder.
    """
    file = file.absolute()
    project = _Project(file.parent)
    function = project.binding(file, name)
    reached = _reached(project, function.statements, file)
    labels = _labels(reached)
    own = [labels[statement] for statement in function.statements]
    return _hash(*own, *function.outside, _digest(project, reached, labels))[:16]


def reached_code(script: Path, root: Path) -> Uses:
    """The top-level statements that running `script` may use, of all sources below `root`."""
    project = _project(root)
    return _reached(project, project.module(script).statements, script)


def _reached(project: "_Project", begin: Iterable[ast.stmt], source: Path) -> Uses:
    """The statements that running those to `begin` with may use, once `source` is imported."""
    reached: dict[ast.stmt, dict[str, Binding]] = {}
    imported: set[Path] = set()
    statements = list(begin)
    sources = [source]
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
            sources.extend(project.imported_by(nested_imports(statement), module))
    return reached


def _digest(project: "_Project", reached: Uses, labels: Mapping[ast.stmt, str]) -> str:
    """Digest of all statements, and of the order in which each module runs its loose ones."""
    modules = {project.module_of[statement].source for statement in reached}
    loose = (project.module(source).loose for source in modules)
    orders = (_hash(*map(labels.__getitem__, each)) for each in loose if len(each) > 1)
    return _hash(*sorted(set(labels.values())), *sorted(orders))[:16]


def _labels(reached: Uses) -> dict[ast.stmt, str]:
    """A digest for each statement that tells it from all others by its text and by what it uses.

    The labels are refined until they tell apart no more statements (Weisfeiler and Leman 1968,
    "The reduction of a graph to canonical form"), since definitions may use each other in circles.
    """
    labels = {statement: _hash(describe_statement(statement)) for statement in reached}
    distinct = 0
    while distinct < (distinct := len(set(labels.values()))):
        labels = {
            statement: _hash(
                labels[statement],
                *(
                    f"{name}: {' '.join(labels[used] for used in binding.statements)} "
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
        self.module_of: dict[ast.stmt, Module] = {}
        self._modules: dict[Path, Module] = {}
        self._uses: dict[ast.stmt, dict[str, Binding]] = {}

    def module(self, source: Path) -> Module:
        if source not in self._modules:
            module = Module(source)
            self._modules[source] = module
            self.module_of.update(dict.fromkeys(module.statements, module))
        return self._modules[source]

    def packages_of(self, source: Path) -> list[Path]:
        """The `__init__.py` of every package around the source."""
        folders = source.relative_to(self.root).parents
        inits = [self.root / folder / "__init__.py" for folder in folders]
        return [init for init in inits if init.is_file() and init != source]

    def binding(self, source: Path, name: str) -> Binding:
        """What `name` stands for in `source`."""
        found = Binding()
        self._resolve(self.module(source), name, found)
        return found

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
        for node in nested_imports(statement):
            for alias in node.names:
                binding = found.setdefault(bound_name(alias), Binding())
                self._resolve_import(module, node, alias, alias.name, binding)
        return {name: what for name, what in found.items() if what.statements or what.outside}

    def _resolve(self, module: Module, name: str, binding: Binding) -> None:
        """Add to `binding` what `name` stands for in `module`."""
        if (module.source, name) in binding.passed:  # modules that import from each other
            return
        binding.passed.add((module.source, name))
        binding.statements.extend(module.definitions.get(name, []))
        for node in module.imports:
            for alias in node.names:
                if alias.name == "*":
                    self._resolve_import(module, node, alias, name, binding)
                elif bound_name(alias) == name:
                    self._resolve_import(module, node, alias, alias.name, binding)

    def _resolve_import(
        self,
        module: Module,
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
        self, nodes: Iterable[ast.Import | ast.ImportFrom], module: Module
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

    def _origin(self, node: ast.ImportFrom, module: Module) -> str:
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


@cache
def files_digest(folder: str, root: Path = SCRIPTS) -> str:
    """Digest of the files in a folder of `root`, such as templates, by name and content."""
    files = sorted(file for file in (root / folder).iterdir() if file.is_file())
    texts = [text for file in files for text in (file.name, file.read_text(encoding="utf-8"))]
    return _hash(*texts)[:16]
