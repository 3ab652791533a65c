"""Queries on the tokens of sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, select
from sqlalchemy.orm import Session

from chatbot_server.storage.base import Base, UnitOfWork
from chatbot_server.storage.knowledge.tables import (
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeTokens,
)

# Built once: building a statement takes longer than running it.
_TOKENS = Base.metadata.tables[KnowledgeTokens.__tablename__]
_OF_CHUNKS = select(_TOKENS.c.chunk_id, _TOKENS.c.numbers).where(
    _TOKENS.c.chunk_id.in_(bindparam("chunks", expanding=True)),
    _TOKENS.c.fit == bindparam("fit"),
)


_OF_SITE = (
    select(KnowledgeChunk.id, _TOKENS.c.numbers)
    .join(KnowledgeDocument, KnowledgeDocument.id == KnowledgeChunk.document_id)
    .outerjoin(
        _TOKENS, and_(_TOKENS.c.chunk_id == KnowledgeChunk.id, _TOKENS.c.fit == bindparam("fit"))
    )
    .where(KnowledgeChunk.site_id == bindparam("site_id"), KnowledgeDocument.faq.is_(False))
)
_MISSING_OF_SITE = _OF_SITE.where(_TOKENS.c.chunk_id.is_(None)).limit(1)


def tokens_of_site(unit: UnitOfWork, site_id: int, fit: str) -> dict[int, bytes] | None:
    """The numbers of *fit* of all chunks of a site's pages; None while some have none."""
    of_site = {"site_id": site_id, "fit": fit}
    if unit.execute(_MISSING_OF_SITE, of_site).first() is not None:
        return None
    return {row[0]: row[1] for row in unit.execute(_OF_SITE.order_by(KnowledgeChunk.id), of_site)}


def stored_tokens(unit: UnitOfWork, chunk_ids: Sequence[int], fit: str) -> dict[int, bytes]:
    """The packed rows of tokens of *fit*, by chunk id, for chunks that have some."""
    rows = unit.execute(_OF_CHUNKS, {"chunks": list(chunk_ids), "fit": fit})
    return {row[0]: row[1] for row in rows}


def documents_without_tokens(session: Session, fit: str, large: int) -> Sequence[int]:
    """Pages with chunks without tokens of *fit*, of sites with fewer than *large* chunks."""
    query = _with_tokens(fit).where(
        KnowledgeTokens.chunk_id.is_(None),
        KnowledgeDocument.faq.is_(False),
        KnowledgeChunk.site_id.not_in(_large_sites(large)),
    )
    ids = query.with_only_columns(KnowledgeDocument.id).distinct().order_by(KnowledgeDocument.id)
    return session.scalars(ids).all()


def chunks_without_tokens(session: Session, document_id: int, fit: str) -> Sequence[KnowledgeChunk]:
    """The chunks of a document that have no tokens of *fit*."""
    query = _with_tokens(fit).where(
        KnowledgeTokens.chunk_id.is_(None), KnowledgeChunk.document_id == document_id
    )
    return session.scalars(query.order_by(KnowledgeChunk.position)).all()


def add_tokens(session: Session, fit: str, numbers: dict[int, bytes]) -> None:
    """Store the *numbers* of each chunk, in place of those of another fit."""
    session.execute(delete(KnowledgeTokens).where(KnowledgeTokens.chunk_id.in_(numbers)))
    session.add_all(
        KnowledgeTokens(chunk_id=chunk, fit=fit, numbers=its) for chunk, its in numbers.items()
    )


def forget_tokens_of_large_sites(session: Session, large: int) -> None:
    """Delete the tokens of sites that have grown to *large* chunks, which nobody compares."""
    chunks = select(KnowledgeChunk.id).where(KnowledgeChunk.site_id.in_(_large_sites(large)))
    session.execute(
        delete(KnowledgeTokens).where(KnowledgeTokens.chunk_id.in_(chunks)),
        execution_options={"synchronize_session": False},
    )


def _with_tokens(fit: str) -> Any:
    """Chunks with their documents, and their tokens of *fit* or none."""
    of_fit = and_(KnowledgeTokens.chunk_id == KnowledgeChunk.id, KnowledgeTokens.fit == fit)
    return (
        select(KnowledgeChunk)
        .join(KnowledgeDocument, KnowledgeDocument.id == KnowledgeChunk.document_id)
        .outerjoin(KnowledgeTokens, of_fit)
    )


def _large_sites(large: int) -> Any:
    counts = select(KnowledgeChunk.site_id).group_by(KnowledgeChunk.site_id)
    return counts.having(func.count() >= large)
