"""A question that only makes sense after another: “and on Sundays?”."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from chatbot_server.retrieval.language import stems, synonyms
from chatbot_server.retrieval.language.languages import FIRST, LANGUAGES, Languages, any_of
from chatbot_server.retrieval.language.text import fold

# A question that refers to what came before has few content words of its own.
MAX_CONTENT_WORDS = 3


def in_context(question: str, history: Sequence[str], languages: Languages = FIRST) -> str:
    """What to search for: *question* alone, or after the questions it follows.

    Of a chain (“a city bike?”, “and for children?”, “for a week?”) the first and the last count.
    """
    if not history or not is_followup(question, languages):
        return question
    last = len(history) - 1
    whole = (at for at in range(last, -1, -1) if not is_followup(history[at], languages))
    first = next(whole, 0)
    before = [history[at].strip()[:400] for at in dict.fromkeys((first, last))]
    return " ".join([*before, question])


def is_followup(question: str, languages: Languages = FIRST) -> bool:
    """Whether *question* leans on what came before it."""
    flat = fold(question).replace("’", "'")
    content_words = len(stems.content_words(question, languages))
    if _phrase(languages, "followup_openings").match(flat.lstrip()):
        return content_words <= 2 * MAX_CONTENT_WORDS
    if content_words <= MAX_CONTENT_WORDS and _phrase(languages, "references").search(flat):
        return True
    # A question that speaks of the site or of the visitor stands for itself.
    return synonyms.asks_only_how_much(question, languages) and not _phrase(
        languages, "addresses_someone"
    ).search(flat)


@cache
def _phrase(languages: Languages, field: str) -> re.Pattern[str]:
    phrases = any_of(phrase for code in languages for phrase in getattr(LANGUAGES[code], field))
    return re.compile(rf"\b{phrases}\b")
