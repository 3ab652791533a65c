"""Queries on readings: crawled pages as they were read."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from chatbot_server.storage.knowledge.tables import KnowledgePage, KnowledgeReading


def put_reading(session: Session, reading: KnowledgeReading) -> bool:
    """Store *reading* in place of the page's former one; whether there was one."""
    had_one = session.get(KnowledgeReading, reading.page_id) is not None
    session.merge(reading)
    session.flush()
    return had_one


def forget_reading(session: Session, source_id: int, url: str) -> None:
    """Delete the reading of the page at *url*."""
    page = select(KnowledgePage.id).where(
        KnowledgePage.source_id == source_id, KnowledgePage.url == url
    )
    session.execute(delete(KnowledgeReading).where(KnowledgeReading.page_id.in_(page)))


def page_that_says_the_same(
    session: Session, source_id: int, reading: KnowledgeReading
) -> str | None:
    """The address of another page with the same reading, the one found first."""
    return session.scalar(
        select(KnowledgePage.url)
        .join(KnowledgeReading, KnowledgeReading.page_id == KnowledgePage.id)
        .where(
            KnowledgePage.source_id == source_id,
            KnowledgePage.id != reading.page_id,
            KnowledgeReading.digest == reading.digest,
        )
        .order_by(KnowledgePage.id)
        .limit(1)
    )


def put_lost_facts(session: Session, lost: Mapping[int, list[str]]) -> None:
    """Store the facts that were lost, by page id."""
    for page_id, facts in lost.items():
        session.execute(
            update(KnowledgeReading)
            .where(KnowledgeReading.page_id == page_id)
            .values(lost=json.dumps(facts))
        )


def lost_facts(session: Session, source_id: int) -> dict[str, list[str]]:
    """The facts that were lost in reading a source, by the address of the page."""
    rows = session.execute(
        select(KnowledgePage.url, KnowledgeReading.lost)
        .join(KnowledgeReading, KnowledgeReading.page_id == KnowledgePage.id)
        .where(KnowledgePage.source_id == source_id, KnowledgeReading.lost != "[]")
        .order_by(KnowledgePage.id)
    )
    return {row[0]: json.loads(row[1]) for row in rows}


def reading_at(session: Session, source_id: int, url: str) -> KnowledgeReading | None:
    """The reading of the page at *url*."""
    return session.scalar(
        select(KnowledgeReading)
        .join(KnowledgePage, KnowledgePage.id == KnowledgeReading.page_id)
        .where(KnowledgePage.source_id == source_id, KnowledgePage.url == url)
    )


def readings_after(
    session: Session, source_id: int, page_id: int, limit: int
) -> list[tuple[str, KnowledgeReading]]:
    """Address and reading of the next *limit* pages of a crawl after *page_id*."""
    rows = session.execute(
        select(KnowledgePage.url, KnowledgeReading)
        .join(KnowledgeReading, KnowledgeReading.page_id == KnowledgePage.id)
        .where(KnowledgePage.source_id == source_id, KnowledgePage.id > page_id)
        .order_by(KnowledgePage.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]
