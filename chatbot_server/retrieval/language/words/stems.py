"""Words as they are indexed: folded, and stemmed in each language."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import cache, lru_cache

import snowballstemmer  # type: ignore[import-untyped]

from chatbot_server.retrieval.language.languages import (
    ALL_LANGUAGES,
    ALWAYS_USED,
    LANGUAGES,
    Languages,
    any_of,
)
from chatbot_server.retrieval.language.text import fold

MAX_WORD = 40
# A question of 4,000 characters must not become a query of 700 terms.
MAX_TERMS = 64
# A word of this length has a plural, as “spa” does, but is none itself, as “bus” is none.
SHORTEST_SINGULAR = 3
# How many more stop words a further language needs to be that of a document: “Man at war” is not
# German.
MIN_LEAD = 3
# So many stop words, and so many times as many as of the language that a page names, show that it
# is in another one.
MIN_PLAIN, PLAINLY = 20, 4

_WORD = re.compile(r"[^\W_]+")
_stemmer = cache(snowballstemmer.stemmer)
# A stemmer holds the word that it works on: with two threads, one gets the other's stem, or fails.
_stemming = threading.Lock()


def words(text: str) -> list[str]:
    """Folded words and numbers, in order."""
    return [word[:MAX_WORD] for word in _WORD.findall(fold(text))]


@lru_cache(100_000)
def stem(word: str, language: str) -> str:
    """The stem of one folded word.

    Accents are folded *before* stemming, so that “declarer” and “déclarer” have the same.
    """
    with _stemming:
        return str(_stemmer(LANGUAGES[language].stemmer).stemWord(word))


def all_stems(word: str, languages: Languages = ALWAYS_USED) -> frozenset[str]:
    """The stems of one folded word, and of its singular or plural, in each of *languages*."""
    return frozenset(_stems(word, languages))


def _stems(word: str, languages: Languages) -> Iterator[str]:
    for language in languages:
        yield stem(word, language)
        for ending, singular in LANGUAGES[language].plurals.items():
            if word.endswith(ending) and len(word) > SHORTEST_SINGULAR:
                yield stem(word.removesuffix(ending) + singular, language)
            elif word.endswith(singular) and len(word) >= SHORTEST_SINGULAR:
                yield stem(word.removesuffix(singular) + ending, language)


def is_stop_word(word: str, language: str) -> bool:
    """Whether a folded word says nothing about the subject."""
    return word in LANGUAGES[language].stop_words


def without_words(text: str, folded: frozenset[str]) -> str:
    """*text* without the words whose folded forms are in *folded*."""
    return _WORD.sub(lambda match: "" if fold(match[0]) in folded else match[0], text)


def says_something(text: str, languages: Languages = ALWAYS_USED) -> bool:
    """Whether *text* has a word that is not a stop word of any language."""
    return any(
        not any(is_stop_word(word, language) for language in languages) for word in words(text)
    )


def guess_language(
    text: str, default: str = ALWAYS_USED[0], languages: Languages = ALWAYS_USED
) -> str:
    """The one of *languages* whose stop words are most frequent in *text*."""
    weights = small_word_counts(text, languages)
    best = max(weights, key=lambda language: (weights[language], language == default))
    return best if weights[best] else default


def guess_document_language(text: str) -> str:
    """The language of *text*, among all languages; a further one only if that is certain."""
    first = guess_language(text)
    weights = small_word_counts(text, ALL_LANGUAGES)
    best = guess_language(text, first, ALL_LANGUAGES)
    return best if weights[best] >= weights[first] + MIN_LEAD else first


def language_of_page(named: str, text: str) -> str:
    """The language *named* by a page, unless its *text* is plainly in another one.

    Many templates name English, whatever is written into them.
    """
    counts = small_word_counts(text, ALL_LANGUAGES)
    if named[:2] not in counts:
        return named
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= max(MIN_PLAIN, PLAINLY * counts[named[:2]]) else named


def small_word_counts(text: str, languages: Languages) -> dict[str, int]:
    """How often *text* has stop words of each language, without those that all share."""
    text_words = words(text[:4000])
    return {code: sum(map(_distinctive_words(code).__contains__, text_words)) for code in languages}


@cache
def _distinctive_words(language: str) -> frozenset[str]:
    """The stop words of a language, without those that all share."""
    in_each = frozenset.intersection(*(LANGUAGES[code].stop_words for code in ALWAYS_USED))
    return LANGUAGES[language].stop_words - in_each


def overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """The share of stems that two texts have in common, 0…1 (Sørensen–Dice)."""
    return 2 * len(first & second) / ((len(first) + len(second)) or 1)


def index_terms(text: str, language: str) -> list[str]:
    """Stems of *text* without stop words, in order: what the index stores."""
    return [stem(word, language) for word in words(text) if not is_stop_word(word, language)]


def content_words(
    question: str, languages: Languages = ALWAYS_USED, language: str | None = None
) -> list[str]:
    """Distinct folded words of *question* without the stop words of its *language*, in order.

    All of them if nothing else is left. The language is guessed if it is not given.
    """
    language = language or guess_language(question, languages=languages)
    flat = fold(question).replace("’", "'")
    distinct = list(dict.fromkeys(words(_contractions(language).sub(" ", flat)) or words(flat)))
    return [word for word in distinct if not is_stop_word(word, language)] or distinct


@cache
def _contractions(language: str) -> re.Pattern[str]:
    """Contractions such as “don't”, and endings such as “'re”, which are no words of pages."""
    forms = LANGUAGES[language].contractions
    endings = any_of(form for form in forms if form.startswith("'"))
    return re.compile(rf"\b{any_of(forms)}(?!\w)|(?<=\w){endings}(?!\w)")


def query_terms(
    question: str, languages: Languages = ALWAYS_USED, language: str | None = None
) -> list[str]:
    """Distinct stems of a question in every language, since pages may be in another one."""
    stems = [
        each
        for word in content_words(question, languages, language)
        for each in _stems(word, languages)
    ]
    return list(dict.fromkeys(stems))[:MAX_TERMS]
