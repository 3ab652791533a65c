"""Replaces visitors' abbreviations and colloquial words by the words that pages use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from chatbot_server.retrieval.language.languages import LANGUAGES, any_of
from chatbot_server.retrieval.language.text import fold


def spelled_out(text: str, language: str) -> str:
    """*text* with abbreviations spelled out: “c koi le prix svp”."""
    shorthand = LANGUAGES[language].shorthand

    def long_form(match: re.Match[str]) -> str:
        is_name = len(match[0]) <= 2 and match.start() and not match[0].islower()  # “vitamine C”
        return match[0] if is_name else shorthand[match[0].casefold()]

    return _shorthand(language).sub(long_form, text)


def in_plain_words(text: str, is_known: Callable[[str], bool], language: str) -> str:
    """*text* with a page's words for colloquial ones: “gamin”, “fork out”.

    Words that the site itself uses stay: ``is_known(word)``.
    """
    plain = _plain_words(language)

    def plain_word(match: re.Match[str]) -> str:
        idiom = fold(match[0])
        return match[0] if is_known(idiom) else plain[idiom]

    return _colloquial(language).sub(plain_word, text)


@cache
def _plain_words(language: str) -> Mapping[str, str]:
    return {
        fold(phrase): word
        for word, phrases in LANGUAGES[language].colloquial.items()
        for phrase in phrases
    }


@cache
def _shorthand(language: str) -> re.Pattern[str]:
    return _any_word(LANGUAGES[language].shorthand)


@cache
def _colloquial(language: str) -> re.Pattern[str]:
    idioms = [idiom for idioms in LANGUAGES[language].colloquial.values() for idiom in idioms]
    return _any_word([*idioms, *map(fold, idioms)])


def _any_word(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'’-]){any_of(phrases)}(?![\w'’-])", re.IGNORECASE)
