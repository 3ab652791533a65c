"""Reading a site: politely, resumably, and only what it allows.

The frontier is in the database. A crawl that was stopped or killed goes on where it
was; a later one asks only whether pages changed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from protego import Protego
from sqlalchemy.orm import Session

from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.crawl.fetch import Fetched, Fetcher, FetchError
from chatbot_server.retrieval.crawl.frontier import Frontier
from chatbot_server.retrieval.crawl.sitemap import addresses
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.language.text import clean
from chatbot_server.retrieval.read import urls
from chatbot_server.retrieval.read.extractor import TYPES, Extracted, Extractor
from chatbot_server.retrieval.read.extractor_child import NOT_KEPT, directives
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import delete_documents, documents_of_page
from chatbot_server.storage.knowledge.pages import page_counts
from chatbot_server.storage.knowledge.tables import KnowledgePage, KnowledgeSource, PageState

MAX_DEPTH = 15
# A page must be missing twice in a row: one bad deployment is no reason to forget.
MAX_MISSES = 2
# What does not answer, or cannot just now, may be back: a week of daily crawls.
MAX_FAILURES = 7
PASSING = ("crawl_status", "fetch_slow", "fetch_failed", "fetch_unknown_host", "extract_slow")
MISSING = {401: "crawl_refused", 403: "crawl_refused", 404: "crawl_gone", 410: "crawl_gone"}
MAX_DELAY = 30.0
ROBOTS_SECONDS = 15.0
# Why a page that could be read was left out; it still is if it has not changed.
LEFT_OUT = ("crawl_noindex", "crawl_other_address", "crawl_empty")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrawlLimits:
    """What one crawl may take; from ``retrieval`` of the configuration."""

    max_pages: int = 2000
    requests_per_second: float = 1.0


@dataclass
class Crawl:
    """One crawl of one source. ``progress`` is told the counts after each page."""

    database: Database
    fetcher: Fetcher
    extractor: Extractor
    source_id: int
    limits: CrawlLimits = field(default_factory=CrawlLimits)
    progress: Callable[[dict[str, int]], None] = lambda counts: None  # noqa: ARG005
    _robots: Protego | None = None
    _next: float = 0.0

    def __post_init__(self) -> None:
        self._frontier = Frontier(self.database, self.source_id, self.limits.max_pages)

    def run(self) -> dict[str, int]:
        """Read until nothing is left, or the source is paused or gone; returns counts by state.

        Raises:
            ChatbotError: the site's robots.txt cannot be read, so nothing may be.
        """
        if not self._frontier.open():
            return {}
        try:
            self._read_robots()
            self._list_pages()
            while (page := self._frontier.take()) is not None:
                self._read(page)
                with self.database.session() as session:
                    self.progress(page_counts(session, self.source_id))
        except ChatbotError as error:
            self._frontier.note(_noted(error, self._frontier.start))
            raise
        return self._frontier.finish()

    def _read_robots(self) -> None:
        """RFC 9309: 4xx allows everything, 5xx and silence nothing."""
        parts = urlsplit(self._frontier.start)
        address = f"{parts.scheme}://{parts.netloc}/robots.txt"
        self._wait()
        found = self.fetcher.get(address, seconds=ROBOTS_SECONDS, whole=False)
        if found.status >= 500:
            raise FetchError("crawl_robots", url=address)
        text = found.body[:500_000].decode("utf-8", "replace") if found.status == 200 else ""
        self._robots = Protego.parse(text)

    def _list_pages(self) -> None:
        if self._frontier.single:
            return
        assert self._robots is not None  # noqa: S101 - read before
        root = urljoin(self._frontier.start, "/sitemap.xml")
        listed = list(self._robots.sitemaps) or [root]
        found = addresses(listed[:50], self._sitemap, self.limits.max_pages)
        batch: list[str] = []
        for address in found:
            batch.append(address)
            if len(batch) >= 500:
                self._frontier.add(batch, 0, listed=True)
                batch = []
        self._frontier.add(batch, 0, listed=True)

    def _sitemap(self, address: str) -> bytes | None:
        if not urls.same_site(address, self._frontier.start) or not self._allowed(address):
            return None
        self._wait()
        try:
            found = self.fetcher.get(address, whole=False)
        except FetchError as error:
            logger.info("sitemap %s: %s", address, error.code)
            return None
        return found.body if found.status == 200 else None

    def _read(self, page: KnowledgePage) -> None:
        if not self._allowed(page.url):
            self._forget(page)
            self._frontier.done(page, "skipped", "crawl_forbidden")
            return
        self._wait()
        asked = {"If-None-Match": page.etag, "If-Modified-Since": page.modified}
        try:
            found = self.fetcher.get(page.url, {name: told for name, told in asked.items() if told})
            self._keep(page, found)
        except ChatbotError as error:
            self._missed(page, "failed", error.code, _noted(error, page.url))

    def _keep(self, page: KnowledgePage, found: Fetched) -> None:
        if found.status == 304 and page.why in LEFT_OUT:
            self._frontier.done(page, "skipped", page.why)
        elif found.status == 304:
            self._frontier.done(page, "unchanged")
        elif found.status != 200:
            self._missed(page, "failed", MISSING.get(found.status, "crawl_status"))
        elif not urls.same_site(found.url, self._frontier.start) or not self._allowed(found.url):
            self._missed(page, "skipped", "crawl_elsewhere")
        elif found.type not in TYPES:
            self._missed(page, "skipped", "crawl_type")
        else:
            url = urls.canonical(found.url) or page.url
            name = urlsplit(url).path.rsplit("/", 1)[-1]
            read = self.extractor.read(found.body, TYPES[found.type], name, url, found.charset)
            self._index(page, found, read, url)

    def _index(self, page: KnowledgePage, found: Fetched, read: Extracted, url: str) -> None:
        """Documents, links and the page's state change together or not at all."""
        told = urls.joined(url, read.canonical) or url
        canonical = urls.canonical(told) if read.canonical else url
        if canonical and canonical != page.url and urls.same_site(canonical, self._frontier.start):
            self._frontier.add([canonical], page.depth, listed=True)
            self._forget(page)
            self._frontier.done(page, "skipped", "crawl_other_address", found)
        elif read.noindex or directives(found.headers.get("x-robots-tag", "")) & NOT_KEPT:
            self._forget(page)
            self._frontier.done(page, "skipped", "crawl_noindex", found)
        else:
            with self.database.session() as session:
                source = session.get(KnowledgeSource, self.source_id)
                if source is None:
                    return
                self._drop_old(session, page.url, {draft.url for draft in read.drafts})
                for draft in read.drafts:
                    indexing.put(session, source, draft)
                state, why = ("read", "") if read.drafts else ("skipped", "crawl_empty")
                self._frontier.mark(session, page, state, why, found)
        if not self._frontier.single and page.depth < MAX_DEPTH:
            origin = "" if page.listed else page.url
            self._frontier.add(list(read.links), page.depth + 1, listed=False, origin=origin)

    def _drop_old(self, session: Session, url: str, kept: set[str]) -> None:
        """Parts of a page (``url#2``) that it no longer has."""
        source = session.get(KnowledgeSource, self.source_id)
        if source is not None:
            documents = documents_of_page(session, source.site_id, url, source.id)
            gone = [document.id for document in documents if document.url not in kept]
            delete_documents(session, source.site_id, gone)

    def _forget(self, page: KnowledgePage) -> None:
        with self.database.session() as session:
            self._drop_old(session, page.url, set())
            known = session.get(KnowledgePage, page.id)
            if known is not None:  # the next answer must be the page, not that it is unchanged
                known.etag = known.modified = ""

    def _missed(self, page: KnowledgePage, state: PageState, code: str, why: str = "") -> None:
        """No page was there: what it said is quoted until that has lasted."""
        most = MAX_FAILURES if code in PASSING else MAX_MISSES
        if page.misses + 1 >= most or not page.crawl:
            self._forget(page)
            state = "gone" if code == "crawl_gone" else state
        self._frontier.done(page, state, why or code, missed=True)

    def _allowed(self, url: str) -> bool:
        return self._robots is not None and bool(self._robots.can_fetch(url, self.fetcher.agent))

    def _wait(self) -> None:
        """No more requests a second than allowed by us and by the site's ``Crawl-delay``."""
        wished = self._robots.crawl_delay(self.fetcher.agent) if self._robots else None
        delay = max(1 / self.limits.requests_per_second, min(float(wished or 0), MAX_DELAY))
        left = self._next - time.monotonic()
        if left > 0:
            time.sleep(left)
        self._next = time.monotonic() + delay


def _noted(error: ChatbotError, url: str) -> str:
    """What is kept of *error*: its code and, after a blank, what it is about if not *url*."""
    about = str(error.values.get("host") or error.values.get("why") or error.values.get("url", ""))
    return clean(f"{error.code} {about}") if about and about != url[:200] else error.code
