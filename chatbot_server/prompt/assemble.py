"""From a conversation to a prompt; everything that asks a model uses this module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from chatbot_server.errors import ModelError
from chatbot_server.prompt.base import Message, Prompt
from chatbot_server.prompt.budget import Overhead, fit
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

    @property
    def identity(self) -> str: ...


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
        prompt = render_template(info.chat_template, info.eos_token, messages)
    elif info.family is None:
        prompt = Prompt(messages=tuple(messages))
    else:
        prompt = render(get_format(info.family), messages)
    return replace(prompt, model=info.identity)


class TokenCounter(Protocol):
    """Counts a model's tokens, as ``engine.base.Engine`` does."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...

    def count_prompt(self, prompt: Prompt) -> int: ...


def fit_and_assemble(
    info: ModelFacts, messages: Sequence[Message], counter: TokenCounter, max_tokens: int
) -> Prompt:
    """The prompt of as much of the conversation as fits; *messages* is all of it.

    Raises:
        BadRequest: the newest question alone is too long.
        ConfigError, ModelError: as for :func:`assemble`.
    """
    overhead = measure(info, counter)
    count = counter.count_tokens
    return assemble(info, fit(messages, count, info.context_length, max_tokens, overhead))


def measure(info: ModelFacts, counter: TokenCounter) -> Overhead:
    """The number of tokens in the format's own text, where a control token counts as one."""
    probe = [Message("user", "x"), Message("assistant", "x"), Message("user", "x")]
    of_one, of_three = assemble(info, probe[:1]), assemble(info, probe)
    if not of_one.segments:
        return Overhead()
    one_turn, three_turns = counter.count_prompt(of_one), counter.count_prompt(of_three)
    # Instructions have text around them, too; words may be cut otherwise where texts meet.
    return Overhead(base=one_turn + 16, message=(three_turns - one_turn + 1) // 2 + 2)
