"""The nearness of the words of the best sections to those of the question, in another language.

The vector of a section tells what it is about as a whole; the vectors of its words tell whether it
mentions each thing that is asked about. They are computed while the visitor waits, so only on
larger sites of pages in another language than the question.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatbot_server.retrieval.answer.decide.evidence import (
    LARGE_SITE,
    is_in_other_language,
    quotable,
)
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.index.embedder import Embedder

# The number of sections that are read: words that both languages share do not help to order them.
IN_ANOTHER_LANGUAGE = 3
# The number of sentences that are read of a section.
SENTENCES = 25


def worth_reading(sections: Sequence[Candidate], query: Query, chunk_count: int) -> list[Candidate]:
    """The best of *sections* of a larger site, if in another language than the question."""
    if query.meanings is None or chunk_count < LARGE_SITE:
        return []
    candidates = quotable(sections, query)
    if not candidates or candidates[0].match.cosine is None:
        return []
    is_in_another = is_in_other_language(candidates[0], query)
    return candidates[:IN_ANOTHER_LANGUAGE] if is_in_another else []


def read_word_nearness(sections: Sequence[Candidate], query: Query, embedder: Embedder) -> None:
    """Set the ``nearness`` of *sections*, unless *embedder* has no time for it."""
    words = query.meanings.vectors if query.meanings else {}
    content = [word.folded for word in query.content_words if word.folded in words]
    if not content:
        return
    vectors = np.stack([words[word] for word in content])
    texts = [section.sentences[:SENTENCES] for section in sections]
    rows = embedder.nearness(vectors, texts)
    if rows is not None:
        for section, row in zip(sections, rows.tolist(), strict=True):
            section.nearness = dict(zip(content, row, strict=True))
