"""The index of terms: which chunks of a site contain them, ranked by BM25.

This is an FTS5 table on SQLite; for PostgreSQL see
:mod:`chatbot_server.storage.knowledge.index.postgresql`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from chatbot_server.storage.base import UnitOfWork, connection_of
from chatbot_server.storage.direct import rows_of
from chatbot_server.storage.knowledge.index import postgresql


def on_postgresql(unit: UnitOfWork) -> bool:
    """Whether *unit* talks to PostgreSQL (else SQLite)."""
    return connection_of(unit).dialect.name == "postgresql"


def index_chunks(
    session: Session, site_id: int, chunks: Iterable[tuple[int, Sequence[str]]]
) -> None:
    """Index chunks by their stems: ``(chunk id, stems)``."""
    if on_postgresql(session):
        postgresql.index_chunks(session, site_id, chunks)
        return
    rows = [
        {"chunk": chunk, "tag": _tag(site_id), "terms": " ".join(stems)} for chunk, stems in chunks
    ]
    if rows:
        statement = "INSERT INTO knowledge_terms (rowid, site, terms) VALUES (:chunk, :tag, :terms)"
        session.execute(text(statement), rows)


_MATCH = (
    "SELECT rowid, bm25(knowledge_terms, 0.0, 1.0) AS score FROM knowledge_terms"
    " WHERE knowledge_terms MATCH ? ORDER BY score LIMIT ?"
)


def match(
    unit: UnitOfWork, site_id: int, terms: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    """Chunks of the site with any of *terms*, best first: ``(chunk id, score > 0)``."""
    terms = [term for term in terms if term.isalnum()]
    if not terms:
        return []
    if on_postgresql(unit):
        return postgresql.match(unit, site_id, terms, limit)
    either = " OR ".join(f'"{term}"' for term in terms)
    query = f"site : {_tag(site_id)} AND terms : ({either})"
    return [(chunk, -score) for chunk, score in rows_of(unit, _MATCH, (query, limit))]


_ONE_COUNT = "(SELECT count(*) FROM knowledge_terms WHERE knowledge_terms MATCH ?)"


def known_terms(unit: UnitOfWork, site_id: int, terms: Sequence[str]) -> dict[str, int]:
    """How many chunks of the site contain each of *terms* (0 included)."""
    counts = dict.fromkeys(terms, 0)
    askable = [term for term in counts if term.isalnum()]
    if on_postgresql(unit):
        return counts | postgresql.known_terms(unit, site_id, askable)
    if not askable:
        return counts
    columns = ", ".join([_ONE_COUNT] * len(askable))
    patterns = tuple(f'site : {_tag(site_id)} AND terms : "{term}"' for term in askable)
    (row,) = rows_of(unit, f"SELECT {columns}", patterns)
    return counts | dict(zip(askable, row, strict=True))


def _tag(site_id: int) -> str:
    return f"s{int(site_id)}"
