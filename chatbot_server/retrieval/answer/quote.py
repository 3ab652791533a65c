"""Quoting: the sentences of the found pages that answer, in their order."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from chatbot_server.retrieval.language import synonyms
from chatbot_server.retrieval.language.synonyms import Rarity, Word
from chatbot_server.retrieval.language.tables import DASH
from chatbot_server.retrieval.language.text import sentences

MAX_SENTENCES = 3
MAX_CHARACTERS = 700
# An item of a list is shown beside the best one from this share of its score on.
AS_GOOD = 0.7
_NUMBER = re.compile(r"\d")
_ITEM = re.compile(r"^[-*+] +")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*\)")
_MARKS = re.compile(r"\*\*|__|`|\\(?=[^\w\s])")


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


def pick(text: str, question: str, weigh: Rarity, limit: int = MAX_SENTENCES) -> list[Sentence]:
    """Up to *limit* sentences of *text* that answer *question*, in their order.

    A sentence scores by the weight of the question's words it holds, a little by its
    neighbours', and more when the question asks for a number and it has one.
    """
    found = sentences(text)
    asked = synonyms.query_words(question)
    wants_number = synonyms.asks_for_number(question)
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
    ranked = sorted(scored, key=lambda sentence: (-sentence.score, sentence.place))
    if ranked and _ITEM.match(ranked[0].text):
        best = _items(ranked)
    else:  # an item says little beside sentences, unless it holds a word of the question itself
        best = [one for one in ranked[:limit] if raw[one.place] or not _ITEM.match(one.text)]
    return sorted(_fitting(best), key=lambda sentence: sentence.place)


def _items(ranked: Sequence[Sentence]) -> list[Sentence]:
    """Of a list, every item that answers as well as the best: three days of seven mislead."""
    worth = AS_GOOD * ranked[0].score
    return [each for each in ranked if _ITEM.match(each.text) and each.score >= worth]


def _overlap(asked: Sequence[Word], sentence: str, weigh: Rarity) -> float:
    there = synonyms.terms_in(sentence)
    return sum(word.weight(weigh) for word in asked if word.is_in(there))


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
    """The chosen sentences as one text; “…” where some between were left out, items as a list."""
    parts: list[str] = []
    for before, sentence in zip([None, *chosen], chosen, strict=False):
        if before is not None:
            parts.append(_between(before, sentence))
        parts.append(sentence.text)
    return "".join(parts)


def _between(before: Sentence, after: Sentence) -> str:
    if _ITEM.match(after.text):
        return "\n"
    if _ITEM.match(before.text):
        return "\n\n"
    return " " if after.place == before.place + 1 else " … "


def text_fragment(url: str, sentence: str) -> str:
    """*url* with a text fragment, by which a browser scrolls to *sentence*.

    Source: WICG scroll-to-text-fragment. Long sentences are given by both ends.
    """
    if not url.startswith(("http://", "https://")) or "#" in url or not sentence:
        return url
    parts = _shown(sentence).split()
    if len(parts) <= 8:
        return f"{url}#:~:text={_escaped(' '.join(parts))}"
    return f"{url}#:~:text={_escaped(' '.join(parts[:4]))},{_escaped(' '.join(parts[-4:]))}"


def _shown(sentence: str) -> str:
    """What stands of it on the page: no Markdown, and of a table's row its first cell."""
    plain = _MARKS.sub("", _LINK.sub(r"\1", _ITEM.sub("", sentence)))
    return plain.partition(DASH)[0] if _ITEM.match(sentence) else plain


def _escaped(words: str) -> str:
    return quote(words, safe="").replace("-", "%2D")
