"""Compares the best sections of a small site with the question, word by word.

The vector of a section tells what it is about as a whole, and its words only speak for it where
they are those of the question. :mod:`~chatbot_server.retrieval.index.late_interaction` tells how
well it answers “Can I bring my spaniel?” with “Dogs are welcome on a lead”.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.answer.decide.evidence import LARGE_SITE, quotable
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidates import Candidate, by_relevance
from chatbot_server.retrieval.index.chunks import Chunk
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.late_interaction import interaction

# The number of sections that are compared. The tokens of each are computed when it is compared for
# the first time, which takes some 50 ms, and then stay in memory as long as its text.
COMPARED = 8


def without_tokens(
    sections: Sequence[Candidate], query: Query, chunk_count: int
) -> list[Candidate]:
    """Those of *sections* that are to be compared, and whose tokens are not in memory."""
    return [
        section
        for section in _to_be_compared(sections, query, chunk_count)
        if section.section.tokens is None
    ]


def read_tokens(sections: Sequence[Candidate], embedder: Embedder) -> None:
    """Read the tokens of *sections*, unless *embedder* has no time for it."""
    texts = [
        Chunk(section.chunk.heading, section.chunk.text).searchable_text(section.document.title)
        for section in sections
    ]
    tokens = embedder.tokens(texts)
    if tokens is not None:
        for section, rows in zip(sections, tokens, strict=True):
            section.section.tokens = rows


def compared(sections: Sequence[Candidate], query: Query, chunk_count: int) -> Sequence[Candidate]:
    """*sections*, best first, after the best ones were compared with *query*.

    All of them are, or none.
    """
    to_compare = _to_be_compared(sections, query, chunk_count)
    if not to_compare or any(section.section.tokens is None for section in to_compare):
        return sections
    assert query.meanings is not None  # noqa: S101 - else none is to be compared
    assert query.meanings.tokens is not None  # noqa: S101
    for section in to_compare:
        assert section.section.tokens is not None  # noqa: S101
        section.interaction = interaction(query.meanings.tokens, section.section.tokens)
    return by_relevance(sections)


def _to_be_compared(
    sections: Sequence[Candidate], query: Query, chunk_count: int
) -> list[Candidate]:
    meanings = query.meanings
    if meanings is None or meanings.tokens is None or chunk_count >= LARGE_SITE:
        return []
    return quotable(sections, query)[:COMPARED]
