"""A closer look at the best sections, by what the encoder makes of their words."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.answer.decide.interaction import (
    compare,
    compute_tokens,
    to_be_compared,
    without_tokens,
)
from chatbot_server.retrieval.answer.decide.word_nearness import read_word_nearness, worth_reading
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidates import Candidate, by_relevance
from chatbot_server.retrieval.index.embedder import Embedder


class CloserLook:
    """What is to be read of *sections* before they are judged, and their order afterwards.

    On small sites they are compared word by word (:mod:`.interaction`); on larger ones only where
    they are in another language than the question (:mod:`.word_nearness`).
    """

    def __init__(self, sections: Sequence[Candidate], query: Query, index: SiteIndex) -> None:
        self._sections, self._query = sections, query
        self._to_compare = to_be_compared(sections, query, index.chunk_count)
        self._without_tokens = without_tokens(self._to_compare, query, index.unit)
        self._without_nearness = worth_reading(sections, query, index.chunk_count)

    @property
    def has_to_read(self) -> bool:
        """Whether something is to be read that is neither in memory nor stored."""
        return bool(self._without_tokens or self._without_nearness)

    def read(self, embedder: Embedder) -> None:
        """Read it, unless *embedder* has no time for it."""
        if self._without_tokens:
            compute_tokens(self._without_tokens, embedder)
        if self._without_nearness:
            read_word_nearness(self._without_nearness, self._query, embedder)

    def sections(self) -> list[Candidate]:
        """The sections, best first."""
        compare(self._to_compare, self._query)
        return by_relevance(self._sections)
