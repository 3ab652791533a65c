"""Guesses the language of a question, which has few words."""

from __future__ import annotations

from chatbot_server.retrieval.language.languages import (
    ALL_LANGUAGES,
    ALWAYS_USED,
    LANGUAGES,
    Languages,
)
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.spelling import common_words

# How many more words of a question must be of a language that no page of the site is in.
SURELY = 2
# The fewest words that tell a language: a single one may be of any, as “menu” is.
FEWEST = 2


def language_asked_in(
    question: str, default: str = ALWAYS_USED[0], languages: Languages = ALWAYS_USED
) -> str:
    """The one of *languages* that *question* is in, or a further one if that is certain.

    Stop words decide; in “winter times”, which has none, the common words of each language; a
    single word is in the *default* language.
    """
    by_sign = (
        code
        for code, language in LANGUAGES.items()
        if any(sign in question for sign in language.own_signs)
    )
    if code := next(by_sign, None):
        return code
    small = stems.small_word_counts(question, ALL_LANGUAGES)
    common = _common_word_counts(question)
    first = max(languages, key=lambda code: (small[code], common[code], code == default))
    further = max(LANGUAGES, key=lambda code: (common[code], small[code]))
    if common[further] >= common[first] + SURELY and small[further] > small[first]:
        return further
    return first if small[first] or common[first] else default


def _common_word_counts(question: str) -> dict[str, int]:
    """How many words of *question* are common in each language; a single one does not count."""
    words = set(stems.words(question))
    if len(words) < FEWEST:
        return dict.fromkeys(LANGUAGES, 0)
    return {
        # Of the few words first: the sets of a language have thousands.
        code: len((words & common_words((code,))) | (words & language.stop_words))
        for code, language in LANGUAGES.items()
    }
