"""Fit a conversation into the model's context, so that its evaluated beginning stays useful."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot_server.errors import BadRequest
from chatbot_server.prompt.base import Message

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class Overhead:
    """Tokens of a chat format's own text: once, and around each message."""

    base: int = 32
    message: int = 16


def fit(
    messages: Sequence[Message],
    count: Count,
    context_length: int,
    max_tokens: int,
    overhead: Overhead = Overhead(),
) -> tuple[Message, ...]:
    """The messages that fit: system, and as many of the newest turns as possible.

    When the budget is spent the older half of the turns goes at once, and then the
    prompt only grows again until the next time. Where that happens is found by going
    through *messages* from their first turn: as long as they begin with the same one, the
    same conversation gives the same beginning at each of its turns.

    Raises:
        BadRequest: the instructions and the newest question alone are too long.
    """
    costs = [tokens + overhead.message for tokens in count([m.content for m in messages])]
    spent = [cost for m, cost in zip(messages, costs, strict=True) if m.role == "system"]
    budget = context_length - max_tokens - overhead.base - sum(spent)
    groups = _turns(messages)
    weights = [sum(costs[index] for index in group) for group in groups]
    start = _first_kept(weights, budget)
    kept = {index for group in groups[start:] for index in group}
    return tuple(
        message
        for index, message in enumerate(messages)
        if message.role == "system" or index in kept
    )


def _turns(messages: Sequence[Message]) -> list[list[int]]:
    """Indices of the messages, grouped by question and its answer; system ones left out."""
    groups: list[list[int]] = []
    for index, message in enumerate(messages):
        if message.role == "user" or (message.role == "assistant" and not groups):
            groups.append([])
        if message.role != "system":
            groups[-1].append(index)
    return groups


def _first_kept(weights: Sequence[int], budget: int) -> int:
    start = 0
    for newest in range(len(weights)):
        while sum(weights[start : newest + 1]) > budget:
            if start == newest:
                if newest == len(weights) - 1:
                    raise BadRequest("prompt_too_long", field="message")
                start += 1  # an answer ran past the budget; its turn is lost
                break
            start += (newest - start + 1) // 2
    return start
