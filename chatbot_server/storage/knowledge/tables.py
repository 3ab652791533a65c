"""The owner's knowledge: sources, documents, chunks and vectors.

The index itself (full text and vectors) is in :mod:`chatbot_server.storage.knowledge.search_index`.
Each row carries its site, and every function takes it: sites never see each other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sqlalchemy import (
    BigInteger,
    Dialect,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from chatbot_server.errors import NotFound
from chatbot_server.storage.base import Base, Moment, Texts, now
from chatbot_server.storage.sites import Site

SourceKind = Literal["site", "page", "file", "note", "faq", "push"]
PageState = Literal["found", "read", "unchanged", "skipped", "failed", "gone"]


class HalfVector(TypeDecorator[Any]):
    """A vector of float16: pgvector's ``halfvec`` or, on SQLite, its little-endian bytes."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The column's type on this database."""
        if dialect.name == "postgresql":
            from pgvector.sqlalchemy import HALFVEC

            return dialect.type_descriptor(HALFVEC())
        return dialect.type_descriptor(LargeBinary())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """From numpy to the database."""
        if dialect.name == "postgresql":
            return [float(number) for number in value]
        return np.asarray(value, dtype="<f2").tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """From the database to numpy."""
        if dialect.name == "postgresql":
            return np.asarray(value, dtype=np.float32)
        return np.frombuffer(value, dtype="<f2").astype(np.float32)


class KnowledgeSource(Base):
    """Where documents come from.

    Attributes:
        address: URL of a site or page, name of a file; empty for notes, FAQ and push.
        state: ``active`` or ``paused``; a paused crawl goes on where it stopped.
        started, finished: of the last crawl; ``finished`` is None while one is under way.
        why: key of the sentence that says why it could not be read, and perhaps, after a blank,
            the host, address or error that the sentence names.
    """

    __tablename__ = "knowledge_source"
    __table_args__ = (UniqueConstraint("site_id", "kind", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(10), default="active")
    created: Mapped[Moment] = mapped_column(default=now)
    started: Mapped[int | None] = mapped_column(BigInteger)
    finished: Mapped[int | None] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(String(300), default="")


class KnowledgePage(Base):
    """One address a crawl knows of: its frontier and its memory in one.

    Attributes:
        state: ``found`` waits to be read; the others tell how the last read ended.
        why: why it was skipped or failed, as at :class:`KnowledgeSource`.
        crawl: ``started`` of the crawl that dealt with it last.
        misses: how often in a row it was not there, or not to be read.
    """

    __tablename__ = "knowledge_page"
    __table_args__ = (UniqueConstraint("source_id", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_source.id", ondelete="CASCADE"), index=True
    )
    url: Mapped[str] = mapped_column(String(2000))
    depth: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="found")
    why: Mapped[str] = mapped_column(String(60), default="")
    crawl: Mapped[int] = mapped_column(BigInteger, default=0)
    listed: Mapped[bool] = mapped_column(default=False)
    etag: Mapped[str] = mapped_column(String(300), default="")
    modified: Mapped[str] = mapped_column(String(60), default="")
    misses: Mapped[int] = mapped_column(default=0)


class KnowledgeDocument(Base):
    """One page, file, note or FAQ entry, as plain Markdown.

    Attributes:
        wordings: of an FAQ entry, other wordings of its question.
        digest: SHA-256 of title, wordings and text; equal means nothing to index.
        embedded_by: the model whose vectors it has; None: none yet.
    """

    __tablename__ = "knowledge_document"
    __table_args__ = (UniqueConstraint("source_id", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("knowledge_source.id", ondelete="CASCADE"))
    faq: Mapped[bool] = mapped_column(default=False)
    url: Mapped[str] = mapped_column(String(2000))
    title: Mapped[str] = mapped_column(String(500))
    wordings: Mapped[Texts] = mapped_column(default=list)
    language: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    read: Mapped[Moment] = mapped_column(default=now)
    embedded_by: Mapped[str | None] = mapped_column(String(60), index=True)


class KnowledgeChunk(Base):
    """A piece of a document, see :mod:`chatbot_server.retrieval.index.chunks`."""

    __tablename__ = "knowledge_chunk"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    document_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_document.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    heading: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)


class KnowledgeVector(Base):
    """The meaning of a chunk, or (``chunk_id`` None) of a title or a question's wording.

    ``vector`` is a numpy array of length 1.
    """

    __tablename__ = "knowledge_vector"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    document_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_document.id", ondelete="CASCADE"), index=True
    )
    chunk_id: Mapped[int | None] = mapped_column(
        ForeignKey("knowledge_chunk.id", ondelete="CASCADE"), index=True
    )
    model: Mapped[str] = mapped_column(String(60))
    vector: Mapped[Any] = mapped_column(HalfVector)


class KnowledgeAcronym(Base):
    """An acronym as one document explains it; see ``retrieval.language.acronyms``."""

    __tablename__ = "knowledge_acronym"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), index=True)
    document_id: Mapped[int] = mapped_column(
        ForeignKey("knowledge_document.id", ondelete="CASCADE"), index=True
    )
    short: Mapped[str] = mapped_column(String(20))
    long: Mapped[str] = mapped_column(String(200))


class KnowledgeState(Base):
    """``version`` of a site's index grows with each change: what was cached before is old."""

    __tablename__ = "knowledge_state"

    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id, ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    push_secret: Mapped[str] = mapped_column(String(64), default="")


@dataclass(frozen=True)
class PageReason:
    """Pages of one state with the same reason; *url*: one of them."""

    state: str
    why: str
    count: int
    url: str


def open_source(
    session: Session, site_id: int, kind: SourceKind, address: str = ""
) -> KnowledgeSource:
    """The site's source of this kind and address; made on first use."""
    found = session.scalar(
        select(KnowledgeSource).where(
            KnowledgeSource.site_id == site_id,
            KnowledgeSource.kind == kind,
            KnowledgeSource.address == address[:500],
        )
    )
    if found is None:
        found = KnowledgeSource(site_id=site_id, kind=kind, address=address[:500])
        session.add(found)
        session.flush()
    return found


def get_source(session: Session, site_id: int, source_id: int) -> KnowledgeSource:
    """A source of the site.

    Raises:
        NotFound: the site has no such source.
    """
    found = session.get(KnowledgeSource, source_id)
    if found is None or found.site_id != site_id:
        raise NotFound("knowledge_no_source", number=source_id)
    return found


def sources(session: Session, site_id: int) -> Sequence[KnowledgeSource]:
    """All sources of the site, oldest first."""
    return session.scalars(
        select(KnowledgeSource)
        .where(KnowledgeSource.site_id == site_id)
        .order_by(KnowledgeSource.id)
    ).all()


def documents(
    session: Session, site_id: int, source_id: int | None = None
) -> Sequence[KnowledgeDocument]:
    """The site's documents, or one source's, oldest first."""
    query = select(KnowledgeDocument).where(KnowledgeDocument.site_id == site_id)
    if source_id is not None:
        query = query.where(KnowledgeDocument.source_id == source_id)
    return session.scalars(query.order_by(KnowledgeDocument.id)).all()


def page_counts(session: Session, source_id: int) -> dict[str, int]:
    """Number of a crawl's addresses by state."""
    rows = session.execute(
        select(KnowledgePage.state, func.count())
        .where(KnowledgePage.source_id == source_id)
        .group_by(KnowledgePage.state)
    )
    return {row[0]: row[1] for row in rows}


def page_reasons(session: Session, source_id: int, limit: int = 20) -> list[PageReason]:
    """Why pages of a crawl were not read, the most frequent reason first."""
    count = func.count()
    rows = session.execute(
        select(KnowledgePage.state, KnowledgePage.why, count, func.min(KnowledgePage.url))
        .where(
            KnowledgePage.source_id == source_id,
            KnowledgePage.why != "",
            KnowledgePage.state != "found",  # what was said last time is no reason to wait
        )
        .group_by(KnowledgePage.state, KnowledgePage.why)
        .order_by(count.desc(), KnowledgePage.why)
        .limit(limit)
    )
    return [PageReason(*row) for row in rows]


def embedded_counts(session: Session, site_id: int, model: str) -> tuple[int, int]:
    """How many documents the site has, and how many of them have vectors of *model*."""
    row = session.execute(
        select(func.count(), func.count().filter(KnowledgeDocument.embedded_by == model)).where(
            KnowledgeDocument.site_id == site_id
        )
    ).one()
    return row[0], row[1]
