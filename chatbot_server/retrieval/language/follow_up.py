"""A question that only makes sense after another: “and on Sundays?”."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from chatbot_server.retrieval.language import stems, synonyms
from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, Languages, any_of
from chatbot_server.retrieval.language.text import fold

# A question that refers to what came before has few content words of its own.
MAX_CONTENT_WORDS = 3


def in_context(followup: str, history: Sequence[str], languages: Languages = ALWAYS_USED) -> str:
    """What to search for: *followup* after the questions of *history* that it leans on.

    Of a chain (“a city bike?”, “and for children?”, “for a week?”) the first and the last count.
    """
    last = len(history) - 1
    whole = (at for at in range(last, -1, -1) if not is_followup(history[at], languages))
    first = next(whole, 0)
    before = [history[at].strip()[:400] for at in dict.fromkeys((first, last))]
    return " ".join([*before, followup])


def is_followup(
    question: str, languages: Languages = ALWAYS_USED, language: str | None = None
) -> bool:
    """Whether *question* leans on what came before it; *language* as for its content words."""
    flat = fold(question).replace("’", "'")
    language = language or stems.guess_language(question, languages=languages)
    content_words = stems.content_words(question, languages, language)
    if _phrase(languages, "followup_openings").match(flat.lstrip()):
        return len(content_words) <= 2 * MAX_CONTENT_WORDS
    if len(content_words) <= MAX_CONTENT_WORDS and _phrase(languages, "references").search(flat):
        return True
    # A question that speaks of the site or of the visitor stands for itself.
    is_whole = _phrase(languages, "addresses_someone").search(flat)
    return not is_whole and synonyms.ask_only_how_much(content_words, language, languages)


@cache
def _phrase(languages: Languages, field: str) -> re.Pattern[str]:
    phrases = any_of(phrase for code in languages for phrase in getattr(LANGUAGES[code], field))
    return re.compile(rf"\b{phrases}\b")
