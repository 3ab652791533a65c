"""YAML without duplicate keys and aliases.

An alias may refer to its own parent, or expand a few lines to gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any, NamedTuple

import yaml

from chatbot_server.resources import repeated_key

# Codes of sentences by what PyYAML says of a mistake, in words for programmers.
_MISTAKES = (
    (re.compile(r"character '\\t'"), "config_yaml_tab"),
    (re.compile("mapping values are not allowed"), "config_yaml_colon"),
    (
        re.compile("cannot start any token|alphabetic or numeric|constructor"),
        "config_yaml_sign",
    ),
    (re.compile("unexpected end of stream"), "config_yaml_open_quote"),
    (re.compile(r"expected ',' or '[}\]]'"), "config_yaml_bracket"),
    (re.compile("expected <block end>"), "config_yaml_indent"),
    (re.compile("unacceptable character|codec can't decode"), "config_yaml_bytes"),
    (re.compile("found another document"), "config_yaml_documents"),
)
_BEGUN_BEFORE = ("config_yaml_open_quote", "config_yaml_bracket")


class Mistake(NamedTuple):
    """Why a text is not YAML.

    Attributes:
        code: of the sentence that says what.
        line: where, from 1.
        problem: what PyYAML says.
    """

    code: str
    line: int
    problem: str


class NotPlainError(Exception):
    """YAML, but more than settings need.

    Attributes:
        code: of the sentence that says what.
        line: where, from 1.
        name: of the key, or of what is referred to.
    """

    def __init__(self, code: str, line: int, name: str) -> None:
        super().__init__(code)
        self.code, self.line, self.name = code, line, name


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            raise NotPlainError("config_alias", event.start_mark.line + 1, event.anchor)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        if key := repeated_key(node):
            raise NotPlainError("config_twice", key.start_mark.line + 1, key.value)
        return super().construct_mapping(node, deep)


def parse(text: str | bytes) -> Any:
    """The plain values in *text*.

    Raises:
        NotPlainError, yaml.YAMLError, ValueError, RecursionError: it cannot be read.
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def mistake_in(data: bytes, error: Exception) -> Mistake:
    """Why *data* cannot be read, by the *error* that :func:`parse` raised."""
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    codes = (code for pattern, code in _MISTAKES if pattern.search(problem))
    code = next(codes, "config_not_yaml")
    began = getattr(error, "context_mark", None) if code in _BEGUN_BEFORE else None
    if mark := began or getattr(error, "problem_mark", None):
        return Mistake(code, mark.line + 1, problem)
    position = getattr(error, "position", getattr(error, "start", 0))
    return Mistake(code, data[:position].count(b"\n") + 1, problem)
