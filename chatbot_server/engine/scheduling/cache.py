"""The saved states of conversations without a slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_PINNED = 4


@dataclass(frozen=True)
class Entry:
    """The saved state of a model after *tokens*."""

    tokens: tuple[int, ...]
    state: bytes
    conversation: str | None = None


class StateCache:
    """A least recently used cache with a budget of bytes; pinned entries are never dropped.

    An entry serves every prompt with a common prefix: the tokens after it are overwritten. Used by
    the scheduler's thread only.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._entries: list[Entry] = []  # least recently used first
        self._pinned: list[Entry] = []

    @property
    def size(self) -> int:
        """The bytes of all entries, pinned ones included."""
        return sum(len(entry.state) for entry in self._entries + self._pinned)

    def keep(self, entry: Entry) -> None:
        """Add *entry*, in place of other states of its conversation and of its prefixes."""
        self._entries = [
            old
            for old in self._entries
            if (old.conversation is None or old.conversation != entry.conversation)
            and entry.tokens[: len(old.tokens)] != old.tokens
        ]
        self._entries.append(entry)
        while self._entries and self.size > self.budget:
            self._entries.pop(0)

    def pin(self, entry: Entry) -> None:
        """Keep *entry*, the beginning of many conversations, whatever the budget."""
        self._pinned = [old for old in self._pinned if old.tokens != entry.tokens]
        self._pinned = [*self._pinned, entry][-MAX_PINNED:]

    def find(self, tokens: Sequence[int]) -> tuple[Entry | None, int]:
        """The entry with the longest common prefix with *tokens*, and the length of that."""
        best, longest = None, 0
        for entry in self._pinned + self._entries:
            length = common_prefix(entry.tokens, tokens)
            if length > longest:
                best, longest = entry, length
        return best, longest

    def touch(self, entry: Entry) -> None:
        """Mark *entry* as used just now."""
        if entry in self._entries:
            self._entries.remove(entry)
            self._entries.append(entry)


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """The length of the common prefix."""
    length = min(len(first), len(second))
    return next((index for index in range(length) if first[index] != second[index]), length)
