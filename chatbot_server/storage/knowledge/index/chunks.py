"""The pieces of documents that are indexed: the queries on chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, delete, func, select
from sqlalchemy.orm import Session

from chatbot_server.storage.base import Base, UnitOfWork
from chatbot_server.storage.knowledge.tables import (
    KnowledgeAcronym,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeVector,
)

AT_ONCE = 500
# Statements of every question are built once: building one takes longer than running it.
_CHUNKS = Base.metadata.tables[KnowledgeChunk.__tablename__]
_DOCUMENTS = Base.metadata.tables[KnowledgeDocument.__tablename__]
_COUNT = select(func.count()).select_from(_CHUNKS).where(_CHUNKS.c.site_id == bindparam("site"))
_TITLES = (
    select(_CHUNKS.c.id, _DOCUMENTS.c.id, _DOCUMENTS.c.title)
    .join(_DOCUMENTS, _DOCUMENTS.c.id == _CHUNKS.c.document_id)
    .where(_CHUNKS.c.id.in_(bindparam("chunks", expanding=True)))
)
_WITH_DOCUMENTS = select(
    *(_DOCUMENTS.c[name] for name in ("id", "title", "url", "language", "faq", "wordings")),
    case((_DOCUMENTS.c.faq, _DOCUMENTS.c.text), else_=""),
    *(_CHUNKS.c[name] for name in ("id", "heading", "text")),
).join(_CHUNKS, _CHUNKS.c.document_id == _DOCUMENTS.c.id)
_SOME = _WITH_DOCUMENTS.where(_CHUNKS.c.id.in_(bindparam("chunks", expanding=True)))
_OF_DOCUMENT = _WITH_DOCUMENTS.where(_CHUNKS.c.document_id == bindparam("document")).order_by(
    _CHUNKS.c.position
)

# How far from a chunk its neighbours are looked for.
REACH = 2
_THIS = _CHUNKS.alias("this")
_NEIGHBOURS = (
    _WITH_DOCUMENTS.join(_THIS, _THIS.c.document_id == _CHUNKS.c.document_id)
    .where(_THIS.c.id == bindparam("chunk"))
    .where(_CHUNKS.c.position.between(_THIS.c.position - REACH, _THIS.c.position + REACH))
    .order_by(_CHUNKS.c.position)
)


class DocumentText(NamedTuple):
    """What answers need of a document; *text* is set for entries only, and is their answer."""

    id: int
    title: str
    url: str
    language: str | None
    faq: bool
    wordings: list[str]
    text: str


class ChunkText(NamedTuple):
    """What answers need of a chunk."""

    id: int
    heading: str
    text: str


def chunks_of(session: Session, document_id: int) -> Sequence[KnowledgeChunk]:
    """The chunks of one document, in order."""
    return session.scalars(
        select(KnowledgeChunk)
        .where(KnowledgeChunk.document_id == document_id)
        .order_by(KnowledgeChunk.position)
    ).all()


def chunk_count(unit: UnitOfWork, site_id: int) -> int:
    """How many chunks the site has."""
    return unit.scalar(_COUNT, {"site": site_id}) or 0


def load_chunks(unit: UnitOfWork, chunk_ids: Sequence[int]) -> list[tuple[DocumentText, ChunkText]]:
    """Those of the chunks that still exist, each with its document."""
    rows = unit.execute(_SOME, {"chunks": list(chunk_ids)})
    return [_texts(*row) for row in rows]


def load_document(unit: UnitOfWork, document_id: int) -> list[tuple[DocumentText, ChunkText]]:
    """The chunks of one document in order, each with the document."""
    rows = unit.execute(_OF_DOCUMENT, {"document": document_id})
    return [_texts(*row) for row in rows]


def load_neighbours(unit: UnitOfWork, chunk_id: int) -> list[ChunkText]:
    """A chunk, and those beside it in its document, in order."""
    rows = unit.execute(_NEIGHBOURS, {"chunk": chunk_id})
    return [_texts(*row)[1] for row in rows]


def _texts(*values: Any) -> tuple[DocumentText, ChunkText]:
    return DocumentText(*values[:7]), ChunkText(*values[7:])


def titles_of_chunks(unit: UnitOfWork, chunk_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """The document and its title, for each chunk that still exists."""
    rows = unit.execute(_TITLES, {"chunks": list(chunk_ids)})
    return {row[0]: (row[1], row[2]) for row in rows}


def texts_of(unit: UnitOfWork, site_id: int, limit: int) -> Iterator[str]:
    """Title, headings and text of each of the site's first *limit* chunks."""
    rows = unit.execute(
        select(KnowledgeDocument.title, KnowledgeChunk.heading, KnowledgeChunk.text)
        .join(KnowledgeChunk, KnowledgeChunk.document_id == KnowledgeDocument.id)
        .where(KnowledgeChunk.site_id == site_id)
        .order_by(KnowledgeChunk.id)
        .limit(limit)
    )
    return (f"{row[0]} {row[1]}\n{row[2]}" for row in rows)


class TitleAndHeading(NamedTuple):
    """Title and headings above a chunk."""

    title: str
    heading: str
    language: str | None
    faq: bool


def titles_and_headings(unit: UnitOfWork, site_id: int, limit: int) -> list[TitleAndHeading]:
    """Titles and headings above the site's first *limit* chunks."""
    rows = unit.execute(
        select(
            KnowledgeDocument.title,
            KnowledgeChunk.heading,
            KnowledgeDocument.language,
            KnowledgeDocument.faq,
        )
        .join(KnowledgeChunk, KnowledgeChunk.document_id == KnowledgeDocument.id)
        .where(KnowledgeDocument.site_id == site_id)
        .order_by(KnowledgeDocument.id, KnowledgeChunk.position)
        .limit(limit)
    )
    return [TitleAndHeading(*row) for row in rows]


class PageHeading(NamedTuple):
    """The path of headings above a section, and its page's address and language."""

    path: str
    url: str
    language: str


def headings_of(session: Session, site_id: int, limit: int) -> list[PageHeading]:
    """Paths of headings on the site's pages, first headings of pages first."""
    rows = session.execute(
        select(KnowledgeChunk.heading, KnowledgeDocument.url, KnowledgeDocument.language)
        .join(KnowledgeDocument, KnowledgeDocument.id == KnowledgeChunk.document_id)
        .where(KnowledgeChunk.site_id == site_id, KnowledgeChunk.heading != "")
        .order_by(KnowledgeChunk.position, KnowledgeChunk.document_id)
        .limit(limit)
    )
    return [PageHeading(*row) for row in rows]


def forget_other_chunks(
    session: Session, document_id: int, chunks: Sequence[KnowledgeChunk]
) -> None:
    """Delete the chunks of the document that are not in *chunks*, and all its acronyms.

    Vectors and terms are deleted with their chunks.
    """
    kept_ids = {chunk.id for chunk in chunks if chunk.id is not None}
    outdated_ids = [row.id for row in chunks_of(session, document_id) if row.id not in kept_ids]
    for start in range(0, len(outdated_ids), AT_ONCE):
        batch = outdated_ids[start : start + AT_ONCE]
        session.execute(delete(KnowledgeVector).where(KnowledgeVector.chunk_id.in_(batch)))
        session.execute(delete(KnowledgeChunk).where(KnowledgeChunk.id.in_(batch)))
    session.execute(delete(KnowledgeAcronym).where(KnowledgeAcronym.document_id == document_id))
