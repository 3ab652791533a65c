"""Corrects spelling to known words: “kermese” is the page's “kermesse”.

An unknown word is replaced by a known one that sounds the same or differs little. “Boots” does not
become “books”, even on a site without boots: common words are known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from chatbot_server.resources import read_words
from chatbot_server.retrieval.language.languages import LANGUAGES, Languages
from chatbot_server.retrieval.language.text import fold

# Shorter words are too near to others.
SHORTEST, LONGEST = 4, 30
# In words of this length, two letters may be wrong.
LONG = 7
_TOKEN = re.compile(r"[^\W\d_]+")
_VOWELS = re.compile("[aeiou]+")
_REPEATED = re.compile(r"(.)\1+")
_SILENT_END = re.compile(r"(?<=..)(?:es|e|s)$")
# What is written in several ways for one sound.
_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"(?<=[bcdfgkpt])(?:le|el)(?=s?$)", "l"),
        (r"e?au", "o"),
        (r"t?ch|sh", "0"),  # no letter, that “sh” is not “s”
        (r"ph", "f"),
        (r"ck|qu|q|k|c(?![eiy])", "k"),
        (r"[cz]", "s"),
        (r"y", "i"),
        (r"h", ""),
    )
]


def sound(flat: str) -> str:
    """A key for the sound of a folded word, roughly and in any language."""
    for pattern, replacement in _SOUNDS:
        flat = pattern.sub(replacement, flat)
    return _SILENT_END.sub("", _REPEATED.sub(r"\1", flat))


class Spellings:
    """Known words, each in its usual spelling; found by words that are written nearly alike."""

    def __init__(self, texts: Iterable[str], languages: Languages) -> None:
        counts = Counter(token for text in texts for token in _TOKEN.findall(text.casefold()))
        self._counts: Counter[str] = Counter()
        self._written: dict[str, str] = {}
        for token, count in counts.most_common():
            flat = fold(token)
            self._counts[flat] += count
            self._written.setdefault(flat, token)
        self._own = frozenset(self._counts)
        for word in _general_words(languages):
            self._counts[word] += 1
            self._written.setdefault(word, word)
        records = [LANGUAGES[code] for code in languages]
        self._asking = frozenset().union(*(each.stop_words | each.asking_words for each in records))
        self._by_frame: dict[str, list[tuple[str, str]]] = {}
        for word in self._counts:
            if SHORTEST <= len(word) <= LONGEST:
                key = sound(word)
                self._by_frame.setdefault(_frame(key), []).append((key, word))

    def __contains__(self, flat: str) -> bool:
        return flat in self._counts

    def is_own(self, flat: str) -> bool:
        """Whether the texts themselves contain a folded word."""
        return flat in self._own

    def written(self, flat: str) -> str:
        """The usual spelling of a known word, with its accents."""
        return self._written[flat]

    def nearest(self, flat: str) -> tuple[int, str] | None:
        """The known word that is meant by *flat*, an unknown one; None if that is uncertain.

        It comes with the difference in sound, see :func:`_cost`.
        """
        if not SHORTEST <= len(flat) <= LONGEST:
            return None
        key = sound(flat)
        frame = _frame(key)
        shorter = {frame, *(frame[:at] + frame[at + 1 :] for at in range(len(frame)))}
        frames = shorter.union(*map(_with_one_more, shorter))
        costs = []
        for other, word in (pair for each in frames for pair in self._by_frame.get(each, ())):
            letters = _changes(flat, word)
            cost = _cost(key, other)
            if cost is None and letters == 1 and word in self._asking and len(flat) > SHORTEST:
                cost = 1  # its sound is too short to compare: “qulle” is “quelle”, and not “clés”
            if cost is not None:
                costs.append((cost + letters, cost, -self._counts[word], word))
        _whole, cost, _count, word = min(costs, default=(0, 0, 0, ""))
        return (cost, word) if word else None


def _frame(key: str) -> str:
    """The consonants in alphabetical order, so that transposed letters do not matter."""
    return "".join(sorted(_VOWELS.sub("", key)))


def _with_one_more(frame: str) -> Iterable[str]:
    return ("".join(sorted(frame + letter)) for letter in "0bdfgjklmnpqrstvwx")


def _cost(key: str, other: str) -> int | None:
    """How different two sounds are: 0 to 2; None: too different to be one word."""
    if key == other:
        return 0
    shorter = min(len(key), len(other))
    if key[:1] != other[:1] or abs(len(key) - len(other)) > 1 or shorter < SHORTEST:
        return None
    changes = _changes(key, other)
    has_same_letters = sorted(_VOWELS.sub("", key)) == sorted(_VOWELS.sub("", other))
    if changes == 1:
        return 1 if has_same_letters or shorter > SHORTEST else None
    return 2 if changes == 2 and shorter >= LONG and has_same_letters else None


def _changes(word: str, other: str) -> int:
    """How many letters are missing, too many, wrong, or in the place of their neighbour.

    Takes time with the square of the length: ``LONGEST`` letters of each are compared.
    """
    word, other = word[:LONGEST], other[:LONGEST]
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(word, 1):
        current = [row]
        for column, there in enumerate(other, 1):
            best = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != there))
            if row > 1 < column and letter == other[column - 2] and word[row - 2] == there:
                best = min(best, before_last[column - 2] + 1)
            current.append(best)
        before_last, last = last, current
    return last[-1]


@cache
def _general_words(languages: Languages) -> frozenset[str]:
    """Words of any site's visitors: stop words, days, months, synonyms and the like."""
    words: set[str] = set()
    for language in map(LANGUAGES.__getitem__, languages):
        words |= language.stop_words | language.asking_words | language.measures
        opposites = (this | that for this, that in language.opposites.values())
        everyday = (fold(" ".join(idioms)).split() for idioms in language.colloquial.values())
        words = words.union(
            *language.days,
            *language.months,
            *language.synonyms.values(),
            *language.numbers.values(),
            *opposites,
            *everyday,
        )
    return frozenset(words)


@cache
def common_words(languages: Languages) -> frozenset[str]:
    """Folded words that are common in *languages*, and therefore not misspelled on any site."""
    files = [f"common_words/{language}.txt" for language in languages]
    words = (read_words("chatbot_server.retrieval.language.words", file) for file in files)
    return frozenset().union(*words)
