"""The child process that runs a model file's chat template.

A template is a program by a stranger. Jinja's sandbox keeps it from Python, and the limits of this
process end it when it loops or takes too much memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import Undefined, nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEXT = 200_000
# What a faulty or hostile template raises; out of memory ends the process instead.
FAILURES = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TemplateError, TypeError,
    ValueError,
)  # fmt: skip


class Environment(ImmutableSandboxedEnvironment):
    """The sandbox, as transformers sets it up; an attempt to leave it is an error at once."""

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """Raise at once; Jinja would only do so when the value is used."""
        raise SecurityError(f"access to {attribute!r} of {type(obj).__name__}")


class Generation(Extension):
    """``{% generation %}…{% endgeneration %}``: what a model is trained on; here just text."""

    tags = {"generation"}  # noqa: RUF012 – as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The block's contents, as if the tags were not there."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def raise_exception(message: object) -> NoReturn:
    """What templates call to refuse a conversation."""
    raise TemplateError(str(message))


def to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as transformers writes it; Jinja's own filter escapes it for HTML and sorts it."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def clock(today: str) -> Callable[[str], str]:
    """``strftime_now`` at the beginning of *today*: a prompt is the same all day long."""
    return datetime.fromisoformat(today).strftime


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The ``texts`` of the conversations, and why the first one failed that has none.

    *request*: ``template``, ``bos``, ``eos``, ``today`` (ISO), and per conversation in
    ``renders`` its messages and whether an answer is to follow.
    """
    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", Generation]
    )
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = clock(request["today"])
    environment.filters["tojson"] = to_json
    texts, reasons = zip(
        *(_render(environment, request, *conversation) for conversation in request["renders"]),
        strict=True,
    )
    reason = next((reason for reason in reasons if reason), "")
    return {"texts": texts, "reason": reason[:300]}


def _render(
    environment: Environment, request: dict[str, Any], messages: list[Any], generate: bool
) -> tuple[str | None, str]:
    """The text, or None and the reason."""
    try:
        pieces = environment.from_string(request["template"]).generate(
            messages=messages,
            add_generation_prompt=generate,
            bos_token=request["bos"],
            eos_token=request["eos"],
            tools=None,
            enable_thinking=False,
        )
        text = ""
        for piece in pieces:
            text += piece
            if len(text) > MAX_TEXT:
                raise ValueError("the text is endless")
        return text, ""
    except FAILURES as error:
        return None, f"{type(error).__name__}: {error}"
