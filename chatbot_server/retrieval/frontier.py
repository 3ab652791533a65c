"""The addresses of a crawl: known, to be read, read; kept in the database.

A crawl that was stopped or killed goes on from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chatbot_server.retrieval import urls
from chatbot_server.retrieval.fetch import Fetched
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge import KnowledgePage, KnowledgeSource, page_counts


@dataclass
class Frontier:
    """What is known of one source's pages.

    Attributes:
        start: the address the source begins at.
        single: the source is one page, and leads to no other.
    """

    database: Database
    source_id: int
    max_pages: int
    start: str = ""
    single: bool = False
    _started: int = 0
    _traps: urls.Traps = field(default_factory=urls.Traps)

    def open(self) -> None:
        """Begin a crawl, or go on with the one that was not finished."""
        with self.database.session() as session:
            source = session.get_one(KnowledgeSource, self.source_id)
            if source.started is None or source.finished is not None:
                source.started, source.finished, source.why = _later(source.started), None, ""
                # What is known is asked again, also where no unchanged page would lead to it.
                session.execute(
                    update(KnowledgePage)
                    .where(KnowledgePage.source_id == source.id, KnowledgePage.state != "gone")
                    .values(state="found")
                )
            self.start = source.address
            self._started = source.started
            self.single = source.kind == "page"
            self._note_address(session, source.address, 0, listed=True)

    def add(self, found: list[str], depth: int, *, listed: bool) -> None:
        """Note addresses to be read, up to the limit of pages; *listed*: by a sitemap."""
        with self.database.session() as session:
            known = (
                session.scalar(
                    select(func.count())
                    .select_from(KnowledgePage)
                    .where(KnowledgePage.source_id == self.source_id)
                )
                or 0
            )
            for address in found:
                if known >= self.max_pages:
                    return
                known += self._note_address(session, address, depth, listed=listed)

    def _note_address(self, session: Session, address: str, depth: int, *, listed: bool) -> bool:
        """Note an address to be read; True: it is new to us."""
        url = urls.canonical(address)
        if url is None or not urls.same_site(url, self.start):
            return False
        page = session.scalar(
            select(KnowledgePage).where(
                KnowledgePage.source_id == self.source_id, KnowledgePage.url == url[:2000]
            )
        )
        if page is not None:
            if page.crawl != self._started and page.state != "found":
                page.state = "found"
                page.depth, page.listed = depth, listed
            return False
        if not listed and self._traps.refuses(url):
            return False
        session.add(
            KnowledgePage(source_id=self.source_id, url=url[:2000], depth=depth, listed=listed)
        )
        session.flush()
        return True

    def take(self) -> KnowledgePage | None:
        """The next page to read; None: none is left, or the source is paused."""
        with self.database.session() as session:
            source = session.get(KnowledgeSource, self.source_id)
            if source is None or source.state == "paused":
                return None
            return session.scalar(
                select(KnowledgePage)
                .where(KnowledgePage.source_id == self.source_id, KnowledgePage.state == "found")
                .order_by(KnowledgePage.depth, KnowledgePage.id)
                .limit(1)
            )

    def done(
        self,
        page: KnowledgePage,
        state: str,
        why: str = "",
        found: Fetched | None = None,
        *,
        missed: bool = False,
    ) -> None:
        with self.database.session() as session:
            self.mark(session, page, state, why, found, missed=missed)

    def mark(
        self,
        session: Session,
        page: KnowledgePage,
        state: str,
        why: str,
        found: Fetched | None = None,
        *,
        missed: bool = False,
    ) -> None:
        row = session.get(KnowledgePage, page.id)
        if row is None:
            return
        row.state, row.why, row.crawl = state, why, self._started
        row.misses = row.misses + 1 if missed else 0
        if found is not None:
            row.etag = found.headers.get("etag", "")[:300]
            row.modified = found.headers.get("last-modified", "")[:60]

    def finish(self) -> dict[str, int]:
        """Counts by state; the crawl is over unless pages are left."""
        with self.database.session() as session:
            source = session.get_one(KnowledgeSource, self.source_id)
            counts = page_counts(session, self.source_id)
            if source.state == "paused" or counts.get("found"):
                return counts
            source.finished = now()
            return counts

    def note(self, why: str) -> None:
        """Remember why the source cannot be read: an error's code."""
        with self.database.session() as session:
            source = session.get_one(KnowledgeSource, self.source_id)
            source.why = why


def _later(last: int | None) -> int:
    """A number for this crawl that no earlier one has, also within the same second."""
    return max(now(), (last or 0) + 1)
