"""A question that only makes sense after another: “and on Sundays?”."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.retrieval.language import stems, synonyms
from chatbot_server.retrieval.language.text import fold

MAX_TELLING = 3
_OPENING = re.compile(
    r"^\s*(et|and|mais|but|ou|or|alors|so|donc|what about|how about|qu'en est-il|sinon|also|aussi)\b"  # noqa: E501
)
# A question that speaks of the site or of the visitor stands for itself.
_WHOLE = re.compile(r"\b(vous|vos|votre|nos|mon|ma|mes|your|you|my)\b")
_REFERS = re.compile(
    r"\b(it|its|they|them|that one|this one|those|these|there|celui-ci|celle-ci|celui-la|celle-la|celles-ci|ceux-ci"  # noqa: E501
    r"|ca|cela|y|en|il|elle|ils|elles|le meme|la meme|same)\b"
)


def in_context(question: str, history: Sequence[str]) -> str:
    """What to search for: *question* alone, or after the questions it follows.

    Of a chain (“a city bike?”, “and for children?”, “for a week?”) the first and the last count.
    """
    if not history or not is_followup(question):
        return question
    first = next((at for at in reversed(range(len(history))) if not is_followup(history[at])), 0)
    before = list(dict.fromkeys((first, len(history) - 1)))
    return " ".join([*(history[at].strip()[:400] for at in before), question])


def is_followup(question: str) -> bool:
    """Whether *question* leans on what came before it."""
    flat = fold(question).replace("’", "'")
    telling = stems.content_words(question)
    if _OPENING.match(flat):
        return len(telling) <= 2 * MAX_TELLING
    if len(telling) <= MAX_TELLING and _REFERS.search(flat):
        return True
    return synonyms.asks_only_how_much(question) and not _WHOLE.search(flat)
