"""How fast the loaded model writes on this machine, in tokens and in words."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chatbot_server.engine.base import Engine, Sampling, Token
from chatbot_server.prompt.assemble import assemble
from chatbot_server.prompt.base import Message

SECONDS = 3.0
QUESTION = "Tell me a long story about a bakery by the sea, with many people in it."
# Greedy and long: only the amount of text matters.
SAMPLING = Sampling(max_tokens=400, temperature=0, repetition_penalty=1.1)


@dataclass(frozen=True)
class Speed:
    """Of one answer, while nobody or somebody else was answered, too."""

    tokens: float
    words: float


def measure_speed(engine: Engine) -> Speed:
    """Let *engine* write for a moment after its first token.

    Raises:
        EngineError: it has no model, or is busy.
    """
    pieces: list[str] = []
    began = last = time.monotonic()
    completion = engine.generate(assemble(engine.info(), [Message("user", QUESTION)]), SAMPLING)
    try:
        for event in completion:
            if isinstance(event, Token):
                last = time.monotonic()
                began = began if pieces else last
                pieces.append(event.text)
                if last - began >= SECONDS:
                    break
    finally:
        completion.close()
    duration = max(last - began, 1e-9)
    words = len("".join(pieces[1:]).split())
    return Speed((len(pieces) - 1) / duration, words / duration) if len(pieces) > 1 else Speed(0, 0)
