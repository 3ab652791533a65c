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
    budget = context_length - max_tokens - overhead.base
    # Each turn is a question and its answer, as indices of *messages*.
    system: list[int] = []
    turns: list[list[int]] = []
    for index, message in enumerate(messages):
        if message.role == "system":
            system.append(index)
            budget -= costs[index]
        elif message.role == "user" or not turns:
            turns.append([index])
        else:
            turns[-1].append(index)
    start = _first_turn_kept([sum(costs[index] for index in turn) for turn in turns], budget)
    indices = sorted(system + [index for turn in turns[start:] for index in turn])
    return tuple(messages[index] for index in indices)


def _first_turn_kept(turn_costs: Sequence[int], budget: int) -> int:
    start = 0
    for newest in range(len(turn_costs)):
        while sum(turn_costs[start : newest + 1]) > budget:
            if start == newest:
                if newest == len(turn_costs) - 1:
                    raise BadRequest("prompt_too_long", field="message")
                start += 1  # an answer ran past the budget; its turn is lost
                break
            start += (newest - start + 1) // 2
    return start
