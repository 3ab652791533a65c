"""From a conversation to a prompt: the one door for everything that asks a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chatbot_server.errors import ModelError
from chatbot_server.prompt.base import Message, Prompt
from chatbot_server.prompt.budget import Count, Overhead, fit
from chatbot_server.prompt.formats import TEMPLATE, get_format, render
from chatbot_server.prompt.template import render_template


class ModelFacts(Protocol):
    """What must be known of a model (``engine.base.EngineInfo`` has it)."""

    @property
    def family(self) -> str | None: ...

    @property
    def chat_template(self) -> str | None: ...

    @property
    def eos_token(self) -> str: ...

    @property
    def context_length(self) -> int: ...


def assemble(info: ModelFacts, messages: Sequence[Message]) -> Prompt:
    """Write *messages* in the model's chat format.

    An engine that formats chats itself (no family, no template) gets the messages alone.

    Raises:
        ConfigError: no such family.
        ModelError: the model's own template is broken.
    """
    if info.family == TEMPLATE or (info.family is None and info.chat_template):
        if not info.chat_template:
            raise ModelError("prompt_template_missing")
        return render_template(info.chat_template, info.eos_token, messages)
    if info.family is None:
        return Prompt(messages=tuple(messages))
    return render(get_format(info.family), messages)


def fit_and_assemble(
    info: ModelFacts, messages: Sequence[Message], count: Count, max_tokens: int
) -> Prompt:
    """The prompt of as much of the conversation as fits; *messages* is all of it.

    Raises:
        BadRequest: the newest question alone is too long.
        ConfigError, ModelError: as for :func:`assemble`.
    """
    overhead = measure(info, count)
    return assemble(info, fit(messages, count, info.context_length, max_tokens, overhead))


def measure(info: ModelFacts, count: Count) -> Overhead:
    """Tokens of the format's own text, counted as plain text, which is never too few."""
    probe = [Message("user", "x"), Message("assistant", "x"), Message("user", "x")]
    of_one, of_three = _own_text(info, probe[:1]), _own_text(info, probe)
    if not of_one:
        return Overhead()
    one_turn, three_turns = count([of_one, of_three])
    return Overhead(base=one_turn + 8, message=(three_turns - one_turn + 1) // 2 + 2)


def _own_text(info: ModelFacts, messages: Sequence[Message]) -> str:
    return "\n".join(s.text for s in assemble(info, messages).segments if s.trusted)
