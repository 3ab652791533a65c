"""The two halves of the index behind a few functions: words and vectors.

SQLite: an FTS5 table ranks words by BM25; vectors are read once and compared in memory.
PostgreSQL: see :mod:`chatbot_server.storage.knowledge.postgresql`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from chatbot_server.storage.knowledge import postgresql
from chatbot_server.storage.knowledge.tables import KnowledgeChunk, KnowledgeState

Hit = tuple[int, float]


def on_postgresql(session: Session) -> bool:
    """Whether the session talks to PostgreSQL (else SQLite)."""
    return session.get_bind().dialect.name == "postgresql"


def index_chunks(
    session: Session, site_id: int, chunks: Iterable[tuple[int, Sequence[str]]]
) -> None:
    """Make chunks findable by their stems: ``(chunk id, stems)``."""
    if on_postgresql(session):
        postgresql.index_chunks(session, site_id, chunks)
        return
    rows = [
        {"chunk": chunk, "tag": _tag(site_id), "terms": " ".join(stems)} for chunk, stems in chunks
    ]
    if rows:
        statement = "INSERT INTO knowledge_terms (rowid, site, terms) VALUES (:chunk, :tag, :terms)"
        session.execute(text(statement), rows)


def match(session: Session, site_id: int, terms: Sequence[str], limit: int) -> list[Hit]:
    """Chunks of the site that hold any of *terms*, best first: ``(chunk id, score > 0)``."""
    terms = [term for term in terms if term.isalnum()]
    if not terms:
        return []
    if on_postgresql(session):
        return postgresql.match(session, site_id, terms, limit)
    either = " OR ".join(f'"{term}"' for term in terms)
    rows = session.execute(
        text(
            "SELECT rowid, bm25(knowledge_terms, 0.0, 1.0) AS score FROM knowledge_terms"
            " WHERE knowledge_terms MATCH :query ORDER BY score LIMIT :limit"
        ),
        {"query": f"site : {_tag(site_id)} AND terms : ({either})", "limit": limit},
    )
    return [(chunk, -score) for chunk, score in rows]


def known_terms(session: Session, site_id: int, terms: Sequence[str]) -> dict[str, int]:
    """In how many chunks of the site each of *terms* stands (0 included)."""
    counts = dict.fromkeys(terms, 0)
    askable = [term for term in counts if term.isalnum()]
    if on_postgresql(session):
        return counts | postgresql.known_terms(session, site_id, askable)
    for term in askable:
        counts[term] = session.execute(
            text("SELECT count(*) FROM knowledge_terms WHERE knowledge_terms MATCH :query"),
            {"query": f'site : {_tag(site_id)} AND terms : "{term}"'},
        ).scalar_one()
    return counts


def chunk_count(session: Session, site_id: int) -> int:
    """How many chunks the site has."""
    return (
        session.scalar(
            select(func.count())
            .select_from(KnowledgeChunk)
            .where(KnowledgeChunk.site_id == site_id)
        )
        or 0
    )


def nearest_rows(
    session: Session, site_id: int, model: str, vector: NDArray[np.float32], limit: int
) -> list[tuple[int, int, float]]:
    """``(document id, chunk id or -1, cosine)`` of the vectors nearest to *vector*, nearest first.

    On PostgreSQL only: those of SQLite are compared in memory.
    """
    return postgresql.nearest_rows(session, site_id, model, vector, limit)


def _tag(site_id: int) -> str:
    return f"s{int(site_id)}"


def version(session: Session, site_id: int) -> int:
    """How often the site's index changed."""
    return (
        session.scalar(select(KnowledgeState.version).where(KnowledgeState.site_id == site_id)) or 0
    )


def bump_version(session: Session, site_id: int) -> None:
    """The site's index changes with this unit of work."""
    state(session, site_id).version = KnowledgeState.version + 1
    session.flush()


def state(session: Session, site_id: int) -> KnowledgeState:
    """The site's row of state; made on first use."""
    found = session.get(KnowledgeState, site_id)
    if found is None:
        found = KnowledgeState(site_id=site_id, version=0)
        session.add(found)
        session.flush()
    return found
