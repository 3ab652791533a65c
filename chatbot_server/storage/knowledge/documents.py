"""Queries on documents: a site's pages, files, notes and FAQ entries."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from chatbot_server.storage.base import Base, UnitOfWork, batches
from chatbot_server.storage.knowledge.site_state import bump_version
from chatbot_server.storage.knowledge.tables import (
    KnowledgeAcronym,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeSource,
)
from chatbot_server.storage.knowledge.versions import KnowledgeVersion

# Statements of every question are built once: building one takes longer than running it.
_DOCUMENTS = Base.metadata.tables[KnowledgeDocument.__tablename__]
_ACRONYMS = Base.metadata.tables[KnowledgeAcronym.__tablename__]
_FIRST = select(_DOCUMENTS.c.id).where(_DOCUMENTS.c.site_id == bindparam("site")).limit(1)
_SHORTS = (
    select(_ACRONYMS.c.short)
    .where(_ACRONYMS.c.site_id == bindparam("site"))
    .distinct()
    .limit(bindparam("limit"))
)
_DEFINITIONS = (
    select(_ACRONYMS.c.short, _ACRONYMS.c.long)
    .where(
        _ACRONYMS.c.site_id == bindparam("site"),
        _ACRONYMS.c.short.in_(bindparam("acronyms", expanding=True)),
    )
    .order_by(_ACRONYMS.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True)
class IndexSize:
    """The size of the index of all sites; *chunks_waiting* counts chunks without vectors."""

    documents: int
    chunks: int
    chunks_waiting: int


def documents_of(
    session: Session, site_id: int, source_id: int | None = None, limit: int | None = None
) -> Sequence[KnowledgeDocument]:
    """The first *limit* documents of the site, or of one source, oldest first."""
    query = select(KnowledgeDocument).where(KnowledgeDocument.site_id == site_id)
    if source_id is not None:
        query = query.where(KnowledgeDocument.source_id == source_id)
    return session.scalars(query.order_by(KnowledgeDocument.id).limit(limit)).all()


def documents_of_page(
    session: Session, site_id: int, url: str, source_id: int | None = None
) -> Sequence[KnowledgeDocument]:
    """The documents of the page at *url* and its parts (``url#2``), from all or one source."""
    query = select(KnowledgeDocument).where(
        KnowledgeDocument.site_id == site_id,
        or_(
            KnowledgeDocument.url == url,
            KnowledgeDocument.url.startswith(url + "#", autoescape=True),
        ),
    )
    if source_id is not None:
        query = query.where(KnowledgeDocument.source_id == source_id)
    return session.scalars(query).all()


def documents_at(
    session: Session, source_id: int, urls: Sequence[str]
) -> Iterator[KnowledgeDocument]:
    """The documents that have these addresses within their source."""
    in_source = select(KnowledgeDocument).where(KnowledgeDocument.source_id == source_id)
    for batch in batches(urls):
        yield from session.scalars(in_source.where(KnowledgeDocument.url.in_(batch)))


def find_faq_entry(session: Session, site_id: int, url: str) -> KnowledgeDocument | None:
    """The owner's own entry with this address."""
    return session.scalar(
        select(KnowledgeDocument)
        .join(KnowledgeSource, KnowledgeSource.id == KnowledgeDocument.source_id)
        .where(
            KnowledgeDocument.site_id == site_id,
            KnowledgeSource.kind == "faq",
            KnowledgeDocument.url == url,
        )
    )


def faq_entry(session: Session, site_id: int, number: int) -> KnowledgeDocument | None:
    """The owner's own entry with this number."""
    return session.scalar(
        select(KnowledgeDocument)
        .join(KnowledgeSource, KnowledgeSource.id == KnowledgeDocument.source_id)
        .where(
            KnowledgeDocument.id == number,
            KnowledgeSource.site_id == site_id,
            KnowledgeSource.kind == "faq",
        )
    )


def faq_page(
    session: Session, site_id: int, contains: str = "", after: int = 0, limit: int = 50
) -> Sequence[KnowledgeDocument]:
    """The owner's own entries after number *after*, oldest first, up to *limit*.

    Args:
        contains: a part of the question or of the answer.
    """
    query = (
        select(KnowledgeDocument)
        .join(KnowledgeSource, KnowledgeSource.id == KnowledgeDocument.source_id)
        .where(
            KnowledgeSource.site_id == site_id,
            KnowledgeSource.kind == "faq",
            KnowledgeDocument.id > after,
        )
    )
    if contains:
        query = query.where(
            or_(
                KnowledgeDocument.title.icontains(contains, autoescape=True),
                KnowledgeDocument.text.icontains(contains, autoescape=True),
            )
        )
    return session.scalars(query.order_by(KnowledgeDocument.id).limit(limit)).all()


def entry_wordings(unit: UnitOfWork, site_id: int) -> list[tuple[int, str, list[str]]]:
    """Id, digest and wordings of each entry of the site; the first wording is its question."""
    document = KnowledgeDocument
    rows = unit.execute(
        select(document.id, document.digest, document.title, document.wordings)
        .where(document.site_id == site_id, document.faq)
        .order_by(document.id)
    )
    return [(row[0], row[1], [row[2], *row[3]]) for row in rows]


def has_documents(unit: UnitOfWork, site_id: int) -> bool:
    """Whether the site has any document."""
    return unit.scalar(_FIRST, {"site": site_id}) is not None


def document_counts(session: Session, site_id: int) -> dict[int, int]:
    """The number of documents by source."""
    rows = session.execute(
        select(KnowledgeDocument.source_id, func.count())
        .where(KnowledgeDocument.site_id == site_id)
        .group_by(KnowledgeDocument.source_id)
    )
    return {row[0]: row[1] for row in rows}


def document_digests(session: Session, site_id: int) -> dict[bool, str]:
    """A digest of all own answers of the site (True), and one of all its other texts (False)."""
    hashes = {is_entry: hashlib.sha256() for is_entry in (True, False)}
    document = KnowledgeDocument
    rows = session.execute(
        select(document.faq, document.url, document.digest)
        .where(document.site_id == site_id)
        .order_by(document.url, document.digest)
    )
    for is_entry, url, digest in rows:
        hashes[is_entry].update(f"{url}\0{digest}\n".encode())
    return {is_entry: each.hexdigest()[:16] for is_entry, each in hashes.items()}


def document_languages(unit: UnitOfWork, site_id: int) -> Sequence[str]:
    """The languages of the site's documents, the most frequent first."""
    language = KnowledgeDocument.language
    query = select(language).where(KnowledgeDocument.site_id == site_id).group_by(language)
    return unit.scalars(query.order_by(func.count().desc(), language)).all()


def shared_title_counts(unit: UnitOfWork, site_id: int) -> dict[int, int]:
    """How many documents have the same title, by document, for titles of more than one."""
    count = func.count().over(partition_by=KnowledgeDocument.title).label("count")
    titles = (
        select(KnowledgeDocument.id, count).where(KnowledgeDocument.site_id == site_id).subquery()
    )
    rows = unit.execute(select(titles.c.id, titles.c.count).where(titles.c.count > 1))
    return {row[0]: row[1] for row in rows}


def known_acronyms(unit: UnitOfWork, site_id: int, limit: int) -> Sequence[str]:
    """At most *limit* of the acronyms that the site's documents define."""
    return unit.scalars(_SHORTS, {"site": site_id, "limit": limit}).all()


def acronym_definitions(
    unit: UnitOfWork, site_id: int, acronyms: Collection[str], limit: int
) -> list[tuple[str, str]]:
    """The long forms of *acronyms* in the documents: ``(acronym, long form)``, oldest first."""
    values = {"site": site_id, "acronyms": list(acronyms), "limit": limit}
    rows = unit.execute(_DEFINITIONS, values)
    return [(row[0], row[1]) for row in rows]


def documents_to_embed(session: Session, model: str, limit: int) -> Sequence[int]:
    """Documents of all sites without vectors of *model*, oldest first."""
    return session.scalars(
        select(KnowledgeDocument.id)
        .where(_has_no_vectors_of(model))
        .order_by(KnowledgeDocument.id)
        .limit(limit)
    ).all()


def waiting_counts(session: Session, site_id: int, model: str) -> dict[int, int]:
    """The number of documents without vectors of *model*, by source."""
    rows = session.execute(
        select(KnowledgeDocument.source_id, func.count())
        .where(KnowledgeDocument.site_id == site_id, _has_no_vectors_of(model))
        .group_by(KnowledgeDocument.source_id)
    )
    return {row[0]: row[1] for row in rows}


def index_size(session: Session, model: str | None) -> IndexSize:
    """The size of the index; without a *model* for vectors, no chunk waits for any."""
    documents = session.scalar(select(func.count()).select_from(KnowledgeDocument)) or 0
    chunks = session.scalar(select(func.count()).select_from(KnowledgeChunk)) or 0
    if model is None:
        return IndexSize(documents, chunks, 0)
    waiting = session.scalar(
        select(func.count())
        .select_from(KnowledgeChunk)
        .join(KnowledgeDocument, KnowledgeDocument.id == KnowledgeChunk.document_id)
        .where(_has_no_vectors_of(model))
    )
    return IndexSize(documents, chunks, waiting or 0)


def sites_of(session: Session, document_ids: Sequence[int]) -> Sequence[int]:
    """The sites that have any of these documents."""
    return session.scalars(
        select(KnowledgeDocument.site_id)
        .where(KnowledgeDocument.id.in_(document_ids))
        .distinct()
        .order_by(KnowledgeDocument.site_id)
    ).all()


def delete_documents(session: Session, site_id: int, document_ids: Sequence[int]) -> None:
    """Delete documents of the site, with their chunks, vectors and versions before."""
    if not document_ids:
        return
    document, version = KnowledgeDocument, KnowledgeVersion
    for batch in batches(document_ids):
        is_meant = document.site_id == site_id, document.id.in_(batch)
        places = select(document.source_id, document.url).where(*is_meant)
        session.execute(delete(version).where(tuple_(version.source_id, version.url).in_(places)))
        session.execute(delete(document).where(*is_meant))
    bump_version(session, site_id)


def _has_no_vectors_of(model: str) -> ColumnElement[bool]:
    return or_(KnowledgeDocument.embedded_by.is_(None), KnowledgeDocument.embedded_by != model)
