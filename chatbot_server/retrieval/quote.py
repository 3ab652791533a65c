"""Quoting: the sentences of the found pages that answer, in their order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from chatbot_server.retrieval import stems
from chatbot_server.retrieval.text import sentences

MAX_SENTENCES = 3
MAX_CHARACTERS = 700
_ASKS_NUMBER = re.compile(
    r"\b(how (many|much|long|old|far|often)|when|what (year|date|time|percent\w*|day)|which year|combien|quand|"  # noqa: E501
    r"quelle (heure|date|annee|duree)|quel (prix|tarif|jour|age|delai)|horaires?|opening hours?)\b"
)
_NUMBER = re.compile(r"\d")

Rarity = Callable[[str], float]


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage and how well it answers. ``place`` is its order there."""

    text: str
    place: int
    score: float


def rarity(counts: dict[str, int], total: int) -> Rarity:
    """How telling a stem is, by BM25's inverse document frequency; unknown stems most."""

    def weigh(term: str) -> float:
        count = counts.get(term, 0)
        return math.log(1 + (total - count + 0.5) / (count + 0.5))

    return weigh


def coverage(question: Sequence[str], text: str, weigh: Rarity) -> float:
    """Share of the question's weight whose stems stand in *text*, 0…1.

    *question* holds one tuple of alternatives a word would have; here each word
    counts once, by the best of its stems.
    """
    there = stems_of(text)
    asked = telling(question)
    whole = sum(max(weigh(stem) for stem in word) for word in asked)
    if not whole:
        return 0.0
    held = sum(max(weigh(stem) for stem in word) for word in asked if there & word)
    return held / whole


def telling(question: Sequence[str]) -> list[frozenset[str]]:
    """Each telling word of a question as the set of its stems."""
    return [frozenset(stems.stem(word, each) for each in stems.LANGUAGES) for word in question]


def stems_of(text: str) -> frozenset[str]:
    """The stems of *text* in every language."""
    found = set(stems.words(text))
    return frozenset(stems.stem(word, each) for word in found for each in stems.LANGUAGES)


def pick(text: str, question: str, weigh: Rarity, limit: int = MAX_SENTENCES) -> list[Sentence]:
    """Up to *limit* sentences of *text* that answer *question*, in their order.

    A sentence scores by the weight of the question's words it holds, a little by its
    neighbours', and more when the question asks for a number and it has one.
    """
    found = sentences(text)
    asked = telling(stems.telling_words(question))
    wants_number = bool(_ASKS_NUMBER.search(" ".join(stems.words(question))))
    raw = [_overlap(asked, sentence, weigh) for sentence in found]
    scored = [
        Sentence(
            sentence,
            place,
            score
            + 0.25 * max(raw[max(0, place - 1) : place] or [0.0])
            + (0.3 * max(raw) if wants_number and _NUMBER.search(sentence) else 0.0),
        )
        for place, (sentence, score) in enumerate(zip(found, raw, strict=True))
    ]
    best = sorted(scored, key=lambda sentence: (-sentence.score, sentence.place))[:limit]
    return sorted(_fitting(best), key=lambda sentence: sentence.place)


def _overlap(asked: Sequence[frozenset[str]], sentence: str, weigh: Rarity) -> float:
    there = stems_of(sentence)
    return sum(max(weigh(stem) for stem in word) for word in asked if there & word)


def _fitting(best: Sequence[Sentence]) -> list[Sentence]:
    """The best of *best* that fit in an answer; the first always does."""
    kept: list[Sentence] = []
    size = 0
    for sentence in best:
        if kept and size + len(sentence.text) > MAX_CHARACTERS:
            continue
        kept.append(sentence)
        size += len(sentence.text)
    return kept


def joined(chosen: Sequence[Sentence]) -> str:
    """The chosen sentences as one text; “…” where some between were left out."""
    parts: list[str] = []
    for before, sentence in zip([None, *chosen], chosen, strict=False):
        if before is not None:
            parts.append(" " if sentence.place == before.place + 1 else " … ")
        parts.append(sentence.text)
    return "".join(parts)


def text_fragment(url: str, sentence: str) -> str:
    """*url* with a text fragment, by which a browser scrolls to *sentence*.

    Source: WICG scroll-to-text-fragment. Long sentences are given by both ends.
    """
    if not url.startswith(("http://", "https://")) or "#" in url or not sentence:
        return url
    parts = sentence.split()
    if len(parts) <= 8:
        return f"{url}#:~:text={_escaped(' '.join(parts))}"
    return f"{url}#:~:text={_escaped(' '.join(parts[:4]))},{_escaped(' '.join(parts[-4:]))}"


def _escaped(words: str) -> str:
    return quote(words, safe="").replace("-", "%2D")
