"""What answered the questions of conversations, for the questions that come after them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot_server.retrieval.answer.search.query import page_of
from chatbot_server.retrieval.answer.search.site_memory import RecentlyUsed
from chatbot_server.retrieval.base import Grounding

# Questions of all sites.
CACHED_QUESTIONS = 1000


@dataclass(frozen=True)
class ShownSection:
    """The section that answered a question, and its page; without an answer, none and empty."""

    chunk: int | None
    page: str
    size: int = 1


def shown_section(grounding: Grounding) -> ShownSection:
    """What answers in *grounding*."""
    if not grounding.answer or not grounding.passages:
        return ShownSection(None, "")
    best = grounding.passages[0]
    return ShownSection(best.chunk, page_of(best.url, best.title))


class ShownSections:
    """A cache of the sections that answered, by what was asked until then; without its words."""

    def __init__(self) -> None:
        self._sections: RecentlyUsed[ShownSection] = RecentlyUsed(CACHED_QUESTIONS)

    def get(
        self, site_id: int, version: int, locale: str, questions: Sequence[str]
    ) -> ShownSection | None:
        """What answered the last of *questions* after the others, at a *version* of the site."""
        return self._sections.get(site_id, _digest(version, locale, questions))

    def add(
        self, site_id: int, locale: str, questions: Sequence[str], grounding: Grounding
    ) -> ShownSection:
        """Remember that *grounding* answered the last of *questions* after the others."""
        section = shown_section(grounding)
        self._sections.put(site_id, _digest(grounding.version, locale, questions), section)
        return section


def _digest(version: int, locale: str, questions: Sequence[str]) -> str:
    texts = [str(version), locale, *questions]
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()
