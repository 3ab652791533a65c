"""Words as the keyword index sees them: folded, stemmed, in French and in English."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, lru_cache
from importlib.resources import files

import snowballstemmer  # type: ignore[import-untyped]
import yaml

from chatbot_server.retrieval.language.text import fold

LANGUAGES = {"fr": "french", "en": "english"}
MAX_WORD = 40
# A question of 4,000 characters must not become a query of 700 terms.
MAX_TERMS = 64

_WORD = re.compile(r"[^\W_]+")


@cache
def _stop_words() -> dict[str, frozenset[str]]:
    text = files(__package__).joinpath("stop_words.yaml").read_text(encoding="utf-8")
    return {language: frozenset(words.split()) for language, words in yaml.safe_load(text).items()}


@cache
def _own_stop_words() -> dict[str, frozenset[str]]:
    """Of each language, those that no other has."""
    shared = frozenset.intersection(*_stop_words().values())
    return {language: stop - shared for language, stop in _stop_words().items()}


@cache
def _stemmer(language: str) -> object:
    return snowballstemmer.stemmer(LANGUAGES[language])


def words(text: str) -> list[str]:
    """Folded words and numbers, in order."""
    return [word[:MAX_WORD] for word in _WORD.findall(fold(text))]


def stem(word: str, language: str) -> str:
    """The stem of one folded word.

    Accents are folded *before* stemming, so that “declarer” and “déclarer” meet.
    """
    return str(_stem_cached(word, language))


@lru_cache(100_000)
def _stem_cached(word: str, language: str) -> str:
    return _stemmer(language).stemWord(word)  # type: ignore[attr-defined,no-any-return]


def is_stop_word(word: str, language: str) -> bool:
    """Whether a folded word says nothing about the subject."""
    return word in _stop_words()[language]


def guess_language(text: str, default: str = "fr") -> str:
    """``fr`` or ``en``, by which language's small words are more frequent."""
    counts = Counter(words(text[:4000]))
    weights = {
        language: sum(count for word, count in counts.items() if word in own)
        for language, own in _own_stop_words().items()
    }
    best = max(weights, key=lambda language: (weights[language], language == default))
    return best if weights[best] else default


def index_terms(text: str, language: str) -> list[str]:
    """Stems of *text* without stop words, in order: what the index stores."""
    return [stem(word, language) for word in words(text) if not is_stop_word(word, language)]


def content_words(question: str) -> list[str]:
    """Distinct folded words of *question* without its language's stop words, in order.

    All of them where nothing else is left.
    """
    distinct = list(dict.fromkeys(words(question)))
    language = guess_language(question)
    return [word for word in distinct if not is_stop_word(word, language)] or distinct


def query_terms(question: str) -> list[str]:
    """Distinct stems of a question, in every language: pages and visitors differ in theirs."""
    stems = [stem(word, language) for word in content_words(question) for language in LANGUAGES]
    return list(dict.fromkeys(stems))[:MAX_TERMS]
