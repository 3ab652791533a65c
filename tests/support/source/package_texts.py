"""What of the package reads texts: every function of a text, and every pattern it compiles.

Run as a program, it prints the patterns as JSON lines: those that modules hold or name, and
those that are compiled while each function reads a sample.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import chatbot_server

PACKAGE = Path(chatbot_server.__file__).parent
# Needs a database to be imported; it reads none of a stranger's words.
LEFT_OUT = (
    "chatbot_server.storage.migrations",
    "chatbot_server.__main__",
)
ANCHORED = {"match", "fullmatch"}
# Rooms whose functions are given what pages, visitors and models wrote.
READ_STRANGERS = ("retrieval", "conversation", "privacy", "prompt", "web")
# Further arguments that are no text of a stranger.
# Their text is a model file's chat format, tried out in a process with limits of its own.
READ_MODEL_FILES = "chatbot_server.prompt.template"
SHORT = {
    "language": "fr",
    "code": "fr",
    "url": "https://example.org/",
    "site_key": "s",
    "colon": ": ",
    "between": "; ",
}
SAMPLE = """# Prix et horaires (RGPD)
Le règlement général sur la protection des données (RGPD) : 12,50 € par jour, soit 3 à 5 jours.
We don't open on Sundays. Call +33 1 23 45 67 89 or write to info@example.org, https://example.org/a?b=c.
| Size | Price |
|---|---|
| small | 12 € |
12 rue de la Paix, 75002 Paris; 14 juillet 2025 à 10 h 30. Wie viel kostet es? ¿Cuánto cuesta?
"""

TextFunction = Callable[[str], object]


def modules() -> Iterator[Any]:
    """Every module of the package."""
    for module in walk_packages([str(PACKAGE)], "chatbot_server."):
        if not module.name.startswith(LEFT_OUT):
            yield import_module(module.name)


def text_functions() -> dict[str, TextFunction]:
    """Functions of texts and of nothing else that must be given, by their names."""
    functions: dict[str, TextFunction] = {}
    for module in modules():
        room = module.__name__.split(".")[1]
        for name, function in vars(module).items():
            function = inspect.unwrap(function)
            own = getattr(function, "__module__", "") == module.__name__ != READ_MODEL_FILES
            # “load_…” is given names of the package's own data.
            if own and inspect.isfunction(function) and not name.startswith("load_"):
                place = f"{module.__name__.removeprefix('chatbot_server.')}.{name}"
                if room in READ_STRANGERS and (read := _on_one_text(function)):
                    functions[place] = read
    return functions


def _on_one_text(function: Callable[..., object]) -> TextFunction | None:
    """*function* with one text wherever it takes texts; it is read to its end."""
    needed = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
    ]
    kinds = {parameter.name: str(parameter.annotation) for parameter in needed}
    if not needed or "**" in str(needed[-1]) or not all(map(TAKEN.fullmatch, kinds.values())):
        return None

    def read(text: str) -> None:
        values = {name: SHORT.get(name, _value(kind, text)) for name, kind in kinds.items()}
        try:
            result = function(**values)
            if isinstance(result, Iterator):
                for _part in result:
                    pass
        except Exception:
            return

    return read


TAKEN = re.compile(r"str( \| None)?|bool|(list|Sequence|Iterable|Collection)\[str\]|bytes")


def _value(kind: str, text: str) -> object:
    if kind == "bool":
        return True
    if kind == "bytes":
        return text.encode()
    return text.splitlines() if "[" in kind else text


class _Source:
    """What a file says of the patterns it compiles.

    Attributes:
        names: the names that patterns are given, by the lines that do so.
        methods: of patterns, by their names: how they are used.
        calls: the patterns that calls hold themselves, and how these use them.
    """

    def __init__(self, file: Path) -> None:
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        methods = {id(node.value): node.attr for node in nodes if isinstance(node, ast.Attribute)}
        self.methods: dict[str, set[str]] = defaultdict(set)
        for node in nodes:
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                self.methods[_name(node)].add(methods.get(id(node), ""))
        self.names: dict[int, str] = {}
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                lines = range(node.lineno, (node.end_lineno or 0) + 1)
                self.names |= dict.fromkeys(lines, _name(node.targets[0]))
        self.calls = {
            node.args[0].value: node.func.attr.replace("compile", "")
            for node in nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) == "re"
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        }


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def main() -> None:
    """Print each pattern of the package: text, flags, where it is compiled, and how it is used."""
    compile_pattern = re._compile  # type: ignore[attr-defined]
    patterns: dict[tuple[str, int], tuple[Path, int]] = {}

    def note(pattern: Any, flags: int) -> Any:
        compiled = compile_pattern(pattern, flags)
        frame = inspect.currentframe()
        while frame and Path(frame.f_code.co_filename).name in ("__init__.py", "package_texts.py"):
            frame = frame.f_back
        file = Path(frame.f_code.co_filename) if frame else Path()
        if frame and file.is_relative_to(PACKAGE) and isinstance(compiled.pattern, str):
            patterns.setdefault((compiled.pattern, compiled.flags), (file, frame.f_lineno))
        return compiled

    re._compile = note  # type: ignore[attr-defined]
    for read in text_functions().values():
        read(SAMPLE)
    sources = {file: _Source(file) for file in PACKAGE.rglob("*.py")}
    compiled_texts = {pattern for pattern, _flags in patterns}
    for file, source in sources.items():
        for pattern in source.calls.keys() - compiled_texts:
            patterns[pattern, re.compile(pattern).flags] = (file, 0)
    for (pattern, flags), (file, line) in patterns.items():
        source = sources[file]
        name = source.names.get(line, "")
        used_by = source.methods[name] | {source.calls.get(pattern, "")} - {""} or {"finditer"}
        entry = {
            "pattern": pattern,
            "flags": flags,
            "place": f"{file.relative_to(PACKAGE)} {name}".strip(),
            "methods": [*sorted(used_by & ANCHORED), *["finditer"] * (not used_by <= ANCHORED)],
        }
        print(json.dumps(entry))  # noqa: T201


if __name__ == "__main__":
    main()
