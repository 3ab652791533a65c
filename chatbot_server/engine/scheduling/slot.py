"""A slot: one evaluated conversation of the model; and which slot an answer gets."""

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
        self.last_used = 0.0

    @property
    def is_free(self) -> bool:
        """Whether no answer is being made here."""
        return self.answer is None

    def common_prefix(self, prompt: Sequence[int]) -> int:
        """How many tokens of *prompt* were read here, counted from its beginning."""
        return common_prefix(self.decoder.tokens, prompt)

    def is_continued_by(self, answer: Answer) -> bool:
        """Whether the prompt of *answer* goes on from what was read here."""
        common = self.common_prefix(answer.prompt)
        lost_tokens = len(self.decoder.tokens) - common
        if self.conversation is None or answer.conversation is None:
            return common > 0 and lost_tokens <= TAIL
        return common > 0 and (self.conversation == answer.conversation or lost_tokens == 0)


def choose_slot(slots: Sequence[Slot], answer: Answer) -> Slot:
    """The free slot that the prompt goes on from, else the one unused for longest.

    A slot that only shares the system prompt is not taken for that: its conversation
    would lose its slot while an idle one is left alone.
    """
    free = [slot for slot in slots if slot.is_free]
    matching = [slot for slot in free if slot.is_continued_by(answer)]
    if matching:
        return max(matching, key=lambda s: (s.common_prefix(answer.prompt), -s.last_used))
    return min(free, key=lambda slot: slot.last_used)


def prepare_slot(
    slot: Slot, answer: Answer, cache: StateCache | None, slots: Sequence[Slot]
) -> int:
    """Bring *slot* as near to the answer's prompt as can be.

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
    """A copy of the slot that has read most of *prompt*: mostly the same instructions."""
    lengths = {slot: slot.common_prefix(prompt) for slot in slots}
    nearest = max(slots, key=lambda slot: lengths[slot])
    if lengths[nearest] < common + WORTH_SAVING:
        return None, 0
    state = nearest.decoder.save()
    return (Entry(tuple(nearest.decoder.tokens), state) if state else None), lengths[nearest]
