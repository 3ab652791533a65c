"""A closer look at the best sections: the nearness of their words to those of the question.

The vector of a section tells what it is about as a whole; the vectors of its words tell whether it
mentions each thing that is asked about. They are computed while the visitor waits, so only where
that may change the answer.
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

# The number of sections that are read where they are in another language than the question, in
# which common words do not help to order them. On small sites meaning alone does better: the right
# section is first for 23 of 25 questions instead of 20.
IN_ANOTHER_LANGUAGE = 3
# The number of sentences that are read of a section.
SENTENCES = 25


def worth_reading(sections: Sequence[Candidate], query: Query, chunk_count: int) -> list[Candidate]:
    """Those of *sections* whose words may change the answer.

    On a small site, the best one if its assessment is doubtful; on a larger site, the best ones if
    they are in another language than the question.
    """
    candidates = quotable(sections, query) if query.meanings is not None else []
    if not candidates:
        return []
    evidence = gather_evidence(candidates, query, chunk_count)
    if evidence.cosine is None:
        return []
    if evidence.other_language and chunk_count > SMALL_SITE:
        return candidates[:IN_ANOTHER_LANGUAGE]
    is_doubtful = chunk_count < LARGE_SITE and weigh(evidence).is_doubtful
    return candidates[:1] if is_doubtful else []


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
