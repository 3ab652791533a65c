"""Hybrid search: words and meaning, fused by min–max weights.

The numbers were chosen on the CNIL's FAQ and on XQuAD together, see
``docs/decisions/0004-retrieval.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from chatbot_server.retrieval import acronyms, stems
from chatbot_server.retrieval.semantic import Embedder, Vector
from chatbot_server.retrieval.vectors import VectorTables
from chatbot_server.storage import knowledge_index
from chatbot_server.storage.knowledge import KnowledgeAcronym, KnowledgeChunk, KnowledgeDocument

MEANING_WEIGHT = 0.7
TITLE_WEIGHT = 0.4
# A title that repeats the question: without vectors MRR 0.50 → 0.55, with them no change.
TITLE_BONUS = 0.3
# Documents beyond the hundredth by meaning are noise that would squeeze the scale of the rest.
COMPARED = 100
KEYWORD_HITS = 300
# A word in more than this share of the chunks is the name of the owner, or of the subject.
COMMON = 0.3
POSTGRESQL_ROWS = 1000

Near = tuple[float, float]


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


class Searcher:
    """Searches one database; holds what is worth keeping between questions."""

    def __init__(self, embedder: Embedder | None) -> None:
        self.embedder = embedder
        self._tables = VectorTables(embedder.model if embedder else "")
        self._glossaries: dict[int, tuple[int, dict[str, tuple[str, ...]]]] = {}

    def search(self, session: Session, site_id: int, question: str, limit: int = 10) -> list[Hit]:
        """Documents of the site for *question*, best first."""
        owners, words = self._by_words(session, site_id, question)
        vector = self._vector(session, site_id, question)
        if vector is None:
            return _ranked({}, {}, owners, words)[:limit]
        near, best = self._by_meaning(session, site_id, vector)
        return _ranked(near, best, owners, words)[:limit]

    def _vector(self, session: Session, site_id: int, question: str) -> Vector | None:
        """The mean of the question's forms, with acronyms and written out.

        On the CNIL's FAQ: MRR 0.70 → 0.77. The same words added to the keyword search
        drown the question's own (0.50 → 0.46).
        """
        if self.embedder is None:
            return None

        def common(short: str) -> bool:
            return self._is_common(session, site_id, short)

        forms = acronyms.variants(question, self.glossary(session, site_id), common)
        vectors = [self.embedder.query(form) for form in forms]
        found = [vector for vector in vectors if vector is not None]
        if not found:
            return None
        mean: Vector = np.mean(found, axis=0)
        return mean / (np.linalg.norm(mean) or 1.0)

    def _is_common(self, session: Session, site_id: int, word: str) -> bool:
        """Whether a word stands in so many chunks that it distinguishes none."""
        terms = [stems.stem(word, language) for language in stems.LANGUAGES]
        counts = knowledge_index.known_terms(session, site_id, terms)
        return max(counts.values()) > COMMON * knowledge_index.chunk_count(session, site_id)

    def glossary(self, session: Session, site_id: int) -> dict[str, tuple[str, ...]]:
        """The acronyms that the site's pages explain."""
        current = knowledge_index.version(session, site_id)
        held = self._glossaries.get(site_id)
        if held is None or held[0] != current:
            rows = session.execute(
                select(KnowledgeAcronym.short, KnowledgeAcronym.long).where(
                    KnowledgeAcronym.site_id == site_id
                )
            )
            held = (current, acronyms.glossary((row[0], row[1]) for row in rows))
            self._glossaries[site_id] = held
        return held[1]

    def _by_words(
        self, session: Session, site_id: int, question: str
    ) -> tuple[dict[int, int], dict[int, float]]:
        """Best chunk and its score, by document."""
        hits = knowledge_index.match(session, site_id, stems.query_terms(question), KEYWORD_HITS)
        owner, titles = _documents_of(session, [chunk for chunk, _score in hits])
        best: dict[int, int] = {}
        scores: dict[int, float] = {}
        asked = frozenset(stems.query_terms(question))
        for chunk, score in hits:
            document = owner[chunk]
            if document not in best:
                bonus = 1 + TITLE_BONUS * _overlap(asked, titles[document])
                best[document], scores[document] = chunk, score * bonus
        return best, scores

    def _by_meaning(
        self, session: Session, site_id: int, vector: NDArray[np.float32]
    ) -> tuple[dict[int, Near], dict[int, int]]:
        """Similarity of title and best chunk, and that chunk, by document."""
        assert self.embedder is not None  # noqa: S101 - a vector came from it
        if knowledge_index.on_postgresql(session):
            rows = knowledge_index.nearest_rows(
                session, site_id, self.embedder.model, vector, POSTGRESQL_ROWS
            )
            return _by_document(*_columns(rows))
        table = self._tables.of(session, site_id)
        if not len(table.ids):
            return {}, {}
        return _by_document(table.documents, table.chunks, table.compare(vector))


def _columns(
    rows: Sequence[tuple[int, int, float]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], Vector]:
    documents, chunks, cosines = zip(*rows, strict=True) if rows else ((), (), ())
    return (
        np.array(documents, dtype=np.int64),
        np.array(chunks, dtype=np.int64),
        np.array(cosines, dtype=np.float32),
    )


def _by_document(
    documents: NDArray[np.int64], chunks: NDArray[np.int64], cosines: NDArray[np.float32]
) -> tuple[dict[int, Near], dict[int, int]]:
    if not len(documents):
        return {}, {}
    known, inverse = np.unique(documents, return_inverse=True)
    titles = np.full(len(known), -1.0)
    texts = np.full(len(known), -1.0)
    is_title = chunks < 0
    np.maximum.at(titles, inverse[is_title], cosines[is_title])
    np.maximum.at(texts, inverse[~is_title], cosines[~is_title])
    titles = np.where(titles < -0.5, texts, titles)
    texts = np.where(texts < -0.5, titles, texts)
    both = TITLE_WEIGHT * titles + (1 - TITLE_WEIGHT) * texts
    order = np.argsort(-both, kind="stable")[:COMPARED]
    top = set(order.tolist())
    best: dict[int, int] = {}
    for row in np.argsort(-cosines, kind="stable"):
        if not is_title[row] and int(inverse[row]) in top:
            best.setdefault(int(documents[row]), int(chunks[row]))
    near = {int(known[at]): (float(titles[at]), float(texts[at])) for at in order}
    return near, best


def _ranked(
    near: Mapping[int, Near],
    nearest: Mapping[int, int],
    worded: Mapping[int, int],
    words: Mapping[int, float],
) -> list[Hit]:
    meaning = {
        document: TITLE_WEIGHT * title + (1 - TITLE_WEIGHT) * text
        for document, (title, text) in near.items()
    }
    weight = MEANING_WEIGHT if meaning else 0.0
    # Squared, a signal that knows one clear winner outweighs one that is undecided.
    by_meaning = {key: value**2 for key, value in scaled(meaning).items()}
    by_words = {key: value**2 for key, value in scaled(words).items()}
    hits = [
        Hit(
            document=document,
            score=weight * by_meaning.get(document, 0.0)
            + (1 - weight) * by_words.get(document, 0.0),
            chunk=worded[document] if document in worded else nearest[document],
            meaning=meaning.get(document, 0.0),
            words=words.get(document, 0.0),
            title=near.get(document, (0.0, 0.0))[0],
            text=near.get(document, (0.0, 0.0))[1],
        )
        for document in {**meaning, **words}
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.document))


def scaled(scores: Mapping[int, float]) -> dict[int, float]:
    """*scores* brought to 0…1, the lowest to 0; what is missing counts as the lowest."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high <= low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}


def _documents_of(session: Session, chunks: Sequence[int]) -> tuple[dict[int, int], dict[int, str]]:
    """The document of each chunk, and the title of each document."""
    rows = session.execute(
        select(KnowledgeChunk.id, KnowledgeDocument.id, KnowledgeDocument.title)
        .join(KnowledgeDocument, KnowledgeDocument.id == KnowledgeChunk.document_id)
        .where(KnowledgeChunk.id.in_(chunks))
    ).all()
    return {row[0]: row[1] for row in rows}, {row[1]: row[2] for row in rows}


def _overlap(asked: frozenset[str], title: str) -> float:
    """How much of question and title is the same, 0…1 (Dice)."""
    told = frozenset(stems.query_terms(title))
    return 2 * len(asked & told) / (len(asked) + len(told)) if asked and told else 0.0
