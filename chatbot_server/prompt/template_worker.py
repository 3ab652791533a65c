"""Run a model file's chat template in a process of its own; started by path, not imported.

A template is a program by a stranger. Jinja's sandbox keeps it from Python, and the limits
of this process end its loops and its appetite. Reads one JSON object from stdin (template,
bos, eos, renders), writes ``{"texts": […]}`` with null where the template raised, and the
first error's words.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any, NoReturn

from jinja2 import Undefined
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMORY = 512 << 20  # bytes
CPU_SECONDS = 2
MAX_TEXT = 200_000
# What a faulty or hostile template raises; out of memory ends the process instead.
FAILURES = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TemplateError, TypeError,
    ValueError,
)  # fmt: skip


class Environment(ImmutableSandboxedEnvironment):
    """The sandbox, as transformers sets it up, but loud about attempts to leave it."""

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """Jinja would only say so once the value is used."""
        raise SecurityError(f"access to {attribute!r} of {type(obj).__name__}")


def raise_exception(message: object) -> NoReturn:
    """What templates call to refuse a conversation."""
    raise TemplateError(str(message))


def main() -> None:
    """Render every conversation asked for."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    order = json.load(sys.stdin)
    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = raise_exception
    texts, reasons = zip(
        *(_render(environment, order, *wanted) for wanted in order["renders"]), strict=True
    )
    reason = next((reason for reason in reasons if reason), "")
    json.dump({"texts": texts, "reason": reason[:300]}, sys.stdout)


def _render(
    environment: Environment, order: dict[str, Any], messages: list[Any], generate: bool
) -> tuple[str | None, str]:
    """The text, or None and why not."""
    try:
        pieces = environment.from_string(order["template"]).generate(
            messages=messages,
            add_generation_prompt=generate,
            bos_token=order["bos"],
            eos_token=order["eos"],
            tools=None,
            enable_thinking=False,
        )
        return _bounded(pieces), ""
    except FAILURES as error:
        return None, f"{type(error).__name__}: {error}"


def _bounded(pieces: Any) -> str:
    text = ""
    for piece in pieces:
        text += piece
        if len(text) > MAX_TEXT:
            raise ValueError("the text is endless")
    return text


if __name__ == "__main__":
    main()
