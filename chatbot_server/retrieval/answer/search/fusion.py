"""Fusion of both searches: the scores of words and of meaning become one order of documents.

The numbers were chosen on the CNIL's FAQ and on XQuAD together, see
``docs/decisions/0004-retrieval.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.index.vectors import Vector

MEANING_WEIGHT = 0.6
TITLE_WEIGHT = 0.45
# How many of the nearest documents by meaning count. Further ones are noise, and would compress the
# scale of these.
MOST_BY_MEANING = 100
# The share of its hubness that is subtracted from a chunk's cosine. In a fit of the order of
# sections on fourteen small sites, each left out once, the right section is first for 0.83 instead
# of 0.75 of the questions (together with the length of sections, see candidates.py).
HUB_WEIGHT = 0.7
# The margin of a document that is the only hit.
ALONE = 0.02


@dataclass(frozen=True)
class VectorRows:
    """The vectors that were compared with the question's, one per row.

    Attributes:
        documents: the document of each row.
        chunks: the chunk of each row; negative for the vector of a title or wording.
        cosines: similarity to the question.
        hubness: similarity to the mean of many questions, see :mod:`.hubs`.
    """

    documents: NDArray[np.int64]
    chunks: NDArray[np.int64]
    cosines: Vector
    hubness: Vector


@dataclass(frozen=True)
class WordRow:
    """A chunk with words of the question, its BM25 ``score`` and its document's ``title``."""

    document: int
    chunk: int
    score: float
    title: str


@dataclass(frozen=True)
class ChunkMatch:
    """How well one chunk matches the question.

    Attributes:
        words: BM25.
        cosine: None if the chunk has no vector.
        hubness: similarity to any question.
    """

    words: float = 0.0
    cosine: float | None = None
    hubness: float = 0.0

    @property
    def nearness(self) -> float | None:
        """Similarity to this question beyond that to any question."""
        return None if self.cosine is None else self.cosine - HUB_WEIGHT * self.hubness


@dataclass(frozen=True)
class Hit:
    """A document that was found.

    Attributes:
        score: the fused score, 0…1; comparable within one search only.
        chunk: the id of the best chunk.
        meaning: weighted mean of the cosines of title and best chunk; 0 without vectors.
        word_score: BM25 of the best chunk.
        title_cosine, text_cosine: the cosines of the title and of the best chunk.
        matches: the match of each chunk that was found, by chunk id.
    """

    document: int
    score: float
    chunk: int
    meaning: float = 0.0
    word_score: float = 0.0
    title_cosine: float = 0.0
    text_cosine: float = 0.0
    matches: Mapping[int, ChunkMatch] = field(default_factory=dict)


@dataclass(frozen=True)
class MeaningMatch:
    """How near in meaning a document is; ``chunk`` is the id of its nearest chunk."""

    meaning: float
    title: float
    text: float
    chunk: int


@dataclass(frozen=True)
class WordMatch:
    """How well the words of a document match; ``chunk`` is the id of its best chunk."""

    score: float
    chunk: int


def nearest(rows: VectorRows, sharing: Mapping[int, int]) -> dict[int, MeaningMatch]:
    """The documents nearest in meaning, by document id.

    Args:
        sharing: for documents that share their title with others, how many have it. Such a title
            says little about each of them, so its weight is divided by the square root of their
            number (XQuAD, recall@1: 0.952 → 0.961).
    """
    documents, chunks, cosines = rows.documents, rows.chunks, rows.cosines
    if not len(documents):
        return {}
    ids, inverse = np.unique(documents, return_inverse=True)
    titles = np.full(len(ids), -1.0)
    texts = np.full(len(ids), -1.0)
    is_title = chunks < 0
    np.maximum.at(titles, inverse[is_title], cosines[is_title])
    np.maximum.at(texts, inverse[~is_title], cosines[~is_title])
    titles = np.where(titles < -0.5, texts, titles)
    texts = np.where(texts < -0.5, titles, texts)
    sharing_counts = np.array([sharing.get(int(document), 1) for document in ids])
    weight = TITLE_WEIGHT / np.sqrt(sharing_counts)
    both = weight * titles + (1 - weight) * texts
    order = np.argsort(-both, kind="stable")[:MOST_BY_MEANING]
    nearest_chunks: dict[int, int] = {}
    texts_of_order = np.nonzero(~is_title & np.isin(inverse, order))[0]
    for row in texts_of_order[np.argsort(-cosines[texts_of_order], kind="stable")]:
        nearest_chunks.setdefault(int(inverse[row]), int(chunks[row]))
    return {
        int(ids[at]): MeaningMatch(
            float(both[at]), float(titles[at]), float(texts[at]), nearest_chunks[int(at)]
        )
        for at in order
        if int(at) in nearest_chunks
    }


def fused(
    near: Mapping[int, MeaningMatch],
    by_word: Mapping[int, WordMatch],
    limit: int,
    entry: int | None = None,
) -> list[Hit]:
    """The best *limit* documents of both searches, best first; and *entry*, if it was found."""
    weight = MEANING_WEIGHT if near else 0.0
    by_meaning = scaled({document: match.meaning for document, match in near.items()})
    by_words = scaled({document: match.score for document, match in by_word.items()})
    scores = {
        # The cube makes a clear winner by meaning count more than many near equals.
        document: weight * by_meaning.get(document, 0.0) ** 3
        + (1 - weight) * by_words.get(document, 0.0)
        for document in {**near, **by_word}
    }
    documents = sorted(scores, key=lambda document: (-scores[document], document))
    best = documents[:limit]
    if entry in scores and entry not in best:
        best.append(entry)
    return [_hit(each, scores[each], near.get(each), by_word.get(each)) for each in best]


def _hit(document: int, score: float, near: MeaningMatch | None, by_word: WordMatch | None) -> Hit:
    """The hit of a document that one or both searches found; its best chunk by words goes first."""
    chunk = by_word.chunk if by_word else near.chunk if near else 0
    words = by_word.score if by_word else 0.0
    if near is None:
        return Hit(document, score, chunk, word_score=words)
    return Hit(document, score, chunk, near.meaning, words, near.title, near.text)


def with_matches(
    hits: Sequence[Hit], word_rows: Sequence[WordRow], vector_rows: VectorRows | None
) -> list[Hit]:
    """*hits*, each with the matches of its chunks.

    PostgreSQL returns only the nearest vectors: other chunks of the same documents are assumed
    to be as near as the farthest of these.
    """
    scores: dict[int, dict[int, float]] = {hit.document: {} for hit in hits}
    for row in word_rows:
        if row.document in scores:
            scores[row.document][row.chunk] = row.score
    nearest_chunks: dict[int, dict[int, ChunkMatch]] = {}
    farthest = ChunkMatch()
    if vector_rows is not None and len(vector_rows.documents):
        farthest = ChunkMatch(
            0.0, float(vector_rows.cosines.min()), float(vector_rows.hubness.mean())
        )
        is_of_hits = np.isin(vector_rows.documents, list(scores))
        rows = vector_rows
        columns = (rows.documents, rows.chunks, rows.cosines, rows.hubness)
        for document, chunk, cosine, hubness in zip(
            *(column[is_of_hits].tolist() for column in columns), strict=True
        ):
            of_document = nearest_chunks.setdefault(document, {})
            if chunk >= 0:
                of_document[chunk] = ChunkMatch(0.0, cosine, hubness)

    def match_of(document: int, chunk: int) -> ChunkMatch:
        words = scores[document].get(chunk, 0.0)
        if document not in nearest_chunks:
            return ChunkMatch(words)
        match = nearest_chunks[document].get(chunk, farthest)
        return ChunkMatch(words, match.cosine, match.hubness)

    return [
        replace(
            hit,
            matches={
                chunk: match_of(hit.document, chunk)
                for chunk in {
                    hit.chunk,
                    *scores[hit.document],
                    *nearest_chunks.get(hit.document, ()),
                }
            },
        )
        for hit in hits
    ]


def lead(hit: Hit, hits: Sequence[Hit]) -> float | None:
    """How far *hit* is ahead of the best other hit in meaning; None without vectors."""
    if not hit.meaning:
        return None
    others = [other.meaning for other in hits if other.document != hit.document]
    return hit.meaning - max(others) if others else ALONE


def margin(hits: Sequence[Hit]) -> float:
    """Distance of the best document to the second: by meaning, or by words without vectors."""
    first, others = hits[0], hits[1:]
    if not others:
        return ALONE
    by_meaning = lead(first, hits)
    if by_meaning is not None:
        return by_meaning
    # A tenth of the relative distance in BM25 is about as large as a distance of cosines.
    lead_by_words = first.word_score - max(hit.word_score for hit in others)
    return lead_by_words / (first.word_score or 1.0) / 10


def scaled(scores: Mapping[int, float]) -> dict[int, float]:
    """*scores* scaled to 0…1, so that the lowest is 0, like that of a document without a score."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high <= low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}
