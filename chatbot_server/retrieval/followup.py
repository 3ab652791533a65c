"""A question that only makes sense after another: “and on Sundays?”."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.retrieval import stems
from chatbot_server.retrieval.text import fold

MAX_TELLING = 3
_OPENING = re.compile(
    r"^\s*(et|and|mais|but|ou|or|alors|so|donc|what about|how about|qu'en est-il|sinon|also|aussi)\b"  # noqa: E501
)
_REFERS = re.compile(
    r"\b(it|its|they|them|that one|this one|those|these|there|celui-ci|celle-ci|celui-la|celle-la|celles-ci|ceux-ci"  # noqa: E501
    r"|ca|cela|y|en|il|elle|ils|elles|le meme|la meme|same)\b"
)


def in_context(question: str, history: Sequence[str]) -> str:
    """What to search for: *question* alone, or after the question it follows."""
    if not history or not is_followup(question):
        return question
    before = next((asked for asked in reversed(history) if not is_followup(asked)), history[-1])
    return f"{before.strip()[:500]} {question}"


def is_followup(question: str) -> bool:
    """Whether *question* leans on what came before it."""
    flat = fold(question)
    telling = list(stems.telling_words(question))
    if _OPENING.match(flat):
        return len(telling) <= 2 * MAX_TELLING
    return len(telling) <= MAX_TELLING and bool(_REFERS.search(flat))
