"""What distinguishes two texts about one subject: a negation, an opposite, a name."""

from __future__ import annotations

import re
from functools import cache

from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, Languages, any_of
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import stems

_IN_CAPITALS = r"\b[A-ZÀ-Þ][A-ZÀ-Þ0-9]{1,}(?:-\d+)?\b"
_NAME_IN_CAPITALS = re.compile(_IN_CAPITALS)
_NAME = re.compile(rf"(?<=[\w,;:’'«“(] )[A-ZÀ-Þ][\w’-]+|{_IN_CAPITALS}|(?<=[’'])[A-ZÀ-Þ][\w-]+")

_NUMBERED = re.compile(r"\b([^\W\d_]{0,3}[A-ZÀ-Þ][^\W\d_]{0,30})[ -]?(\d{1,4})\b(?![.,:]\d)")


def names(text: str, languages: Languages = ALWAYS_USED, language: str | None = None) -> set[str]:
    """Folded names: words capitalised inside a sentence, or in capitals (but not “NOT”)."""
    code = language or stems.guess_language(text, languages=languages)
    name = _NAME_IN_CAPITALS if LANGUAGES[code].capitalised_nouns else _NAME
    words = {word for match in name.finditer(text) for word in stems.words(match[0])}
    return {word for word in words - LANGUAGES[code].negations if len(word) > 1}


def in_capitals(text: str) -> set[str]:
    """Folded words in capitals: acronyms, which another text may write out."""
    return {word for match in _NAME_IN_CAPITALS.finditer(text) for word in stems.words(match[0])}


def numbered_names(text: str, languages: Languages = ALWAYS_USED) -> set[tuple[str, str]]:
    """Folded names with the number that belongs to each: “Windows 10”, “COVID-19”, “iPhone 15”.

    “Le 24” and “Mars 2026” are none.
    """
    no_names = _contrast_words(languages).no_names
    pairs = ((fold(match[1]), match[2]) for match in _NUMBERED.finditer(text))
    return {(name, number) for name, number in pairs if name not in no_names}


def no_names(languages: Languages = ALWAYS_USED) -> frozenset[str]:
    """Folded words of dates, which some languages capitalise like names."""
    return _contrast_words(languages).no_names


def is_negated(text: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *text* denies something."""
    return bool(_contrast_words(languages).negation.search(fold(text).replace("’", "'")))


def are_opposed(question: str, title: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether one text has a word and the other its opposite."""
    question_words, title_words = set(stems.words(question)), set(stems.words(title))
    for first, second in _contrast_words(languages).opposites:
        sides = {
            (words.isdisjoint(first), words.isdisjoint(second))
            for words in (question_words, title_words)
        }
        if sides == {(True, False), (False, True)}:
            return True
    return _has_prefixed(question_words - title_words, title_words, languages) or _has_prefixed(
        title_words - question_words, question_words, languages
    )


def _has_prefixed(words: set[str], bases: set[str], languages: Languages) -> bool:
    """Whether one of *words* is the opposite of one of *bases* by its prefix."""
    base_stems = {stem for word in bases for stem in stems.all_stems(word, languages)}
    prefix = _contrast_words(languages).opposite_prefix
    return any(
        stems.all_stems(prefix.sub("", word), languages) & base_stems
        for word in words
        if prefix.match(word)
    )


class _ContrastWords:
    """The negations and opposites of some languages.

    Attributes:
        opposites: the words of each pair of opposites, of all the languages together.
        opposite_prefix: what turns a word into its opposite.
        no_names: words before a number that belongs to no name.
    """

    def __init__(self, languages: Languages) -> None:
        words: set[str] = set()
        endings: set[str] = set()
        prefixes: set[str] = set()
        no_names: set[str] = set()
        pairs: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        for language in map(LANGUAGES.__getitem__, languages):
            words |= language.negations
            endings |= language.negation_endings
            prefixes |= language.opposite_prefixes
            no_names |= language.stop_words.union(*language.months, *language.days)
            for name, (first, second) in language.opposites.items():
                before, after = pairs.get(name, (frozenset(), frozenset()))
                pairs[name] = (before | first, after | second)
        self.negation = re.compile(rf"\b{any_of(words)}\b|{any_of(endings)}\b")
        self.no_names = frozenset(no_names)
        self.opposites = tuple(pairs.values())
        self.opposite_prefix = re.compile(rf"^{any_of(prefixes)}(?=.{{4}})")


_contrast_words = cache(_ContrastWords)
