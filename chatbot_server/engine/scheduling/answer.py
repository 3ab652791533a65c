"""One answer in the making, from its acceptance to its last event."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from random import Random

from chatbot_server.engine.base import (
    Event,
    Finished,
    FinishReason,
    Queued,
    Sampling,
    Timings,
    Token,
    Usage,
)
from chatbot_server.engine.text import TextStream
from chatbot_server.errors import ChatbotError


@dataclass(eq=False)
class Answer:
    """Made by the thread that asks, then touched by the scheduler's thread alone.

    Attributes:
        prompt: ids of the whole prompt.
        limit: completion tokens at most; 0 only reads the prompt.
        ends: ids that end the completion.
        cancelled: whether the visitor has left.
        events: what the asking thread reads; None is the end.
        read: prompt tokens that have been evaluated, now or before.
        cached: those of them that had been before.
        written: ids of the completion so far.
        accepted, started, prompt_read: times, on the monotonic clock.
    """

    prompt: list[int]
    sampling: Sampling
    limit: int
    ends: frozenset[int]
    text: TextStream
    conversation: str | None = None
    cancelled: Callable[[], bool] = lambda: False
    events: SimpleQueue[Event | ChatbotError | None] = field(default_factory=SimpleQueue)
    written: list[int] = field(default_factory=list)
    read: int = 0
    cached: int = 0
    position: int = -1
    accepted: float = field(default_factory=time.monotonic)
    started: float = 0.0
    prompt_read: float = 0.0

    def __post_init__(self) -> None:
        # One fresh seed per token: the library reseeds its generator before every token, so
        # that a fixed seed would draw the same number each time, and -1 means the clock in
        # whole seconds.
        self.random = Random(self.sampling.seed)  # noqa: S311 - word choice, no secret

    @property
    def exact(self) -> bool:
        """The same seed must give the same answer, whatever was asked before.

        In the last bits, an evaluation depends on the pieces in which a prompt was read
        (sums over longer rows are rounded in another order). A seeded prompt is therefore
        read anew, in the same pieces each time.
        """
        return self.sampling.seed is not None

    def tell_position(self, position: int) -> None:
        """Say how many others come first, when that has changed."""
        if position != self.position:
            self.position = position
            self.events.put(Queued(position))

    def show(self, text: str) -> None:
        """Pass *text* on, if there is any."""
        if text:
            self.events.put(Token(text))

    def finish(self, reason: FinishReason) -> None:
        """The last event."""
        self.show(self.text.flush())
        now = time.monotonic()
        read = self.prompt_read or now
        self.events.put(
            Finished(
                reason,
                Usage(len(self.prompt), len(self.written), self.cached),
                Timings(self.started - self.accepted, read - self.started, now - read),
            )
        )
        self.events.put(None)

    def fail(self, error: ChatbotError) -> None:
        """End with *error*."""
        self.events.put(error)
        self.events.put(None)
