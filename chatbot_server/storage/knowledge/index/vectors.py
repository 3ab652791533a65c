"""Queries on the vectors of chunks, titles and wordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, bindparam, delete, select, text
from sqlalchemy.orm import Session

from chatbot_server.storage.base import Base, UnitOfWork
from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgeVector

ROWS_AT_ONCE = 2000
# Built once: building a statement takes longer than running it.
_VECTORS = Base.metadata.tables[KnowledgeVector.__tablename__]
_OF_CHUNKS = select(_VECTORS.c.chunk_id, _VECTORS.c.vector).where(
    _VECTORS.c.chunk_id.in_(bindparam("chunks", expanding=True)),
    _VECTORS.c.model == bindparam("model"),
)


def embedded_chunks(session: Session, document_id: int, model: str) -> set[int | None]:
    """The chunks of a document with a vector of *model*; None stands for its title and wordings."""
    return set(
        session.scalars(
            select(KnowledgeVector.chunk_id)
            .where(KnowledgeVector.document_id == document_id, KnowledgeVector.model == model)
            .distinct()
        )
    )


def chunk_vectors(
    unit: UnitOfWork, chunk_ids: Sequence[int], model: str
) -> dict[int, NDArray[np.float32]]:
    """The vectors of *model*, by chunk, for those chunks that have one."""
    rows = unit.execute(_OF_CHUNKS, {"chunks": list(chunk_ids), "model": model})
    return {row[0]: row[1] for row in rows}


def add_vectors(
    session: Session, document: KnowledgeDocument, model: str, vectors: Iterable[KnowledgeVector]
) -> None:
    """Add *vectors* of *model* to the document, and delete those of other models."""
    session.execute(
        delete(KnowledgeVector).where(
            KnowledgeVector.document_id == document.id, KnowledgeVector.model != model
        )
    )
    session.add_all(vectors)


def forget_vectors(session: Session, document_id: int) -> None:
    """Delete the vectors of a document, because its title or wordings have changed."""
    session.execute(delete(KnowledgeVector).where(KnowledgeVector.document_id == document_id))


def vector_ids(unit: UnitOfWork, site_id: int, model: str) -> NDArray[np.int64]:
    """The ids of the site's vectors of *model*."""
    rows = unit.execute(
        text("SELECT id FROM knowledge_vector WHERE site_id = :site AND model = :model"),
        {"site": site_id, "model": model},
    )
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def embedded_chunk_count(unit: UnitOfWork, site_id: int, model: str) -> int:
    """How many of the site's chunks have a vector of *model*."""
    query = text(
        "SELECT count(chunk_id) FROM knowledge_vector WHERE site_id = :site AND model = :model"
    )
    return unit.scalar(query, {"site": site_id, "model": model}) or 0


def vectors_after(
    unit: UnitOfWork, site_id: int, model: str, last: int
) -> Iterator[Sequence[Row[Any]]]:
    """Batches of ``(id, document, chunk or -1, float16 bytes)`` of vectors with ids above *last*.

    For SQLite only: PostgreSQL compares vectors itself.
    """
    return unit.execute(
        text(
            "SELECT id, document_id, coalesce(chunk_id, -1), vector FROM knowledge_vector"
            " WHERE site_id = :site AND model = :model AND id > :last ORDER BY id"
        ),
        {"site": site_id, "model": model, "last": last},
    ).partitions(ROWS_AT_ONCE)
