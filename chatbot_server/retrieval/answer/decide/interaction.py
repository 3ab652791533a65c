"""Compares the best sections of a small site with the question, word by word.

Neither the vector of a section, which tells its subject as a whole, nor words that it shares with
the question show that “Dogs are welcome on a lead” answers “Can I bring my spaniel?”.
:mod:`~chatbot_server.retrieval.index.late_interaction` does.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot_server.retrieval.answer.decide.evidence import LARGE_SITE, quotable
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidates import Candidate
from chatbot_server.retrieval.index.chunks import Chunk
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.late_interaction import interaction
from chatbot_server.retrieval.index.tokens import load_tokens
from chatbot_server.storage.base import UnitOfWork

# The number of sections that are compared. Their tokens are cached as long as their texts.
MOST_COMPARED = 8
# The languages of the questions that the comparison was fitted on. In others it is less certain:
# “Die Kaution beträgt 100 €” scores low as an answer to “Wie hoch ist die Kaution?”.
FITTED_LANGUAGES = frozenset({"fr", "en"})


def to_be_compared(
    sections: Sequence[Candidate], query: Query, chunk_count: int
) -> list[Candidate]:
    """Those of *sections* that are to be compared with *query*."""
    has_tokens = query.meanings is not None and query.meanings.tokens is not None
    if not has_tokens or query.language not in FITTED_LANGUAGES or chunk_count >= LARGE_SITE:
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
    of_sections = [tokens for each in sections if (tokens := each.section.tokens) is not None]
    if of_question is not None and len(of_sections) == len(sections):
        for section, rows in zip(sections, of_sections, strict=True):
            section.interaction = interaction(of_question, rows)
