"""Slots, each with one evaluated conversation of the model, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chatbot_server.engine.base import Sampling
from chatbot_server.engine.scheduling.answer import Answer
from chatbot_server.engine.scheduling.cache import Entry, StateCache, common_prefix

# Saving takes 7 ms and restoring 2 (SmolLM2-135M, 262 tokens), reading a token 10.
WORTH_SAVING = 4
# An answer's last tokens may be missing from the next prompt: cut by a stop string, or
# trimmed white space.
TAIL = 16


class Decoder(Protocol):
    """One state of the model, after the tokens that it has read.

    Attributes:
        tokens: the evaluated tokens, in order.
    """

    tokens: list[int]

    def evaluate(self, tokens: Sequence[int], *, exact: bool = False) -> None:
        """Evaluate *tokens* after those evaluated already; if *exact*, in pieces of full size."""
        ...

    def rewind(self, length: int) -> int:
        """Drop all but the first *length* tokens, which takes no time.

        Returns:
            The number of remaining tokens: *length*, or 0 if the library can only start over.
        """
        ...

    def sample(self, sampling: Sampling, seed: int, recent: Sequence[int]) -> int:
        """Pick the next token, with the repetition penalty for tokens in *recent*."""
        ...

    def save(self) -> bytes | None:
        """The state as bytes; None if the library cannot save it."""
        ...

    def restore(self, state: bytes, tokens: Sequence[int]) -> None:
        """Restore a *state* that :meth:`save` returned after *tokens*."""
        ...


class Slot:
    """A decoder, the conversation in it, and the answer that uses it."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.answer: Answer | None = None
        self.conversation: str | None = None
        self.last_used = 0.0

    @property
    def is_free(self) -> bool:
        """Whether no answer uses the slot."""
        return self.answer is None

    def common_prefix(self, prompt: Sequence[int]) -> int:
        """How many of the first tokens of *prompt* are evaluated here."""
        return common_prefix(self.decoder.tokens, prompt)

    def is_continued_by(self, answer: Answer) -> bool:
        """Whether the prompt of *answer* continues what is evaluated here."""
        common = self.common_prefix(answer.prompt)
        lost_tokens = len(self.decoder.tokens) - common
        if self.conversation is None or answer.conversation is None:
            return common > 0 and lost_tokens <= TAIL
        return common > 0 and (self.conversation == answer.conversation or lost_tokens == 0)


def choose_slot(slots: Sequence[Slot], answer: Answer) -> Slot:
    """The free slot that the prompt continues, else the least recently used one.

    A slot that shares no more than the system prompt is not preferred: its conversation would lose
    the slot, although another one is idle.
    """
    free = [slot for slot in slots if slot.is_free]
    matching = [slot for slot in free if slot.is_continued_by(answer)]
    if matching:
        return max(matching, key=lambda s: (s.common_prefix(answer.prompt), -s.last_used))
    return min(free, key=lambda slot: slot.last_used)


def prepare_slot(
    slot: Slot, answer: Answer, cache: StateCache | None, slots: Sequence[Slot]
) -> int:
    """Make *slot* hold as much of the answer's prompt as possible.

    Returns:
        How many tokens of the prompt need not be read; at least one is left, as its
        evaluation tells what comes next.
    """
    decoder, last = slot.decoder, len(answer.prompt) - 1
    common = min(slot.common_prefix(answer.prompt), last)
    if cache and (slot.conversation != answer.conversation or slot.conversation is None):
        tokens = decoder.tokens
        if len(tokens) - common >= WORTH_SAVING and (state := decoder.save()):
            cache.keep(Entry(tuple(tokens), state, slot.conversation))
    if answer.exact:
        decoder.rewind(0)
        return 0
    if cache:
        entry, length = cache.find(answer.prompt)
        if min(length, last) < common + WORTH_SAVING:
            entry, length = _copy_of_nearest(slots, answer.prompt, common)
        if entry:
            cache.touch(entry)
            decoder.restore(entry.state, entry.tokens)
            common = min(length, last)
    return decoder.rewind(common)


def _copy_of_nearest(
    slots: Sequence[Slot], prompt: Sequence[int], common: int
) -> tuple[Entry | None, int]:
    """A copy of the slot with the longest common prefix, usually the same instructions."""
    lengths = {slot: slot.common_prefix(prompt) for slot in slots}
    nearest = max(slots, key=lambda slot: lengths[slot])
    if lengths[nearest] < common + WORTH_SAVING:
        return None, 0
    state = nearest.decoder.save()
    return (Entry(tuple(nearest.decoder.tokens), state) if state else None), lengths[nearest]
