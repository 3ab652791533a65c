"""Words that two languages write nearly alike: “théorème” and “theorem”."""

from __future__ import annotations

from collections.abc import Iterable

# How many first letters cognates must have in common, and which share of the longer word that is.
SHORTEST, SHARE = 4, 0.6


class Cognates:
    """Folded words, found by others that are written nearly alike."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_beginning: dict[str, list[str]] = {}
        for word in words:
            if word.isalpha() and len(word) >= SHORTEST:
                self._by_beginning.setdefault(word[:SHORTEST], []).append(word)

    def among(self, words: Iterable[str]) -> set[str]:
        """Those of its own words that have a cognate among *words*."""
        return {
            own
            for word in words
            for own in self._by_beginning.get(word[:SHORTEST], ())
            if _shared_letters(own, word) >= SHARE * max(len(own), len(word))
        }


def _shared_letters(first: str, second: str) -> int:
    """The length of the common prefix."""
    for count, (here, there) in enumerate(zip(first, second, strict=False)):
        if here != there:
            return count
    return min(len(first), len(second))
