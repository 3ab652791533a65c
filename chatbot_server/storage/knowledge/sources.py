"""Queries on sources: where a site's documents come from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from chatbot_server.storage.base import find_of_site
from chatbot_server.storage.knowledge.tables import CRAWLS, KnowledgeSource, SourceKind


def open_source(
    session: Session, site_id: int, kind: SourceKind, address: str = ""
) -> KnowledgeSource:
    """The site's source of this kind and address; created on first use."""
    source = session.scalar(
        select(KnowledgeSource).where(
            KnowledgeSource.site_id == site_id,
            KnowledgeSource.kind == kind,
            KnowledgeSource.address == address[:500],
        )
    )
    if source is None:
        source = KnowledgeSource(site_id=site_id, kind=kind, address=address[:500])
        session.add(source)
        session.flush()
    return source


def get_source(session: Session, site_id: int, source_id: int) -> KnowledgeSource:
    """A source of the site.

    Raises:
        NotFound: the site has no such source.
    """
    return find_of_site(session, KnowledgeSource, site_id, source_id, "knowledge_no_source")


def sources_of(session: Session, site_id: int) -> Sequence[KnowledgeSource]:
    """All sources of the site, oldest first."""
    return session.scalars(
        select(KnowledgeSource)
        .where(KnowledgeSource.site_id == site_id)
        .order_by(KnowledgeSource.id)
    ).all()


def sources_to_crawl(session: Session, finished_before: int) -> Sequence[int]:
    """Active sources that were not read to the end since *finished_before*; new ones first."""
    return session.scalars(
        select(KnowledgeSource.id)
        .where(
            KnowledgeSource.kind.in_(CRAWLS),
            KnowledgeSource.state == "active",
            or_(
                KnowledgeSource.finished.is_(None),
                KnowledgeSource.finished < finished_before,
            ),
        )
        .order_by(KnowledgeSource.finished.is_not(None), KnowledgeSource.id)
    ).all()


def crawled_now(session: Session) -> KnowledgeSource | None:
    """The source that is crawled, whatever its site: of those begun and not ended, the latest."""
    return session.scalars(
        select(KnowledgeSource)
        .where(
            KnowledgeSource.kind.in_(CRAWLS),
            KnowledgeSource.state == "active",
            KnowledgeSource.started.is_not(None),
            KnowledgeSource.finished.is_(None),
        )
        .order_by(KnowledgeSource.started.desc())
    ).first()


def is_crawled(session: Session, site_id: int) -> bool:
    """Whether a source of the site is being crawled, and can be read."""
    source = crawled_now(session)
    return source is not None and source.site_id == site_id and not source.why


def files_to_read(session: Session) -> Sequence[int]:
    """Files that were given and have not been read yet, in the order of their sources."""
    return session.scalars(
        select(KnowledgeSource.id)
        .where(
            KnowledgeSource.kind == "file",
            KnowledgeSource.started.is_not(None),
            KnowledgeSource.finished.is_(None),
        )
        .order_by(KnowledgeSource.id)
    ).all()


def delete_source(session: Session, site_id: int, source_id: int) -> None:
    """Delete a source of the site, with what a crawl knows of its pages."""
    session.execute(
        delete(KnowledgeSource).where(
            KnowledgeSource.id == source_id, KnowledgeSource.site_id == site_id
        )
    )
