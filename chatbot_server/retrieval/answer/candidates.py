"""The documents that may answer a query, with their texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy.orm import Session

from chatbot_server.retrieval.answer import quote
from chatbot_server.retrieval.answer.fusion import Hit, lead
from chatbot_server.retrieval.answer.query import ParsedText, Query
from chatbot_server.retrieval.base import Passage
from chatbot_server.retrieval.language.sentences import sentences
from chatbot_server.storage.knowledge.chunks import load_chunks
from chatbot_server.storage.knowledge.tables import KnowledgeChunk, KnowledgeDocument


class Candidate:
    """A hit with its document and its best chunk; whatever is read of their texts is read once.

    Attributes:
        lead: its cosine above the best other hit's; None without vectors.
    """

    def __init__(
        self, query: Query, hit: Hit, document: KnowledgeDocument, chunk: KnowledgeChunk
    ) -> None:
        self.hit, self.document, self.chunk = hit, document, chunk
        self.lead: float | None = None
        self._query = query

    @cached_property
    def about(self) -> ParsedText:
        """Title and headings."""
        return self._query.parse(f"{self.document.title} {self.chunk.heading}")

    @cached_property
    def wordings(self) -> list[ParsedText]:
        """The ways in which an entry's question is asked."""
        return [self._query.parse(text) for text in (self.document.title, *self.document.wordings)]

    @cached_property
    def whole_text(self) -> ParsedText:
        """The text of the document: of an entry, its answer."""
        return self._query.parse(self.document.text)

    @cached_property
    def terms(self) -> frozenset[str]:
        """The stems and concepts of title, headings and chunk."""
        return self._query.parse(f"{self.about.text} {self.chunk.text}").terms

    @cached_property
    def coverage(self) -> float:
        """The share of the query's weight that it holds."""
        return self._query.coverage(self.terms)

    @cached_property
    def sentences(self) -> list[str]:
        """The sentences of the chunk."""
        return sentences(self.chunk.text, self._query.languages)

    @cached_property
    def quoted_sentences(self) -> list[quote.Sentence]:
        """Those of its sentences that answer the query."""
        return quote.pick(self.sentences, self._query)

    def passage(self) -> Passage:
        """What a model may read of it."""
        return Passage(
            chunk=self.chunk.id,
            title=self.document.title,
            heading=self.chunk.heading,
            url=self.document.url,
            text=self.chunk.text,
            score=round(self.hit.score, 4),
        )


def load_candidates(
    session: Session, query: Query, hits: Sequence[Hit], limit: int
) -> list[Candidate]:
    """The first *limit* of *hits* with their texts, without those that are gone meanwhile."""
    first = hits[:limit]
    rows = {
        document.id: (document, chunk)
        for document, chunk in load_chunks(session, [hit.chunk for hit in first])
    }
    candidates = [
        Candidate(query, hit, *rows[hit.document]) for hit in first if hit.document in rows
    ]
    for candidate in candidates:
        candidate.lead = lead(candidate.hit, hits)
    return candidates
