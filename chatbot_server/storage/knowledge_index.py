"""The two halves of the index behind a few functions: words and vectors.

SQLite: an FTS5 table ranks words by BM25; vectors are read once and compared in memory.
PostgreSQL: ``tsvector`` with our own weighting by rarity (its ``ts_rank`` knows none), and
pgvector compares the vectors in the database.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from chatbot_server.storage.knowledge import HalfVector, KnowledgeChunk, KnowledgeState

Vector = NDArray[np.float32]
Hit = tuple[int, float]


def on_postgresql(session: Session) -> bool:
    """Whether the session talks to PostgreSQL (else SQLite)."""
    return session.get_bind().dialect.name == "postgresql"


def index_chunks(
    session: Session, site_id: int, chunks: Iterable[tuple[int, Sequence[str]]]
) -> None:
    """Make chunks findable by their stems: ``(chunk id, stems)``."""
    if on_postgresql(session):
        statement = (
            "INSERT INTO knowledge_terms (chunk_id, site_id, terms)"
            " VALUES (:chunk, :site, to_tsvector('simple', :terms))"
        )
    else:
        statement = "INSERT INTO knowledge_terms (rowid, site, terms) VALUES (:chunk, :tag, :terms)"
    rows = [
        {"chunk": chunk, "site": site_id, "tag": _tag(site_id), "terms": " ".join(stems)}
        for chunk, stems in chunks
    ]
    if rows:
        session.execute(text(statement), rows)


def match(session: Session, site_id: int, terms: Sequence[str], limit: int) -> list[Hit]:
    """Chunks of the site that hold any of *terms*, best first: ``(chunk id, score > 0)``."""
    terms = [term for term in terms if term.isalnum()]
    if not terms:
        return []
    if on_postgresql(session):
        return _match_postgresql(session, site_id, terms, limit)
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
    counts = {}
    for term in terms:
        if not term.isalnum():
            counts[term] = 0
        elif on_postgresql(session):
            counts[term] = session.execute(
                text(
                    "SELECT count(*) FROM knowledge_terms"
                    " WHERE site_id = :site AND terms @@ to_tsquery('simple', :term)"
                ),
                {"site": site_id, "term": f"'{term}'"},
            ).scalar_one()
        else:
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


def _match_postgresql(
    session: Session, site_id: int, terms: Sequence[str], limit: int
) -> list[Hit]:
    total = session.execute(
        text("SELECT count(*) FROM knowledge_terms WHERE site_id = :site"), {"site": site_id}
    ).scalar_one()
    counts = known_terms(session, site_id, terms)
    parts: list[str] = []
    values: dict[str, object] = {"site": site_id, "limit": limit}
    for number, term in enumerate(term for term in terms if counts[term]):
        rarity = math.log(1 + (total - counts[term] + 0.5) / (counts[term] + 0.5))
        parts.append(f"(terms @@ to_tsquery('simple', :t{number}))::int * {rarity:.6f}")
        values[f"t{number}"] = f"'{term}'"
    if not parts:
        return []
    values["any"] = " | ".join(f"'{term}'" for term in terms)
    rows = session.execute(
        text(
            # Long chunks hold more words by chance; 1.2 and 0.75 as in BM25, with one hit a term.
            f"SELECT chunk_id, ({' + '.join(parts)}) / (0.25 + 0.75 * length(terms) / 60.0 + 1.2)"  # noqa: S608
            " AS score FROM knowledge_terms WHERE site_id = :site"
            " AND terms @@ to_tsquery('simple', :any) ORDER BY score DESC, chunk_id LIMIT :limit"
        ),
        values,
    )
    return [(chunk, float(score)) for chunk, score in rows]


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


def nearest_rows(
    session: Session, site_id: int, model: str, vector: Vector, limit: int
) -> list[tuple[int, int, float]]:
    """PostgreSQL only: ``(document id, chunk id or -1, cosine)`` of the nearest vectors."""
    rows = session.execute(
        text(
            "SELECT document_id, coalesce(chunk_id, -1), 1 - (vector <=> :vector) AS cosine"
            " FROM knowledge_vector WHERE site_id = :site AND model = :model"
            " ORDER BY vector <=> :vector LIMIT :limit"
        ).bindparams(bindparam("vector", type_=HalfVector())),
        {"vector": vector, "site": site_id, "model": model, "limit": limit},
    )
    return [(document, chunk, float(cosine)) for document, chunk, cosine in rows]
