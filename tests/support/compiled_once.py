"""Templates and routes that are compiled once in a process, for all applications that have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

BuildAddress = Callable[..., tuple[str, str]]


class CompiledTemplates(BytecodeCache):
    """Keeps them in memory, by their name and text."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if compiled := self._compiled.get(bucket.key):
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


def share_builders(compile_builder: Callable[..., BuildAddress]) -> Callable[..., BuildAddress]:
    """What werkzeug's ``Rule._compile_builder`` does, once for all rules that read alike.

    It compiles the functions that build the addresses of a route: four fifths of what it takes to
    make an application. They are given the rule that they build for, so any like rule may use them.
    """
    builders: dict[tuple[Any, ...], BuildAddress] = {}

    def compile_once(rule: Rule, append_unknown: bool = True) -> BuildAddress:
        if rule.defaults:  # their values stand in the function
            return compile_builder(rule, append_unknown)
        key = (rule.rule, append_unknown, *rule._trace)
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    return compile_once
