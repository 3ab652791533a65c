"""One answer, from its acceptance to its last event."""

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
    """A completion in progress; once submitted, it is used by the scheduler's thread alone.

    Attributes:
        prompt: the ids of the whole prompt.
        limit: the longest completion in tokens; 0: the prompt is only evaluated.
        ends: ids that end the completion.
        cancelled: returns whether the visitor has left.
        events: read by the thread that asked; None marks the end.
        read: how many prompt tokens have been evaluated, for this answer or before.
        cached: how many of these were evaluated before.
        written: the ids of the completion so far.
        accepted, started, prompt_read: times of the monotonic clock.
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
        # One fresh seed per token: the library reseeds its generator before every token. A fixed
        # seed would draw the same number each time, and -1 is the clock in whole seconds.
        self.random = Random(self.sampling.seed)  # noqa: S311 - word choice, no secret

    @property
    def exact(self) -> bool:
        """Whether the answer must be reproducible: the same for the same seed.

        The last bits of an evaluation depend on the pieces in which the prompt was read (sums over
        longer rows are rounded in another order). A seeded prompt is therefore always read from
        its beginning, in pieces of the same size.
        """
        return self.sampling.seed is not None

    def tell_position(self, position: int) -> None:
        """Report how many others come first, if that has changed."""
        if position != self.position:
            self.position = position
            self.events.put(Queued(position))

    def show(self, text: str) -> None:
        """Report *text*, if there is any."""
        if text:
            self.events.put(Token(text))

    def finish(self, reason: FinishReason) -> None:
        """End with the last event."""
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
