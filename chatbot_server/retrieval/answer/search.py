"""Hybrid search: words and meaning, each asked of the index, then :mod:`fused <.fusion>`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from chatbot_server.retrieval.answer.fusion import Hit, Near, Worded, fused, nearest
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.vectors import Vector, VectorTables
from chatbot_server.retrieval.language import acronyms, stems
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge import postgresql, search_index
from chatbot_server.storage.knowledge.chunks import chunk_count, titles_of_chunks
from chatbot_server.storage.knowledge.documents import acronym_definitions, shared_title_counts
from chatbot_server.storage.knowledge.site_state import index_version

# A title that repeats the question: without vectors MRR 0.50 → 0.55, with them no change.
TITLE_BONUS = 0.3
KEYWORD_HITS = 300
# A word in more than this share of the chunks is the name of the owner, or of the subject.
COMMON = 0.3
POSTGRESQL_ROWS = 1000
# So many pages tell what an acronym stands for; more would only take longer.
DEFINITIONS = 2000


class Searcher:
    """Searches one database; holds what is worth keeping between questions."""

    def __init__(self, embedder: Embedder | None) -> None:
        self.embedder = embedder
        self._tables = VectorTables(embedder.model if embedder else "")
        self._sharing: dict[int, tuple[int, dict[int, int]]] = {}

    def search(self, database: Database, site_id: int, question: str, limit: int = 10) -> list[Hit]:
        """Documents of the site for *question*, best first."""
        vector = self._vector(database, site_id, question)
        with database.session() as session:
            worded = _by_words(session, site_id, question)
            near = {} if vector is None else self._by_meaning(session, site_id, vector)
        return fused(near, worded)[:limit]

    def _vector(self, database: Database, site_id: int, question: str) -> Vector | None:
        """The mean of the question's forms, with acronyms and written out.

        On the CNIL's FAQ: MRR 0.70 → 0.77. The same words added to the keyword search
        drown the question's own (0.50 → 0.46).
        """
        if self.embedder is None:
            return None
        with database.session() as session:
            forms = self._forms(session, site_id, question)
        # All visitors wait for one embedder: without a connection in their hands.
        vectors = [self.embedder.query(form) for form in forms]
        found = [vector for vector in vectors if vector is not None]
        if not found:
            return None
        mean: Vector = np.mean(found, axis=0)
        return mean / (np.linalg.norm(mean) or 1.0)

    def _forms(self, session: Session, site_id: int, question: str) -> list[str]:
        def common(short: str) -> bool:
            return self._is_common(session, site_id, short)

        return acronyms.variants(question, _glossary(session, site_id, question), common)

    def _is_common(self, session: Session, site_id: int, word: str) -> bool:
        """Whether a word stands in so many chunks that it distinguishes none."""
        terms = [stems.stem(word, language) for language in stems.LANGUAGES]
        counts = search_index.known_terms(session, site_id, terms)
        return max(counts.values()) > COMMON * chunk_count(session, site_id)

    def _by_meaning(self, session: Session, site_id: int, vector: Vector) -> dict[int, Near]:
        assert self.embedder is not None  # noqa: S101 - a vector came from it
        sharing = self._sharing_now(session, site_id)
        if search_index.on_postgresql(session):
            rows = postgresql.nearest_vectors(
                session, site_id, self.embedder.model, vector, POSTGRESQL_ROWS
            )
            return nearest(*_columns(rows), sharing)
        table = self._tables.of(session, site_id)
        if not len(table.ids):
            return {}
        return nearest(table.documents, table.chunks, table.compare(vector), sharing)

    def _sharing_now(self, session: Session, site_id: int) -> dict[int, int]:
        """See :func:`shared_title_counts`, asked again only when the index has changed."""
        current = index_version(session, site_id)
        version, found = self._sharing.get(site_id, (None, {}))
        if version != current:
            found = shared_title_counts(session, site_id)
            self._sharing[site_id] = (current, found)
        return found


def _glossary(session: Session, site_id: int, question: str) -> dict[str, tuple[str, ...]]:
    """What the pages say of the acronyms in *question*."""
    candidates = acronyms.candidates(question)
    return acronyms.glossary(acronym_definitions(session, site_id, candidates, DEFINITIONS))


def _by_words(session: Session, site_id: int, question: str) -> dict[int, Worded]:
    """Best chunk and its score, by document."""
    terms = stems.query_terms(question)
    hits = search_index.match(session, site_id, terms, KEYWORD_HITS)
    titles = titles_of_chunks(session, [chunk for chunk, _score in hits])
    best: dict[int, Worded] = {}
    for chunk, score in hits:
        document, title = titles.get(chunk, (None, ""))  # None: indexed anew since it was found
        if document is not None and document not in best:
            bonus = 1 + TITLE_BONUS * _overlap(frozenset(terms), title)
            best[document] = Worded(score * bonus, chunk)
    return best


def _columns(
    rows: Sequence[tuple[int, int, float]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], Vector]:
    documents, chunks, cosines = zip(*rows, strict=True) if rows else ((), (), ())
    return (
        np.array(documents, dtype=np.int64),
        np.array(chunks, dtype=np.int64),
        np.array(cosines, dtype=np.float32),
    )


def _overlap(asked: frozenset[str], title: str) -> float:
    """How much of question and title is the same, 0…1 (Dice)."""
    told = frozenset(stems.query_terms(title))
    return 2 * len(asked & told) / (len(asked) + len(told)) if asked and told else 0.0
