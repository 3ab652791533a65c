"""The arrows between and inside the rooms point one way, and there are no import cycles."""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from chatbot_server.service.children import JOB_NAMES, ON_CALL_ONLY

PACKAGE = Path(__file__).parents[1] / "chatbot_server"
FOR_ALL = {"config", "errors", "logs", "messages", "metrics", "resources", "temporary"}
ENTRANCES = {"__init__", "__main__", "app", "cli"}
MAY_USE = {
    "bench": {"engine", "prompt"},
    "webhooks": {"retrieval", "storage"},
    "service": {
        "backup",
        "conversation",
        "engine",
        "mail",
        "models",
        "processes",
        "prompt",
        "retrieval",
        "storage",
        "webhooks",
    },
    "backup": {"retrieval", "storage"},
    "web": {
        "accounts",
        "backup",
        "conversation",
        "diagnosis",
        "energy",
        "engine",
        "mail",
        "models",
        "privacy",
        "processes",
        "prompt",
        "retrieval",
        "storage",
        "webhooks",
    },
    "accounts": {"storage"},
    "mail": {"storage"},
    "conversation": {"energy", "engine", "privacy", "prompt", "retrieval", "storage"},
    "energy": set(),
    "metrics": set(),
    "privacy": set(),
    "retrieval": {"processes", "prompt", "storage"},
    "engine": {"models", "processes", "prompt"},
    "models": {"prompt"},
    "prompt": {"processes"},
    "processes": set(),
    "diagnosis": set(),
    "storage": set(),
    "resources": set(),
    "temporary": set(),
    "logs": set(),
    "messages": {"resources"},
    "errors": {"messages"},
    "config": {"errors", "messages", "resources"},
}
# Rooms inside a room: what each may use of its neighbours. Modules of the outer folder itself
# are "" here; a room that does not name "" uses none of them.
INSIDE: dict[str, dict[str, set[str]]] = {
    "cli": {
        "": set(),
        "diagnosis": {""},
        "data": {"", "diagnosis"},
        "knowledge": {"", "diagnosis"},
    },
    "conversation": {"": {"model", "small_talk"}, "model": {"", "small_talk"}, "small_talk": {""}},
    "engine": {
        "": {"ctransformers", "llamacpp", "process"},  # the registry knows the engines
        "tokenizers": set(),
        "scheduling": {"", "tokenizers"},
        "process": {""},
        "ctransformers": {"", "scheduling", "tokenizers"},
        "llamacpp": {"", "process"},
        "openai": {""},
    },
    "models": {
        "": set(),
        "files": {""},
        "store": {"", "files"},
    },
    "models/store": {"": set(), "downloads": {""}},
    "retrieval": {
        "": set(),
        "language": set(),
        "index": {"", "language"},
        "read": {"", "language"},
        "answer": {"", "index", "language"},
        "crawl": {"", "index", "language", "read"},
        "curate": {"", "answer", "crawl", "index", "language", "read"},
    },
    "retrieval/answer": {
        "": {"decide", "search", "sections", "show"},
        "search": set(),
        "sections": {"search"},
        "decide": {"search", "sections"},
        "show": {"search", "sections"},
    },
    "retrieval/curate": {
        "": set(),
        "imports": {""},
        "quality": {"", "imports"},
        "learning": {"", "quality"},
        "first_questions": {"", "learning"},
    },
    "retrieval/index": {"": {"encoder"}, "encoder": set()},
    "retrieval/language": {
        "": set(),
        "words": {""},
        "time": {""},
        "dialogue": {"", "time", "words"},
    },
    "retrieval/read": {"": {"files", "html"}, "files": {""}, "html": {""}},
    "retrieval/read/html": {
        "text": set(),
        "layout": {"text"},
        "unread": {"layout", "text"},
        "display": {"text", "unread"},
        "": {"display", "layout", "text", "unread"},
        "schema_org": {"", "text"},
    },
    "retrieval/read/files": {"": set(), "office": {""}, "pdf": {""}},
    "retrieval/read/files/pdf": {"page": set(), "tables": {"page"}, "": {"page", "tables"}},
    "storage": {
        "": {"owners", "site", "visitors"},
        "migrations": {""},
        "site": {""},
        "owners": {"", "site"},
        "visitors": {"", "site"},
        "knowledge": {"", "site"},
    },
    "storage/knowledge": {"": set(), "index": {""}},
    "web": {
        "server": set(),
        "middleware": set(),
        "": {"middleware"},
        "visitor": {"", "middleware", "server"},
        "v1": {"", "middleware", "server"},
        "admin": {"", "middleware"},
    },
    "web/middleware": {"": set(), "limits": set()},
    "web/server": {"": {"scheduling"}, "scheduling": set()},
    "web/v1": {"": {"responses"}, "responses": {""}},
    "web/admin": {
        "": {"answers", "settings", "visitors"},
        "answers": {""},
        "settings": {""},
        "visitors": {""},
    },
}


@cache
def modules() -> dict[str, Path]:
    """Dotted name of every module of the package, and its file."""
    found = {}
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(name: str, file: Path) -> set[str]:
    """Modules of the package that *file* imports when it is imported itself."""
    known = modules()
    found = set()
    for node in _import_time_nodes(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
    return {target for target in found if target in known and target != name}


def _import_time_nodes(tree: ast.AST) -> list[ast.AST]:
    nodes = []
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        nodes.append(child)
        nodes += _import_time_nodes(child)
    return nodes


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def inner_room(module: str, outer: str) -> str | None:
    """The room of *module* inside the room *outer*; None where it stands outside of that."""
    inside, parts = outer.split("/"), module.split(".")[1:]
    if parts[: len(inside)] != inside:
        return None
    below = parts[len(inside) :]
    return below[0] if len(below) > 1 or (below and _is_package(module)) else ""


def _is_package(module: str) -> bool:
    return modules()[module].name == "__init__.py"


@pytest.mark.parametrize(
    ("outer", "inner"), [(outer, inner) for outer in sorted(INSIDE) for inner in INSIDE[outer]]
)
def test_an_inner_room_only_uses_the_rooms_below_it(outer: str, inner: str) -> None:
    for module, file in modules().items():
        if inner_room(module, outer) == inner:
            used = {inner_room(target, outer) for target in imports(module, file)} - {inner, None}
            assert used <= INSIDE[outer][inner], f"{file} uses {used}"


@pytest.mark.parametrize("outer", sorted(INSIDE))
def test_every_inner_room_is_in_the_table(outer: str) -> None:
    assert {inner_room(module, outer) for module in modules()} - {None} == set(INSIDE[outer])


@pytest.mark.parametrize("name", sorted(MAY_USE))
def test_a_room_only_uses_the_rooms_below_it(name: str) -> None:
    for module, file in modules().items():
        if room(module) == name:
            used = {room(target) for target in imports(module, file)} - {name, "__init__"}
            allowed = MAY_USE[name] | (FOR_ALL if name not in FOR_ALL else set())
            assert used <= allowed, f"{file} uses {sorted(used - allowed)}"


def test_every_room_is_in_the_table() -> None:
    assert {room(module) for module in modules()} - ENTRANCES == set(MAY_USE)


def test_there_are_no_import_cycles() -> None:
    graph = {module: imports(module, file) for module, file in modules().items()}
    TopologicalSorter(graph).prepare()


def test_statements_are_made_in_storage_alone() -> None:
    """Other rooms are handed a session, and pass it on."""
    for module, file in modules().items():
        if room(module) != "storage":
            tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            names = {name for node in tree for name in _names_of_sqlalchemy(node)}
            assert names <= {"sqlalchemy.orm.Session"}, f"{file} uses {sorted(names)}"


def _names_of_sqlalchemy(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        names = {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
        names = {f"{node.module}.{alias.name}" for alias in node.names}
    else:
        names = set()
    return {name for name in names if name.split(".")[0] == "sqlalchemy"}


def test_the_map_of_retrieval_names_every_module() -> None:
    page = (PACKAGE.parent / "docs" / "retrieval.md").read_text(encoding="utf-8")
    files = {
        file.relative_to(PACKAGE / "retrieval").as_posix()
        for file in (PACKAGE / "retrieval").glob("*/**/*.py")
        if file.name != "__init__.py"
    }
    readers = {name for name in files if name.startswith(("read/files/", "read/html/"))}
    rooms = "answer|crawl|curate|index|language|read"
    named = set(re.findall(rf"\b((?:{rooms})/(?:\w+/)*\w+\.py)", page))
    assert named <= files
    assert files - named <= readers


def test_the_table_of_the_architecture_page_says_the_same() -> None:
    """Each row names rooms and what they may use, beside what all may use."""
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE)
    table = {
        name: set(re.findall(r"`(\w+)`", used))
        for names, used in rows
        for name in re.findall(r"`(\w+)`", names)
    }
    assert table.pop("cli") == set()
    assert table == {name: used - FOR_ALL for name, used in MAY_USE.items()}


def test_the_architecture_page_tells_when_each_job_runs() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `jobs (\w+)` \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE))
    assert rows.keys() == set(JOB_NAMES)
    on_call = {name for name, when in rows.items() if when.startswith("on call")}
    assert on_call == set(ON_CALL_ONLY)


def test_the_command_line_uses_no_page_of_the_owners() -> None:
    """What both say stands below both."""
    pages = "chatbot_server.web.admin"
    for module, file in modules().items():
        if room(module) == "cli":
            used = {target for target in imports(module, file) if target.startswith(pages)}
            assert not used, f"{file} uses {sorted(used)}"
