"""Which slot an answer gets, and what of its prompt is evaluated there already."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.engine.scheduling.answer import Answer
from chatbot_server.engine.scheduling.cache import Entry, StateCache, common_prefix
from chatbot_server.engine.scheduling.slot import Slot

# Saving takes 7 ms and restoring 2 (SmolLM2-135M, 262 tokens), reading a token 10.
WORTH_KEEPING = 4
# An answer's last tokens may be missing from the next prompt: cut by a stop string, or
# trimmed white space.
TAIL = 16


def choose_slot(slots: Sequence[Slot], answer: Answer) -> Slot:
    """The free slot that the prompt goes on from, else the one unused for longest.

    A slot that only shares the system prompt is not taken for that: its conversation
    would lose its place while an idle slot is left alone.
    """
    free = [slot for slot in slots if slot.free]
    shared = {slot: common_prefix(slot.decoder.tokens, answer.prompt) for slot in free}
    going_on = [slot for slot in free if shared[slot] and _goes_on(slot, answer, shared[slot])]
    if going_on:
        return max(going_on, key=lambda slot: (shared[slot], -slot.used))
    return min(free, key=lambda slot: slot.used)


def _goes_on(slot: Slot, answer: Answer, shared: int) -> bool:
    lost = len(slot.decoder.tokens) - shared
    if slot.conversation is None or answer.conversation is None:
        return lost <= TAIL
    return slot.conversation == answer.conversation or lost == 0


def prepare_slot(
    slot: Slot, answer: Answer, cache: StateCache | None, slots: Sequence[Slot]
) -> int:
    """Bring *slot* as near to the answer's prompt as can be.

    Returns:
        How many tokens of the prompt need not be read; at least one is left, as its
        evaluation tells what comes next.
    """
    decoder, last = slot.decoder, len(answer.prompt) - 1
    shared = min(common_prefix(decoder.tokens, answer.prompt), last)
    if cache and (slot.conversation != answer.conversation or slot.conversation is None):
        _save(slot, shared, cache)
    if answer.exact:
        decoder.rewind(0)
        return 0
    if cache:
        entry, length = cache.find(answer.prompt)
        if min(length, last) < shared + WORTH_KEEPING:
            entry, length = _neighbour(slots, answer.prompt, shared)
        if entry:
            cache.touch(entry)
            decoder.restore(entry.state, entry.tokens)
            shared = min(length, last)
    return decoder.rewind(shared)


def _save(slot: Slot, shared: int, cache: StateCache) -> None:
    tokens = slot.decoder.tokens
    if len(tokens) - shared >= WORTH_KEEPING:
        state = slot.decoder.save()
        if state:
            cache.keep(Entry(tuple(tokens), state, slot.conversation))


def _neighbour(
    slots: Sequence[Slot], prompt: Sequence[int], shared: int
) -> tuple[Entry | None, int]:
    """A copy of the slot that has read most of *prompt*: mostly the same instructions."""
    shares = {slot: common_prefix(slot.decoder.tokens, prompt) for slot in slots}
    best = max(slots, key=lambda slot: shares[slot])
    if shares[best] < shared + WORTH_KEEPING:
        return None, 0
    state = best.decoder.save()
    return (Entry(tuple(best.decoder.tokens), state) if state else None), shares[best]
