"""A closer look at the best sections: their words are compared with those of the question."""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.answer.decide.interaction import (
    compare,
    compute_tokens,
    load_stored_tokens,
    to_be_compared,
)
from chatbot_server.retrieval.answer.decide.word_nearness import read_word_nearness, worth_reading
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.relevance import by_relevance
from chatbot_server.retrieval.index.embedder import Embedder


class CloserLook:
    """Compares the words of the best *sections* with those of *query*, and sorts them again.

    Where the tokens of sections are not stored yet, they are compared by :mod:`.interaction`. On
    larger sites, those in another language than the question are compared by
    :mod:`.word_nearness`.
    """

    def __init__(self, sections: Sequence[Candidate], query: Query, index: SiteIndex) -> None:
        self._sections, self._query = sections, query
        self._to_compare = to_be_compared(sections, query, index.chunk_count)
        self._without_tokens = load_stored_tokens(self._to_compare, query, index.unit)
        self._without_nearness = worth_reading(sections, query, index.chunk_count)

    @property
    def has_to_read(self) -> bool:
        """Whether the embedder has to compute something that is neither cached nor stored."""
        return bool(self._without_tokens or self._without_nearness)

    def read(self, embedder: Embedder) -> None:
        """Let *embedder* compute what is missing, unless it has no time for it."""
        if self._without_tokens:
            compute_tokens(self._without_tokens, embedder)
        if self._without_nearness:
            read_word_nearness(self._without_nearness, self._query, embedder)

    def sections(self) -> list[Candidate]:
        """The sections, best first."""
        if not self._to_compare and not self._without_nearness:
            return [*self._sections]  # nothing was read, so that the order stays
        compare(self._to_compare, self._query)
        return by_relevance(self._sections)
