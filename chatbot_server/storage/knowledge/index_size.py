"""How much all sites together know."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from chatbot_server.storage.knowledge.tables import KnowledgeChunk, KnowledgeDocument


@dataclass(frozen=True)
class IndexSize:
    """*chunks_waiting*: those whose document has no vectors yet."""

    documents: int
    chunks: int
    chunks_waiting: int


def index_size(session: Session, model: str | None) -> IndexSize:
    """The size of the index, with vectors of *model*; None: nothing waits for any."""
    documents = session.scalar(select(func.count()).select_from(KnowledgeDocument)) or 0
    chunks = session.scalar(select(func.count()).select_from(KnowledgeChunk)) or 0
    if model is None:
        return IndexSize(documents, chunks, 0)
    has_none = or_(KnowledgeDocument.embedded_by.is_(None), KnowledgeDocument.embedded_by != model)
    waiting = session.scalar(
        select(func.count())
        .select_from(KnowledgeChunk)
        .join(KnowledgeDocument, KnowledgeDocument.id == KnowledgeChunk.document_id)
        .where(has_none)
    )
    return IndexSize(documents, chunks, waiting or 0)
