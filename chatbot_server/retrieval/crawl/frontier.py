"""The addresses of a crawl: known, to be read, read; kept in the database.

A crawl that was stopped or killed goes on from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from chatbot_server.retrieval.crawl.fetch import FetchResponse
from chatbot_server.retrieval.read import urls
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.pages import (
    linked_urls,
    next_page,
    page_counts,
    pages_at,
    reopen_pages,
)
from chatbot_server.storage.knowledge.tables import KnowledgePage, KnowledgeSource

AT_ONCE = 500
# A page that is gone is requested again, since it may have been an outage. After a month of
# daily crawls it makes room for others.
GIVEN_UP = 30
# Why a page is not indexed: the owner does not want it, or it says the same as another.
UNWANTED, COPY = "crawl_unwanted", "crawl_copy"


def is_unwanted(url: str, unwanted: Iterable[str]) -> bool:
    """Whether *url* is one of the paths *unwanted*, or in a folder among them."""
    path = path_of(url)
    return any(
        path == pattern or (pattern.endswith("/") and path.startswith(pattern))
        for pattern in unwanted
    )


def path_of(url: str) -> str:
    """Path and query of *url*."""
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


@dataclass
class Frontier:
    """The pages of one source: known, to be read, and read.

    Attributes:
        start: the address the source begins at.
        is_single_page: the source leads to no other.
    """

    database: Database
    source_id: int
    max_pages: int
    start: str = ""
    is_single_page: bool = False
    _started: int = 0
    _unwanted: Sequence[str] = ()
    _traps: urls.Traps = field(default_factory=urls.Traps)

    def open(self) -> bool:
        """Begin a crawl, or continue an unfinished one; False if there is no such source."""
        with self.database.session() as session:
            source = session.get(KnowledgeSource, self.source_id)
            if source is None:
                return False
            if source.started is None or source.finished is not None:
                # After all that earlier crawls stored, even those in the same second.
                source.started = max(now(), 1 + max(source.started or 0, source.finished or 0))
                source.finished = None
                # Known pages are requested again, even if no changed page leads to them.
                reopen_pages(session, source.id, GIVEN_UP)
            source.why = ""  # of an earlier try; this one may end otherwise
            self.start = source.address
            self._started = source.started
            # Traps are counted over all crawls; otherwise each would go a little further into them.
            for url in linked_urls(session, source.id):
                self._traps.count(url)
            self.is_single_page = source.kind == "page"
            session.add_all(self._unknown_pages(session, [source.address], 0, True, ""))
        return True

    def add(self, addresses: Iterable[str], depth: int, *, listed: bool, origin: str = "") -> None:
        """Note addresses to be read, up to the limit of pages.

        *listed*: by a sitemap; *origin*: see :meth:`urls.Traps.refuses`.
        """
        with self.database.session() as session:
            if session.get(KnowledgeSource, self.source_id) is None:
                return
            count = sum(page_counts(session, self.source_id).values())
            for page in self._unknown_pages(session, addresses, depth, listed, origin):
                if count >= self.max_pages:
                    return
                session.add(page)
                count += 1

    def _unknown_pages(
        self, session: Session, addresses: Iterable[str], depth: int, listed: bool, origin: str
    ) -> Iterator[KnowledgePage]:
        """Those of the addresses that are not known yet; the others will be read again."""
        canonical = dict.fromkeys(url[:2000] for url in map(urls.canonical, addresses) if url)
        of_site = [url for url in canonical if urls.same_site(url, self.start)]
        for start in range(0, len(of_site), AT_ONCE):
            batch = of_site[start : start + AT_ONCE]
            pages = pages_at(session, self.source_id, batch)
            for url in batch:
                page = pages.get(url)
                if page is None and (listed or not self._traps.refuses(url, origin)):
                    yield KnowledgePage(
                        source_id=self.source_id, url=url, depth=depth, listed=listed
                    )
                elif page and page.crawl != self._started and page.state != "found":
                    page.state, page.depth, page.listed = "found", depth, listed

    def reopen(self, page_ids: Iterable[int]) -> None:
        """Have pages of this crawl read again."""
        with self.database.session() as session:
            for page_id in page_ids:
                if (page := session.get(KnowledgePage, page_id)) is not None:
                    page.state, page.etag, page.modified = "found", "", ""

    def was_in_vain(self, url: str) -> bool:
        """Whether this crawl found no page at *url*, or one with another canonical address."""
        with self.database.session() as session:
            page = pages_at(session, self.source_id, [url]).get(url)
            if page is None or page.crawl != self._started:
                return False
            return page.state in ("failed", "gone") or page.why == "crawl_other_address"

    def next_page(self) -> KnowledgePage | None:
        """The next page to read; None: none is left, or the source is paused."""
        with self.database.session() as session:
            source = session.get(KnowledgeSource, self.source_id)
            if source is None or source.state == "paused":
                return None
            self._unwanted = source.unwanted  # the owner may change them during a crawl
            return next_page(session, self.source_id)

    def is_unwanted(self, url: str) -> bool:
        """Whether the owner does not want the page at *url* to be read."""
        return url != self.start and is_unwanted(url, self._unwanted)

    def mark_page(
        self,
        page: KnowledgePage,
        state: str,
        why: str = "",
        response: FetchResponse | None = None,
        *,
        missed: bool = False,
    ) -> None:
        with self.database.session() as session:
            self.mark(session, page, state, why, response, missed=missed)

    def mark(
        self,
        session: Session,
        page: KnowledgePage,
        state: str,
        why: str,
        response: FetchResponse | None = None,
        *,
        missed: bool = False,
    ) -> None:
        row = session.get(KnowledgePage, page.id)
        if row is None:
            return
        row.state, row.why, row.crawl = state, why[:60], self._started
        row.misses = row.misses + 1 if missed else 0
        if response is not None:
            row.etag = response.headers.get("etag", "")[:300]
            row.modified = response.headers.get("last-modified", "")[:60]

    def finish(self) -> dict[str, int]:
        """Counts by state; the crawl is over unless pages are left."""
        with self.database.session() as session:
            source = session.get(KnowledgeSource, self.source_id)
            counts = page_counts(session, self.source_id)
            if source is not None and source.state != "paused" and not counts.get("found"):
                source.finished, source.why = now(), ""
            return counts

    def mark_unreadable(self, why: str) -> None:
        """Remember why the source cannot be read, see :class:`KnowledgeSource`."""
        with self.database.session() as session:
            if (source := session.get(KnowledgeSource, self.source_id)) is not None:
                source.why = why[:300]
