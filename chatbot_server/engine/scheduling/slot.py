"""A slot: one evaluated conversation of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chatbot_server.engine.base import Sampling
from chatbot_server.engine.scheduling.answer import Answer


class Decoder(Protocol):
    """One state of the model: the tokens it has read, and what may come next.

    Attributes:
        tokens: what was evaluated, in order.
    """

    tokens: list[int]

    def evaluate(self, tokens: Sequence[int], *, exact: bool = False) -> None:
        """Read *tokens* after those already read; *exact*: in one piece."""
        ...

    def rewind(self, length: int) -> int:
        """Forget all but the first *length* tokens; free of charge.

        Returns:
            How many are still held: *length*, or 0 where the library can only begin anew.
        """
        ...

    def sample(self, sampling: Sampling, seed: int, recent: Sequence[int]) -> int:
        """Pick the next token; the repetition penalty is for tokens in *recent*."""
        ...

    def save(self) -> bytes | None:
        """The state as bytes; None where the library cannot."""
        ...

    def restore(self, state: bytes, tokens: Sequence[int]) -> None:
        """Become the state that :meth:`save` gave after *tokens*."""
        ...


class Slot:
    """A decoder, whose conversation it holds, and when it was last used."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.answer: Answer | None = None
        self.conversation: str | None = None
        self.used = 0.0

    @property
    def free(self) -> bool:
        """Nobody is being answered here."""
        return self.answer is None
