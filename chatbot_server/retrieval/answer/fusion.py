"""Two opinions made one: what words say of each document, and what meaning says.

The numbers were chosen on the CNIL's FAQ and on XQuAD together, see
``docs/decisions/0004-retrieval.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatbot_server.retrieval.index.vectors import Vector

MEANING_WEIGHT = 0.6
TITLE_WEIGHT = 0.45
# Documents beyond the hundredth by meaning are noise that would squeeze the scale of the rest.
COMPARED = 100


@dataclass(frozen=True)
class Hit:
    """A document found.

    Attributes:
        score: fused, 0…1; comparable within one search only.
        chunk: its best chunk's id.
        meaning: cosine of title and best chunk with the question, weighted; 0 without vectors.
        words: BM25 of its best chunk.
        title, text: cosines of title and of best chunk.
    """

    document: int
    score: float
    chunk: int
    meaning: float = 0.0
    words: float = 0.0
    title: float = 0.0
    text: float = 0.0


@dataclass(frozen=True)
class Near:
    """How near in meaning a document is: ``chunk`` is its nearest one's id."""

    meaning: float
    title: float
    text: float
    chunk: int


@dataclass(frozen=True)
class Worded:
    """How well a document's words match: ``chunk`` is its best one's id."""

    score: float
    chunk: int


def nearest(
    documents: NDArray[np.int64],
    chunks: NDArray[np.int64],
    cosines: Vector,
    sharing: Mapping[int, int],
) -> dict[int, Near]:
    """The documents nearest in meaning, from one row per vector.

    *chunks* is negative where a row is the vector of a title. *sharing* tells for documents
    whose title is not theirs alone how many have it: such a title says little about any of
    them, and weighs less by the square root (XQuAD, recall@1: 0.952 → 0.961).
    """
    if not len(documents):
        return {}
    known, inverse = np.unique(documents, return_inverse=True)
    titles = np.full(len(known), -1.0)
    texts = np.full(len(known), -1.0)
    is_title = chunks < 0
    np.maximum.at(titles, inverse[is_title], cosines[is_title])
    np.maximum.at(texts, inverse[~is_title], cosines[~is_title])
    titles = np.where(titles < -0.5, texts, titles)
    texts = np.where(texts < -0.5, titles, texts)
    shared = np.array([sharing.get(int(document), 1) for document in known])
    weight = TITLE_WEIGHT / np.sqrt(shared)
    both = weight * titles + (1 - weight) * texts
    order = np.argsort(-both, kind="stable")[:COMPARED]
    best = _nearest_chunks(inverse, chunks, cosines, set(order.tolist()))
    return {
        int(known[at]): Near(float(both[at]), float(titles[at]), float(texts[at]), best[int(at)])
        for at in order
        if int(at) in best
    }


def _nearest_chunks(
    inverse: NDArray[np.intp], chunks: NDArray[np.int64], cosines: Vector, wanted: set[int]
) -> dict[int, int]:
    best: dict[int, int] = {}
    rows = np.nonzero((chunks >= 0) & np.isin(inverse, list(wanted)))[0]
    for row in rows[np.argsort(-cosines[rows], kind="stable")]:
        best.setdefault(int(inverse[row]), int(chunks[row]))
    return best


def fused(near: Mapping[int, Near], worded: Mapping[int, Worded]) -> list[Hit]:
    """All documents of both, best first."""
    weight = MEANING_WEIGHT if near else 0.0
    # Cubed, a meaning that knows one clear winner outweighs one that is undecided.
    by_meaning = scaled({key: one.meaning for key, one in near.items()})
    by_words = scaled({key: one.score for key, one in worded.items()})
    hits = [
        _hit(
            document,
            weight * by_meaning.get(document, 0.0) ** 3
            + (1 - weight) * by_words.get(document, 0.0),
            near.get(document),
            worded.get(document),
        )
        for document in {**near, **worded}
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.document))


def _hit(document: int, score: float, near: Near | None, worded: Worded | None) -> Hit:
    chunk = worded.chunk if worded else near.chunk if near else 0
    words = worded.score if worded else 0.0
    if near is None:
        return Hit(document, score, chunk, words=words)
    return Hit(document, score, chunk, near.meaning, words, near.title, near.text)


def scaled(scores: Mapping[int, float]) -> dict[int, float]:
    """*scores* brought to 0…1, the lowest to 0; what is missing counts as the lowest."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high <= low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}
