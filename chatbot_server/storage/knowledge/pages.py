"""The addresses a crawl knows of: the queries on its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgePage

MOST_REASONS = 20


@dataclass(frozen=True)
class PageReason:
    """Pages of one state with the same reason; *url*: one of them."""

    state: str
    why: str
    count: int
    url: str


def reopen_pages(session: Session, source_id: int, most_misses: int) -> None:
    """Mark every page to be read again, and forget those gone *most_misses* times in a row."""
    session.execute(
        delete(KnowledgePage).where(
            KnowledgePage.source_id == source_id,
            KnowledgePage.state == "gone",
            KnowledgePage.misses >= most_misses,
        )
    )
    session.execute(
        update(KnowledgePage)
        .where(KnowledgePage.source_id == source_id)
        .values(state="found", change="")
    )


def next_page(session: Session, source_id: int) -> KnowledgePage | None:
    """The page to read next, the shallowest first; None: all were read."""
    return session.scalar(
        select(KnowledgePage)
        .where(KnowledgePage.source_id == source_id, KnowledgePage.state == "found")
        .order_by(KnowledgePage.depth, KnowledgePage.id)
        .limit(1)
    )


def changed_pages(session: Session, source_id: int) -> Sequence[KnowledgePage]:
    """Those on which the last crawl found a change, by address."""
    return session.scalars(
        select(KnowledgePage)
        .where(KnowledgePage.source_id == source_id, KnowledgePage.change != "")
        .order_by(KnowledgePage.url)
    ).all()


def pages_at(session: Session, source_id: int, urls: Sequence[str]) -> dict[str, KnowledgePage]:
    """Those of *urls* that the crawl knows, by URL."""
    pages = session.scalars(
        select(KnowledgePage).where(
            KnowledgePage.source_id == source_id, KnowledgePage.url.in_(urls)
        )
    )
    return {page.url: page for page in pages}


def pages_of(session: Session, source_id: int, limit: int) -> Sequence[KnowledgePage]:
    """The pages that a crawl knows of, by address."""
    return session.scalars(
        select(KnowledgePage)
        .where(KnowledgePage.source_id == source_id)
        .order_by(KnowledgePage.url)
        .limit(limit)
    ).all()


def titles_of_pages(session: Session, source_id: int, limit: int) -> dict[str, str]:
    """Titles of the pages that were read, by address."""
    rows = session.execute(
        select(KnowledgeDocument.url, KnowledgeDocument.title)
        .where(KnowledgeDocument.source_id == source_id)
        .order_by(KnowledgeDocument.url)
        .limit(limit)
    )
    return dict(rows.all())


def linked_urls(session: Session, source_id: int) -> Sequence[str]:
    """The addresses that were found by links, not listed by a sitemap."""
    return session.scalars(
        select(KnowledgePage.url).where(
            KnowledgePage.source_id == source_id, KnowledgePage.listed.is_(False)
        )
    ).all()


def forget_validators(session: Session, source_id: int, url: str) -> None:
    """Forget the validators of *url*, so that it is sent again even if it is unchanged."""
    session.execute(
        update(KnowledgePage)
        .where(KnowledgePage.source_id == source_id, KnowledgePage.url == url)
        .values(etag="", modified="")
    )


def page_counts(session: Session, source_id: int) -> dict[str, int]:
    """Number of a crawl's pages by state."""
    rows = session.execute(
        select(KnowledgePage.state, func.count())
        .where(KnowledgePage.source_id == source_id)
        .group_by(KnowledgePage.state)
    )
    return {row[0]: row[1] for row in rows}


def page_reasons(session: Session, source_id: int) -> list[PageReason]:
    """Why pages of a crawl were not read, the most frequent reason first."""
    count = func.count()
    rows = session.execute(
        select(KnowledgePage.state, KnowledgePage.why, count, func.min(KnowledgePage.url))
        .where(
            KnowledgePage.source_id == source_id,
            KnowledgePage.why != "",
            KnowledgePage.state != "found",  # the reason of the last crawl says nothing of this one
        )
        .group_by(KnowledgePage.state, KnowledgePage.why)
        .order_by(count.desc(), KnowledgePage.why)
        .limit(MOST_REASONS)
    )
    return [PageReason(*row) for row in rows]
