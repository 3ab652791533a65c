"""YAML without duplicate keys and aliases.

An alias may refer to its own parent, or expand a few lines to gigabytes.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from chatbot_server.resources import repeated_key


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
