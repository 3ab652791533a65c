"""A closer look at the best sections: their words beside those of the question.

A section's vector tells what it is about; whether it speaks of each thing that is asked, its words
tell one by one. They are read while the visitor waits, so only where that may change the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatbot_server.retrieval.answer.decide.evidence import (
    LARGE_SITE,
    SMALL_SITE,
    gather_evidence,
    quotable,
    weigh,
)
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.sections.candidates import Candidate
from chatbot_server.retrieval.index.embedder import Embedder

# Of another language, words do not tell which section is the best, and so many are read. Not on
# small sites, where meaning tells enough: the right one is first for 23 of 25, instead of for 20.
IN_ANOTHER_LANGUAGE = 3
# Sentences of a section that are read.
SENTENCES = 25


def worth_reading(sections: Sequence[Candidate], query: Query, chunk_count: int) -> list[Candidate]:
    """Those of *sections* whose words may decide: the best one, where it is in doubt on a small
    site whether it answers; on a larger one, the best ones of another language than the question.
    """
    may = quotable(sections, query) if query.meanings is not None else []
    if not may:
        return []
    evidence = gather_evidence(may, query, chunk_count)
    if evidence.cosine is None:
        return []
    if evidence.other_language and chunk_count > SMALL_SITE:
        return may[:IN_ANOTHER_LANGUAGE]
    is_open = chunk_count < LARGE_SITE and weigh(evidence).is_doubtful
    return may[:1] if is_open else []


def read(sections: Sequence[Candidate], query: Query, embedder: Embedder) -> None:
    """Put into *sections* how near their words are to those of *query*, if there is time for it."""
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
