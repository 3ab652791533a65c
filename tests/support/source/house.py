"""Figures of a package's source: how long, how named, how divided.

What counts:

- a *line* of a function is any from ``def`` to its end, docstring included;
- a *parameter* is any but ``self``, ``cls``, ``*args`` and ``**kwargs``;
- a *local* is a name that is bound in a function, once for each function that binds it;
- a *bare participle* is a local of one word that says what was done to a value and not what the
  value is: ``found``, ``asked``, any other ``…ed``;
- a private function is *used once* if its module refers to it in one place, and calls it there:
  what is handed on by its name, as a thread's target or an entry of a table, is a part of its own.

Migrations are written once and never read again: they are left out.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_PARTICIPLES = """
begun bought broken brought built caught chosen done drawn fallen felt forgotten found given gone
got had heard held hidden kept known laid led left lent lost made meant met paid said seen sent
shown shut spelled spelt spent spoken stolen stood taken taught thought thrown told understood
wanted won worn written
"""
_NOUNS = "embed exceed feed id indeed need proceed red seed shed speed"
IRREGULAR_PARTICIPLES = frozenset(_PARTICIPLES.split())
NOUNS_ON_ED = frozenset(_NOUNS.split())


@dataclass(frozen=True)
class Function:
    """A function or method, and where it stands."""

    file: Path
    node: ast.FunctionDef | ast.AsyncFunctionDef

    def __str__(self) -> str:
        return f"{self.file}:{self.node.lineno} {self.node.name}"

    @property
    def is_private(self) -> bool:
        return self.node.name.startswith("_") and not self.node.name.startswith("__")

    @property
    def line_count(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def parameter_count(self) -> int:
        arguments = self.node.args
        names = [arg.arg for arg in [*arguments.posonlyargs, *arguments.args]]
        return len(names) + len(arguments.kwonlyargs) - (names[:1] in (["self"], ["cls"]))

    @property
    def local_names(self) -> set[str]:
        return {
            node.id
            for node in ast.walk(self.node)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }


class House:
    """The modules below a folder."""

    def __init__(self, package: Path) -> None:
        self.package = package

    @cached_property
    def trees(self) -> dict[Path, ast.Module]:
        """Every file, and what it says."""
        return {
            file: ast.parse(file.read_text(encoding="utf-8"))
            for file in sorted(self.package.rglob("*.py"))
            if "versions" not in file.parts
        }

    @cached_property
    def functions(self) -> list[Function]:
        return [
            Function(file, node)
            for file, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]

    def long_files(self, limit: int) -> list[str]:
        """Files of more than *limit* lines."""
        lengths = {file: len(file.read_text("utf-8").splitlines()) for file in self.trees}
        return [f"{file}: {length}" for file, length in lengths.items() if length > limit]

    def long_functions(self, limit: int) -> list[str]:
        """Functions of more than *limit* lines."""
        return [str(function) for function in self.functions if function.line_count > limit]

    def wide_functions(self, limit: int) -> list[str]:
        """Functions of more than *limit* parameters."""
        return [str(function) for function in self.functions if function.parameter_count > limit]

    def undocumented_modules(self) -> list[str]:
        """Modules that do not say what they are."""
        return [
            str(file)
            for file, tree in self.trees.items()
            if tree.body and not ast.get_docstring(tree)
        ]

    def repeated_class_names(self) -> dict[str, list[str]]:
        """Names that more than one class has, and the classes' files."""
        files: dict[str, list[str]] = defaultdict(list)
        for file, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    files[node.name].append(str(file))
        return {name: places for name, places in files.items() if len(places) > 1}

    def participles(self) -> list[str]:
        """Locals that are bare participles."""
        return [
            f"{function}: {name}"
            for function in self.functions
            for name in sorted(function.local_names)
            if is_bare_participle(name)
        ]

    def local_count(self) -> int:
        return sum(len(function.local_names) for function in self.functions)

    def used_once(self) -> list[str]:
        """Private functions that their module calls in one place, and speaks of in no other."""
        references = {file: Counter(_references(tree)) for file, tree in self.trees.items()}
        calls = {file: set(_calls(tree)) for file, tree in self.trees.items()}
        return [
            str(function)
            for function in self.functions
            if function.is_private
            and references[function.file][function.node.name] == 1
            and function.node.name in calls[function.file]
        ]

    def missing_imports(self) -> list[str]:
        """Names of this package that its modules import and that are not there."""
        names = {self._module_name(file): _bindings(tree) for file, tree in self.trees.items()}
        return [
            f"{file}: {node.module}.{alias.name}"
            for file, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(self.package.name)
            for alias in node.names
            if alias.name not in names.get(str(node.module), set())
            and f"{node.module}.{alias.name}" not in names
        ]

    def _module_name(self, file: Path) -> str:
        parts = file.relative_to(self.package.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_bare_participle(name: str) -> bool:
    """Whether *name* is one word that only says what happened to the value."""
    word = name.lstrip("_")
    regular = word.endswith("ed") and len(word) > 3 and "_" not in word and word not in NOUNS_ON_ED
    return regular or word in IRREGULAR_PARTICIPLES


def _calls(tree: ast.AST) -> Iterator[str]:
    """The name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def _references(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _bindings(tree: ast.Module) -> set[str]:
    """Names that a module defines, imports or assigns, wherever it does."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names
