"""Content words of a question with their weights on a site."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.language.words.synonyms import Rarity, Word


class WeighedWords:
    """Content words with their weights, which depend on *rarity*.

    Sums are cached: the sections of a question hold few different selections of its words.
    """

    def __init__(self, words: Sequence[Word], rarity: Rarity) -> None:
        self._weights = [word.weight(rarity) for word in words]
        self._sums: dict[int, float] = {}
        # For each stem or concept, the bits of the words that have it. About a hundred sentences
        # are compared for a question, and few of their terms are among these.
        self._bits: dict[str, int] = {}
        for at, word in enumerate(words):
            for term in word.stems | word.concepts:
                self._bits[term] = self._bits.get(term, 0) | 1 << at
        self._terms = frozenset(self._bits)

    def held_in(self, terms: frozenset[str]) -> int:
        """Which of the words occur in *terms*: a bit for each, the first one lowest."""
        selection = 0
        for term in self._terms & terms:
            selection |= self._bits[term]
        return selection

    def weight(self, selection: int) -> float:
        """The sum of the weights of those words whose bits are set in *selection*."""
        if selection not in self._sums:
            weights = enumerate(self._weights)
            self._sums[selection] = sum(weight for at, weight in weights if selection >> at & 1)
        return self._sums[selection]

    def share(self, selection: int) -> float:
        """The share of these in the sum of all weights."""
        whole = self.weight((1 << len(self._weights)) - 1)
        return self.weight(selection) / whole if whole else 0.0
