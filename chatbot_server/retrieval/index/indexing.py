"""Putting documents into the index, each in one transaction: a kill leaves all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from chatbot_server.retrieval.index.chunks import Chunk, split
from chatbot_server.retrieval.index.semantic import Embedder
from chatbot_server.retrieval.language import acronyms, stems
from chatbot_server.retrieval.language.text import clean
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge import search_index
from chatbot_server.storage.knowledge.tables import (
    KnowledgeAcronym,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeSource,
    KnowledgeVector,
)

MAX_TEXT = 2_000_000
MAX_TITLE = 500


@dataclass(frozen=True)
class Draft:
    """A document on its way into the index.

    ``url`` names it within its source; notes and FAQ entries have an invented one.
    """

    url: str
    title: str
    text: str
    language: str | None = None
    faq: bool = False
    wordings: tuple[str, ...] = ()

    def digest(self) -> str:
        """Equal for drafts that are indexed alike."""
        told = "\0".join(
            [self.title, *self.wordings, self.text, str(self.faq), self.language or ""]
        )
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def put(session: Session, source: KnowledgeSource, draft: Draft) -> bool:
    """Index *draft* by its words, replacing what stood at its URL; False: nothing changed.

    Its vectors follow with :func:`embed_some`; until then it is found by words alone.
    """
    found = session.scalar(
        select(KnowledgeDocument).where(
            KnowledgeDocument.source_id == source.id, KnowledgeDocument.url == draft.url[:2000]
        )
    )
    digest = draft.digest()
    if found is not None and found.digest == digest:
        return False
    if found is None:
        found = KnowledgeDocument(
            site_id=source.site_id, source_id=source.id, url=draft.url[:2000], digest=digest
        )
        session.add(found)
    _fill(found, draft, digest)
    session.flush()
    _index(session, found)
    search_index.bump_version(session, source.site_id)
    return True


def remove(session: Session, site_id: int, documents: Sequence[int]) -> None:
    """Take documents out of the site's index."""
    for start in range(0, len(documents), 500):
        some = documents[start : start + 500]
        session.execute(
            delete(KnowledgeDocument).where(
                KnowledgeDocument.site_id == site_id, KnowledgeDocument.id.in_(some)
            )
        )
    search_index.bump_version(session, site_id)


def _fill(document: KnowledgeDocument, draft: Draft, digest: str) -> None:
    text = clean(draft.text[:MAX_TEXT])
    document.title = clean(draft.title).replace("\n", " ")[:MAX_TITLE]
    document.wordings = [clean(wording)[:MAX_TITLE] for wording in draft.wordings[:50]]
    document.text = text
    document.faq = draft.faq
    language = draft.language or stems.guess_language(f"{draft.title} {text}")
    document.language = language[:10]
    document.digest = digest
    document.embedded_by = None


def _index(session: Session, document: KnowledgeDocument) -> None:
    for table in (KnowledgeVector, KnowledgeAcronym, KnowledgeChunk):
        session.execute(delete(table).where(table.document_id == document.id))
    pieces = split(document.text, language=document.language) or [Chunk("", "")]
    rows = [
        KnowledgeChunk(
            site_id=document.site_id,
            document_id=document.id,
            position=position,
            heading=piece.heading[:500],
            text=piece.text,
        )
        for position, piece in enumerate(pieces)
    ]
    session.add_all(rows)
    session.add_all(
        KnowledgeAcronym(
            site_id=document.site_id, document_id=document.id, short=short[:20], long=long[:200]
        )
        for short, long in acronyms.definitions(f"{document.title}\n{document.text}")[:200]
    )
    session.flush()
    language = document.language if document.language in stems.LANGUAGES else "en"
    about = " ".join([document.title, *document.wordings])
    search_index.index_chunks(
        session,
        document.site_id,
        [
            (row.id, stems.index_terms(piece.searched(about), language))
            for row, piece in zip(rows, pieces, strict=True)
        ],
    )


def waiting(session: Session, model: str, limit: int = 1000) -> Sequence[int]:
    """Documents without vectors of *model*, oldest first."""
    return session.scalars(
        select(KnowledgeDocument.id)
        .where(or_(KnowledgeDocument.embedded_by.is_(None), KnowledgeDocument.embedded_by != model))
        .order_by(KnowledgeDocument.id)
        .limit(limit)
    ).all()


def embed_some(database: Database, embedder: Embedder, limit: int = 1000) -> int:
    """Give vectors to up to *limit* documents; returns how many are done.

    Stops early when the embedder does not answer; the next call goes on there.
    """
    with database.session() as session:
        todo = waiting(session, embedder.model, limit)
    done = 0
    try:
        while done < len(todo) and embed(database, embedder, todo[done]):
            done += 1
    finally:
        _tell(database, todo[:done])
    return done


def _tell(database: Database, embedded: Sequence[int]) -> None:
    """Their vectors are found from now on, and what was kept of each site is old: once a batch."""
    with database.session() as session:
        sites = session.scalars(
            select(KnowledgeDocument.site_id)
            .where(KnowledgeDocument.id.in_(embedded))
            .distinct()
            .order_by(KnowledgeDocument.site_id)
        )
        for site_id in sites.all():
            search_index.bump_version(session, site_id)


def embed(database: Database, embedder: Embedder, document_id: int) -> bool:
    """Give one document its vectors, for :func:`embed_some`; False: the embedder does not answer.

    The slow part runs outside of any transaction. If the document changed
    meanwhile, the vectors are dropped and it stays waiting.
    """
    with database.session() as session:
        document = session.get(KnowledgeDocument, document_id)
        if document is None:
            return True
        chunks = _chunks(session, document_id)
    names = [name for name in (document.title, *document.wordings) if name]
    texts = [Chunk(chunk.heading, chunk.text).searched(document.title) for chunk in chunks]
    vectors = embedder.passages([*names, *texts])
    if vectors is None:
        return False
    owners = [None] * len(names) + [chunk.id for chunk in chunks]
    with database.session() as session:
        # Locked: another process may be giving it the same vectors.
        current = session.get(KnowledgeDocument, document_id, with_for_update=True)
        if current is None or current.digest != document.digest:
            return True
        session.execute(delete(KnowledgeVector).where(KnowledgeVector.document_id == document_id))
        session.add_all(
            KnowledgeVector(
                site_id=document.site_id,
                document_id=document_id,
                chunk_id=owner,
                model=embedder.model,
                vector=vector,
            )
            for owner, vector in zip(owners, vectors, strict=True)
        )
        current.embedded_by = embedder.model
    return True


def _chunks(session: Session, document_id: int) -> Sequence[KnowledgeChunk]:
    return session.scalars(
        select(KnowledgeChunk)
        .where(KnowledgeChunk.document_id == document_id)
        .order_by(KnowledgeChunk.position)
    ).all()
