"""Lists what a site knows, for its owner: sources, documents, entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chatbot_server.retrieval.crawl.site_text import site_document_base
from chatbot_server.storage.knowledge.documents import (
    document_counts,
    documents_of,
    documents_of_page,
)
from chatbot_server.storage.knowledge.pages import PageReason, page_counts, page_reasons
from chatbot_server.storage.knowledge.readings import lost_facts
from chatbot_server.storage.knowledge.sources import crawled_now, get_source, sources_of
from chatbot_server.storage.knowledge.tables import CRAWLS, KnowledgeSource
from chatbot_server.storage.knowledge.versions import version_counts


@dataclass(frozen=True)
class SourceReport:
    """A source, and what was read from it.

    Attributes:
        pages: the number of a crawl's pages by state.
        lost: by page, facts that a visitor sees and no document states.
        unread: whether it is still to be read, or is being read.
        why: why it could not be read, as in :class:`KnowledgeSource`.
        waits_for: the address that is crawled first; one is crawled at a time.
        documents: how many were read from it, without what all pages of a site share.
        versions: how many versions before there are, by state, see
            :class:`~chatbot_server.storage.knowledge.versions.KnowledgeVersion`.
    """

    number: int
    kind: str
    address: str
    state: str
    pages: dict[str, int]
    lost: dict[str, list[str]]
    reasons: list[PageReason]
    started: int | None
    finished: int | None
    unread: bool
    why: str
    waits_for: str
    documents: int
    versions: dict[str, int]

    @property
    def is_crawl(self) -> bool:
        """Whether it is read from the web, by its address."""
        return self.kind in CRAWLS

    @property
    def is_empty_crawl(self) -> bool:
        """Whether a crawl has ended without any document to answer from."""
        return self.is_crawl and self.finished is not None and not self.documents


def describe_sources(session: Session, site_id: int) -> list[SourceReport]:
    """The site's sources, oldest first."""
    counts = document_counts(session, site_id)
    sources = sources_of(session, site_id)
    return [_describe(session, source, counts.get(source.id, 0)) for source in sources]


def describe_source(session: Session, site_id: int, source_id: int) -> SourceReport:
    """One of the site's sources.

    Raises:
        NotFound: the site has no such source.
    """
    source = get_source(session, site_id, source_id)
    return _describe(session, source, document_counts(session, site_id).get(source_id, 0))


def _describe(session: Session, source: KnowledgeSource, document_count: int) -> SourceReport:
    if source.kind == "site":
        # Documents with what all pages share are not pages themselves.
        base = site_document_base(source.address)
        document_count -= len(documents_of_page(session, source.site_id, base, source.id))
    return SourceReport(
        number=source.id,
        kind=source.kind,
        address=source.address,
        state=source.state,
        pages=page_counts(session, source.id),
        lost=lost_facts(session, source.id),
        reasons=page_reasons(session, source.id),
        started=source.started,
        finished=source.finished,
        unread=source.is_unread,
        why=source.why,
        waits_for=_crawled_before(session, source),
        documents=document_count,
        versions=version_counts(session, source.id),
    )


def _crawled_before(session: Session, source: KnowledgeSource) -> str:
    """The address for whose crawl *source* waits; empty if it does not wait."""
    if not (source.is_crawl and source.is_unread and source.state == "active"):
        return ""
    other = crawled_now(session)
    return other.address if other is not None and other.id != source.id else ""


def describe_documents(
    session: Session, site_id: int, source_id: int, limit: int | None = None
) -> list[dict[str, Any]]:
    """The first *limit* documents of one source, oldest first.

    ``every_page`` marks a document with what all pages share; for ``removable`` see
    :func:`remove_document`.

    Raises:
        NotFound: the site has no such source.
    """
    source = get_source(session, site_id, source_id)
    base = site_document_base(source.address)
    return [
        {
            "document": row.id,
            "title": row.title,
            "id": row.url,
            "wordings": row.wordings,
            "every_page": source.kind == "site" and row.url.startswith(f"{base}#"),
            "removable": not source.is_crawl,
        }
        for row in documents_of(session, site_id, source_id, limit)
    ]


def describe_entries(session: Session, site_id: int) -> list[dict[str, Any]]:
    """The site's FAQ in the owner's own words, oldest first."""
    return [
        {
            "document": document.id,
            "source": source.id,
            "title": document.title,
            "wordings": document.wordings,
            "text": document.text,
        }
        for source in sources_of(session, site_id)
        if source.kind == "faq"
        for document in documents_of(session, site_id, source.id)
    ]
