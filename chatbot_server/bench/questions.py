"""Prompts to measure with: plain English of a wanted length, never twice the same."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from chatbot_server.engine.base import Engine
from chatbot_server.prompt.assemble import assemble
from chatbot_server.prompt.base import Message, Prompt

# Each is one token, or nearly, in the vocabularies of today's models.
WORDS = """
the river house garden morning people water small light night winter paper market village
music window bread horse road story mountain summer table field letter ship
"""
SYSTEM = "You are the assistant of a small museum. Answer in plain words and stay with the facts."
ASK = "Write a long story with these words: "


class Questions:
    """A source of questions that share nothing but their instructions."""

    def __init__(self, seed: int = 1) -> None:
        self._random = Random(seed)  # noqa: S311 - nothing secret
        self._words = WORDS.split()

    def words(self, count: int) -> str:
        """*count* words, about as many tokens."""
        return " ".join(self._random.choice(self._words) for _ in range(count))

    def first_turn(self, count: int, *, fresh: bool = False) -> list[Message]:
        """A conversation's beginning; *fresh*: not even the instructions were seen before."""
        system = f"{self.words(4)}. {SYSTEM}" if fresh else SYSTEM
        return [Message("system", system), Message("user", ASK + self.words(count))]

    def fresh(self, messages: Sequence[Message]) -> list[Message]:
        """*messages* again, but nothing of it was seen before: all of it is read again."""
        return [Message("system", f"{self.words(4)}. {messages[0].content}"), *messages[1:]]


def long_question(engine: Engine, questions: Questions) -> int:
    """Words of a question of 300 tokens, or a quarter of the context if that is less."""
    [tokens] = engine.count_tokens([questions.words(100)])
    length = min(300, engine.info().context_length // 4)
    return max(1, length * 100 // max(1, tokens))


def written(engine: Engine, messages: Sequence[Message]) -> Prompt:
    """*messages* in the chat format of the engine's model."""
    return assemble(engine.info(), messages)
