"""Whether a page answers a question, or only speaks of something near.

No single measure tells them apart, and similarity of meaning least of all. These sums were
fitted on XQuAD's 1,190 questions, each asked with its paragraph in the index and with it
taken out, so that 90 % of the latter are refused, and tried on three small sites in French and
English; see ``docs/decisions/0004-retrieval.md``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot_server.retrieval.answer.candidates import Candidate
from chatbot_server.retrieval.answer.query import Query
from chatbot_server.retrieval.language import synonyms

# Beyond this cosine, more distance to the next document says no more.
WIDEST = 0.06
# A document whose words answer may lie this far behind the nearest one in meaning.
BEHIND = -0.01
# The answer stands in one of the first three documents, or in none.
CANDIDATES = 3


@dataclass(frozen=True)
class Evidence:
    """What speaks for a passage.

    Attributes:
        together: share of the query's weight that stands in two neighbouring sentences.
        words: BM25 of the passage over the logarithm of the index's size.
        names: share of the query's names that stand in the passage.
        missing: share of the query's content words that do not.
        lead: cosine above the best other document's; None without vectors.
    """

    together: float
    words: float
    names: float
    missing: float
    lead: float | None = None

    @property
    def strength(self) -> float:
        """How much speaks for the passage, beyond what is enough; below 0, too little does."""
        if self.lead is None:
            by_words = self.together + 0.45 * self.names - 0.6 * self.missing
            return by_words + 0.19 * self.words - 1.22
        lead = min(max(self.lead, BEHIND), WIDEST)
        by_words = self.together + 0.1 * self.names - 0.8 * self.missing
        return by_words + 0.07 * self.words + 18 * lead - 0.68


def best_of(candidates: Sequence[Candidate], query: Query, chunk_count: int) -> Candidate | None:
    """The candidate that answers best, if enough speaks for it.

    *chunk_count* is the size of the index that was searched.
    """
    first = candidates[:CANDIDATES]
    strengths = [gather_evidence(candidate, query, chunk_count).strength for candidate in first]
    strength, best = max(
        zip(strengths, first, strict=True), key=lambda pair: pair[0], default=(-1.0, None)
    )
    return best if strength >= 0 else None


def gather_evidence(candidate: Candidate, query: Query, chunk_count: int) -> Evidence:
    """What speaks for *candidate*."""
    sentences = candidate.sentences
    pairs = [" ".join(sentences[at : at + 2]) for at in range(max(1, len(sentences) - 1))]
    missing = sum(1 for word in query.content_words if not word.is_in(candidate.terms))
    names = [synonyms.word(name, query.languages) for name in query.names]
    names_there = sum(1 for name in names if name.stems & candidate.terms)
    return Evidence(
        together=max(query.coverage(query.parse(pair).terms) for pair in pairs),
        words=candidate.hit.words / math.log(max(chunk_count, 2) + 1),
        names=names_there / len(names) if names else 1.0,
        missing=missing / len(query.content_words) if query.content_words else 1.0,
        lead=candidate.lead,
    )
