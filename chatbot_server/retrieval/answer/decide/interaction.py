"""Compares the best sections with the question where the tokens of some are not stored yet.

Elsewhere, all sections of a site are compared when it is searched
(:mod:`~chatbot_server.retrieval.answer.search.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.answer.decide.evidence import quotable
from chatbot_server.retrieval.answer.search.comparison import may_compare
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.index.chunks import Chunk
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.encoder.late_interaction import TokenIndex
from chatbot_server.retrieval.index.tokens import load_tokens
from chatbot_server.storage.base import UnitOfWork

# The number of sections that are compared. Their tokens are cached as long as their texts.
MOST_COMPARED = 8


def to_be_compared(
    sections: Sequence[Candidate], query: Query, chunk_count: int
) -> list[Candidate]:
    """Those of *sections* that are to be compared with *query*; none if the search did it."""
    is_compared = any(section.interaction is not None for section in sections)
    if is_compared or not may_compare(query, chunk_count):
        return []
    return quotable(sections, query)[:MOST_COMPARED]


def load_stored_tokens(
    sections: Sequence[Candidate], query: Query, unit: UnitOfWork
) -> list[Candidate]:
    """Load the stored tokens of *sections*; returns those that have none, or none of this fit."""
    fit = query.meanings.fit if query.meanings else ""
    not_in_memory = [each for each in sections if each.section.tokens is None]
    tokens_by_chunk = load_tokens(unit, [each.chunk.id for each in not_in_memory], fit)
    for each in not_in_memory:
        each.section.tokens = tokens_by_chunk.get(each.chunk.id)
    return [each for each in not_in_memory if each.section.tokens is None]


def compute_tokens(sections: Sequence[Candidate], embedder: Embedder) -> None:
    """Compute the tokens of *sections*, some 50 ms each, unless *embedder* has no time for it.

    They are usually stored in advance. Only after a change of the site, or an upgrade with a new
    fit, may a visitor ask before that.
    """
    texts = [
        Chunk(section.chunk.heading, section.chunk.text).searchable_text(section.document.title)
        for section in sections
    ]
    tokens = embedder.tokens(texts)
    if tokens is not None:
        for section, rows in zip(sections, tokens, strict=True):
            section.section.tokens = rows


def compare(sections: Sequence[Candidate], query: Query) -> None:
    """Set the interaction of all *sections* with *query*; of none if tokens of any are missing."""
    of_question = query.meanings.tokens if query.meanings else None
    tokens = {
        each.chunk.id: each.section.tokens for each in sections if each.section.tokens is not None
    }
    if of_question is not None and len(tokens) == len(sections):
        interactions = TokenIndex(tokens).compare(of_question)
        for section in sections:
            section.interaction = interactions.get(section.chunk.id)
