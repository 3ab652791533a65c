"""Puts documents into the index, each in one transaction, so that none is left half indexed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chatbot_server.retrieval.index.analysis import AnalysedDraft
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.missing import MissingTexts, compute_missing
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_at, documents_to_embed, sites_of
from chatbot_server.storage.knowledge.index import search_index
from chatbot_server.storage.knowledge.index.chunks import chunks_of, forget_other_chunks
from chatbot_server.storage.knowledge.index.vectors import (
    add_vectors,
    embedded_chunks,
    forget_vectors,
)
from chatbot_server.storage.knowledge.site_state import bump_version
from chatbot_server.storage.knowledge.tables import (
    KnowledgeAcronym,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeSource,
    KnowledgeVector,
)
from chatbot_server.storage.knowledge.versions import known_digests, store_versions

MAX_URL = 2000


def put(session: Session, source: KnowledgeSource, analysis: AnalysedDraft) -> bool:
    """Index one draft, see :func:`put_all`; whether anything changed."""
    return put_all(session, source, [analysis]) > 0


def put_all(session: Session, source: KnowledgeSource, analyses: Iterable[AnalysedDraft]) -> int:
    """Index drafts in place of the documents at their URLs; returns how many have changed.

    Vectors are added later by :func:`embed_some`; until then, new chunks are found by words alone.
    Chunks with the same text stay; former texts become versions before, see :func:`store_versions`.
    """
    by_url = {analysis.draft.url[:MAX_URL]: analysis for analysis in analyses}
    stored_rows = list(documents_at(session, source.id, list(by_url)))
    digests_of_no_change = known_digests(session, source, stored_rows)
    changes = {
        url: analysis
        for url, analysis in by_url.items()
        if analysis.digest not in digests_of_no_change.get(url, ())
    }
    if not changes:
        return 0
    existing = {row.url: row for row in stored_rows if row.url in changes}
    store_versions(session, source, existing.values())
    former = {
        url: _chunks_that_may_stay(session, row, changes[url]) for url, row in existing.items()
    }
    documents = {
        url: existing.get(url) or KnowledgeDocument(site_id=source.site_id, source_id=source.id)
        for url in changes
    }
    for url, analysis in changes.items():
        _fill(documents[url], source, analysis)
    session.add_all(documents.values())
    session.flush()
    chunks, terms, site_id = [], [], source.site_id
    for url, analysis in changes.items():
        rows = list(_chunk_rows(documents[url], analysis, former.get(url, {})))
        if url in existing:
            forget_other_chunks(session, documents[url].id, [row for row, _terms in rows])
        session.add_all(
            KnowledgeAcronym(
                site_id=site_id, document_id=documents[url].id, short=short[:20], long=long[:200]
            )
            for short, long in analysis.definitions
        )
        chunks += [row for row, _terms in rows]
        terms += [(row, new_terms) for row, new_terms in rows if row.id is None]
    session.add_all(chunks)
    session.flush()
    search_index.index_chunks(session, source.site_id, [(row.id, each) for row, each in terms])
    bump_version(session, source.site_id)
    return len(changes)


def _fill(document: KnowledgeDocument, source: KnowledgeSource, analysis: AnalysedDraft) -> None:
    document.url = analysis.draft.url[:MAX_URL]
    document.read = max(now(), source.started or 0)
    document.title = analysis.title
    document.wordings = analysis.wordings
    document.text = analysis.text
    document.faq = analysis.draft.faq
    document.language = analysis.language
    document.digest = analysis.digest
    document.embedded_by = None


def _chunk_rows(
    document: KnowledgeDocument,
    analysis: AnalysedDraft,
    former: dict[tuple[str, str], KnowledgeChunk],
) -> Iterator[tuple[KnowledgeChunk, list[str]]]:
    """The chunks of *document* with their terms, reusing those of *former* with the same text."""
    for position, (chunk, terms) in enumerate(zip(analysis.chunks, analysis.terms, strict=True)):
        heading = chunk.heading[:500]
        row = former.pop((heading, chunk.text), None) or KnowledgeChunk(
            site_id=document.site_id, document_id=document.id, heading=heading, text=chunk.text
        )
        row.position = position
        yield row, terms


def _chunks_that_may_stay(
    session: Session, document: KnowledgeDocument, analysis: AnalysedDraft
) -> dict[tuple[str, str], KnowledgeChunk]:
    """The stored chunks of *document* by heading and text.

    Empty if its title, wordings or language have changed, because these are indexed with each.
    """
    names = (document.title, document.wordings, document.language)
    if names != (analysis.title, analysis.wordings, analysis.language):
        forget_vectors(session, document.id)
        return {}
    return {(chunk.heading, chunk.text): chunk for chunk in chunks_of(session, document.id)}


def embed_some(database: Database, embedder: Embedder, limit: int = 1000) -> int:
    """Add vectors to up to *limit* documents; returns to how many.

    Stops early if the embedder does not respond; the next call continues there.
    """
    with database.session() as session:
        waiting = documents_to_embed(session, embedder.model, limit)
    return embed_documents(database, embedder, waiting)


def embed_documents(database: Database, embedder: Embedder, waiting: Sequence[int]) -> int:
    """Add vectors to the documents *waiting*; returns to how many.

    Stops early if the embedder does not respond.
    """
    count = 0
    try:
        while count < len(waiting) and embed(database, embedder, waiting[count]):
            count += 1
    finally:
        # Once per batch, because it makes caches of the site read its vectors again.
        with database.session() as session:
            for site_id in sites_of(session, waiting[:count]):
                bump_version(session, site_id)
    return count


def embed(database: Database, embedder: Embedder, document_id: int) -> bool:
    """Add the missing vectors of one document; False if the embedder does not respond."""
    model = embedder.model

    def find(session: Session, document: KnowledgeDocument) -> MissingTexts:
        # Chunks that have a vector; None if title and wordings have theirs.
        with_vectors = embedded_chunks(session, document_id, model)
        chunks = [row for row in chunks_of(session, document_id) if row.id not in with_vectors]
        names = [] if None in with_vectors else [document.title, *document.wordings]
        return MissingTexts.of(document, chunks, list(filter(None, names)))

    def store(
        session: Session, document: KnowledgeDocument, vectors: Iterable[tuple[Any, Any]]
    ) -> None:
        if document.embedded_by == model:
            return
        rows = [
            KnowledgeVector(
                site_id=document.site_id,
                document_id=document_id,
                chunk_id=owner,
                model=model,
                vector=vector,
            )
            for owner, vector in vectors
        ]
        add_vectors(session, document, model, rows)
        document.embedded_by = model

    return compute_missing(database, document_id, find, embedder.passages, store)
