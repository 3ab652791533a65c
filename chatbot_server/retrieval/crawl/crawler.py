"""Reading a site: politely, resumably, and only what it allows.

The frontier is in the database. A crawl that was stopped or killed goes on where it
was; a later one asks only whether pages changed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from urllib.parse import urljoin, urlsplit

from protego import Protego
from sqlalchemy.orm import Session

from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.crawl.changes import GONE, change_of
from chatbot_server.retrieval.crawl.chromium import BrowserFailed
from chatbot_server.retrieval.crawl.fetch import Fetcher, FetchError, FetchResponse
from chatbot_server.retrieval.crawl.frontier import COPY, UNWANTED, Frontier
from chatbot_server.retrieval.crawl.rendering import Renderer
from chatbot_server.retrieval.crawl.site_text import settle
from chatbot_server.retrieval.crawl.sitemap import sitemap_addresses
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.language.text import clean
from chatbot_server.retrieval.read import urls
from chatbot_server.retrieval.read.document import NOTICES
from chatbot_server.retrieval.read.extractor import Extraction, Extractor, kind_of
from chatbot_server.retrieval.read.html.forwarding import header_target
from chatbot_server.retrieval.read.html.text.blocks import unpacked
from chatbot_server.retrieval.read.html_page import NOT_KEPT, robots_directives
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import delete_documents, documents_of_page
from chatbot_server.storage.knowledge.pages import page_counts
from chatbot_server.storage.knowledge.readings import (
    forget_reading,
    page_that_says_the_same,
    put_reading,
)
from chatbot_server.storage.knowledge.tables import (
    KnowledgeDocument,
    KnowledgePage,
    KnowledgeReading,
    KnowledgeSource,
    PageState,
)

MAX_DEPTH = 15
# A page must be missing twice in a row: one bad deployment is no reason to forget.
MAX_MISSES = 2
# A page that does not respond may come back: its documents stay for a week of daily crawls.
MAX_FAILURES = 7
PASSING = (
    "crawl_status", "fetch_slow", "fetch_failed", "fetch_unreachable", "fetch_certificate",
    "fetch_unknown_host", "extract_slow",
)  # fmt: skip
MISSING = {401: "crawl_refused", 403: "crawl_refused", 404: "crawl_gone", 410: "crawl_gone"}
MAX_DELAY = 30.0
ROBOTS_SECONDS = 15.0
# Why a page that could be read was left out; it still is if it has not changed.
LEFT_OUT = ("crawl_noindex", "crawl_other_address", "crawl_moved")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrawlLimits:
    """The limits of one crawl, from ``retrieval`` in the configuration."""

    max_pages: int = 2000
    requests_per_second: float = 1.0


@dataclass
class Crawl:
    """One crawl of one source.

    Attributes:
        progress: is told the counts after each page.
        renderer: reads pages that scripts build; None: no browser may be used.
    """

    database: Database
    fetcher: Fetcher
    extractor: Extractor
    source_id: int
    limits: CrawlLimits = field(default_factory=CrawlLimits)
    progress: Callable[[dict[str, int]], None] = lambda counts: None  # noqa: ARG005
    renderer: Renderer | None = None
    _robots: Protego | None = None
    _next_request: float = 0.0
    # Pages that were left for the address they name as their own, by that address.
    _left_for: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._frontier = Frontier(self.database, self.source_id, self.limits.max_pages)

    def run(self) -> dict[str, int]:
        """Read until no page is left, or the source is paused or removed; returns counts by state.

        Raises:
            ChatbotError: the site's robots.txt cannot be read, so nothing may be.
        """
        if not self._frontier.open():
            return {}
        self.fetcher.allow_port_of(self._frontier.start)
        try:
            self._read_robots()
            self._add_pages_of_sitemaps()
            while (page := self._frontier.next_page()) is not None:
                self._crawl_page(page)
                with self.database.session() as session:
                    self.progress(page_counts(session, self.source_id))
            settle(self.database, self.source_id)
        except ChatbotError as error:
            self._frontier.mark_unreadable(_reason(error, self._frontier.start))
            raise
        return self._frontier.finish()

    def _read_robots(self) -> None:
        """RFC 9309: 4xx allows everything, 5xx and silence nothing."""
        parts = urlsplit(self._frontier.start)
        address = f"{parts.scheme}://{parts.netloc}/robots.txt"
        self._wait_for_turn()
        response = self.fetcher.get(address, seconds=ROBOTS_SECONDS, truncate=True)
        if response.status >= 500:
            raise FetchError("crawl_robots", url=address)
        body = response.body[:500_000] if response.status == 200 else b""
        self._robots = Protego.parse(body.decode("utf-8-sig", "replace"))

    def _add_pages_of_sitemaps(self) -> None:
        if self._frontier.is_single_page:
            return
        assert self._robots is not None  # noqa: S101 - read before
        own_sitemaps = [urls.joined(self._frontier.start, url) for url in self._robots.sitemaps]
        sitemaps = [url for url in own_sitemaps if url] or [
            urljoin(self._frontier.start, "/sitemap.xml")
        ]
        addresses = sitemap_addresses(sitemaps[:50], self._fetch_sitemap, self.limits.max_pages)
        while batch := list(islice(addresses, 500)):
            self._frontier.add(batch, 0, listed=True)

    def _fetch_sitemap(self, address: str) -> bytes | None:
        if not self._is_of_site(address):
            return None
        self._wait_for_turn()
        try:
            response = self.fetcher.get(address, truncate=True)
        except FetchError as error:
            logger.info("sitemap %s: %s", address, error.code)
            return None
        return response.body if response.status == 200 else None

    def _crawl_page(self, page: KnowledgePage) -> None:
        if not self._is_allowed(page.url):
            self._forget(page)
            self._frontier.mark_page(page, "skipped", "crawl_forbidden")
            return
        if self._frontier.is_unwanted(page.url):
            self._forget(page)
            self._frontier.mark_page(page, "skipped", UNWANTED)
            return
        self._wait_for_turn()
        headers = {"If-None-Match": page.etag, "If-Modified-Since": page.modified}
        if page.why == "crawl_empty":  # by now it may be readable
            headers = {}
        try:
            response = self.fetcher.get(
                page.url, {name: value for name, value in headers.items() if value}
            )
            self._take_response(page, response)
        except ChatbotError as error:
            self._mark_missing(page, "failed", error.code, _reason(error, page.url))

    def _take_response(self, page: KnowledgePage, response: FetchResponse) -> None:
        if response.status == 304 and page.why in LEFT_OUT:
            self._frontier.mark_page(page, "skipped", page.why)
        elif response.status == 304:
            notice = page.why if page.why in NOTICES else ""
            self._frontier.mark_page(page, "unchanged", notice)
        elif response.status != 200:
            self._mark_missing(page, "failed", MISSING.get(response.status, "crawl_status"))
        elif not self._is_of_site(response.url):
            self._mark_missing(page, "skipped", "crawl_elsewhere")
        elif target := header_target(response.headers.get("refresh", ""), response.url):
            self._leave_for(target, page, response)
        elif (kind := kind_of(response.media_type, response.url)) is None:
            self._mark_missing(page, "skipped", "crawl_type")
        else:
            url = urls.canonical(response.url) or page.url
            name = urlsplit(url).path.rsplit("/", 1)[-1]
            extraction = self.extractor.read(response.body, kind, name, url, response.charset)
            if extraction.not_found:
                self._mark_missing(page, "failed", "crawl_gone")
            elif extraction.needs_scripts and not extraction.noindex:
                self._take_scripted_page(page, response, extraction, url)
            else:
                self._index(page, response, extraction, url)

    def _take_scripted_page(
        self, page: KnowledgePage, response: FetchResponse, extraction: Extraction, url: str
    ) -> None:
        """Read a page as a browser shows it; *extraction* was read without a browser."""
        try:
            extraction = self._after_scripts(response, extraction, url)
        except BrowserFailed as error:
            has_text = any(not block.margin for block in unpacked(extraction.blocks))
            if page.crawl and not has_text and not page.why.startswith("browser_"):
                self._mark_missing(page, "skipped", str(error))
                return
            extraction = extraction if has_text else replace(extraction, notice=str(error))
        # Without its ETag, which only tells whether the page before its scripts has changed.
        rules = response.headers.get("x-robots-tag", "")
        response = FetchResponse(response.url, response.status, {"x-robots-tag": rules})
        self._index(page, response, extraction, url)

    def _after_scripts(
        self, response: FetchResponse, extraction: Extraction, url: str
    ) -> Extraction:
        """What a visitor's browser makes of the page.

        Raises:
            BrowserFailed: that was not to be found out.
        """
        if self.renderer is None:
            raise BrowserFailed("browser_off")
        page = self.renderer.render(response, extraction.language, self._is_allowed)
        name = urlsplit(url).path.rsplit("/", 1)[-1]
        result = self.extractor.read(page.html, "html", name, url, "utf-8")
        return replace(result, links=(*result.links, *page.targets))

    def _index(
        self, page: KnowledgePage, response: FetchResponse, extraction: Extraction, url: str
    ) -> None:
        """Store documents, links and the state of the page in one transaction."""
        words = sum(len(text.split()) for text in _texts(extraction))
        refresh = header_target(response.headers.get("refresh", ""), url, words)
        if target := extraction.moved_to or refresh:
            self._leave_for(target, page, response)
            return
        canonical: str | None = url
        if extraction.canonical:
            canonical = urls.canonical(urls.joined(url, extraction.canonical) or url)
        rules = robots_directives(response.headers.get("x-robots-tag", ""))
        is_elsewhere = (
            canonical and canonical != page.url and urls.same_site(canonical, self._frontier.start)
        )
        if canonical and is_elsewhere and not self._frontier.was_in_vain(canonical):
            self._frontier.add([canonical], page.depth, listed=True)
            self._forget(page)
            self._left_for.setdefault(canonical, []).append(page.id)
            # Without its ETag: if the other page vanishes, this one must be read again.
            self._frontier.mark_page(page, "skipped", "crawl_other_address")
        elif extraction.noindex or rules & NOT_KEPT:
            self._forget(page)
            self._frontier.mark_page(page, "skipped", "crawl_noindex", response)
        else:
            self._put(page, response, extraction)
        if not self._frontier.is_single_page and page.depth < MAX_DEPTH:
            origin = "" if page.listed else page.url
            self._frontier.add(extraction.links, page.depth + 1, listed=False, origin=origin)

    def _leave_for(self, target: str, page: KnowledgePage, response: FetchResponse) -> None:
        """Read the page at *target* in place of *page*, which holds nothing of its own."""
        is_of_site = urls.same_site(target, self._frontier.start)
        self._frontier.add([target], page.depth, listed=True)  # nothing of another site
        self._forget(page)
        why = "crawl_moved" if is_of_site else "crawl_elsewhere"
        self._frontier.mark_page(page, "skipped", why, response if is_of_site else None)

    def _put(self, page: KnowledgePage, response: FetchResponse, extraction: Extraction) -> None:
        """The documents of a page, unless another page says the same.

        A page that was read before keeps its former text until the crawl has seen all, see
        :mod:`.site_text`.
        """
        drafts = extraction.drafts
        analysed_drafts = [analyse(draft) for draft in drafts]
        reading = _reading(page, extraction)
        with self.database.session() as session:
            source = session.get(KnowledgeSource, self.source_id)
            if source is None:
                return
            waits = False
            change = change_of(self._former_texts(session, page), _texts(extraction))
            if reading is None:
                forget_reading(session, source.id, page.url)
            elif page_that_says_the_same(session, source.id, reading):
                self._delete_documents(session, page.url)
                forget_reading(session, source.id, page.url)
                # Without its ETag: if the other page is removed, this one must be read again.
                self._frontier.mark(session, page, "skipped", COPY)
                return
            else:
                waits = put_reading(session, reading)
            self._delete_documents(session, page.url, keep={draft.url for draft in drafts})
            for analysis in analysed_drafts:
                if not waits or analysis.draft.url != page.url:
                    indexing.put(session, source, analysis)
            state = "read" if drafts else "skipped"
            why = extraction.notice or ("" if drafts else "crawl_empty")
            self._frontier.mark(session, page, state, why, response)
            if row := session.get(KnowledgePage, page.id):
                row.change = change if drafts else ""

    def _former_texts(self, session: Session, page: KnowledgePage) -> list[str] | None:
        """What *page* said before; None: it was not known."""
        if reading := session.get(KnowledgeReading, page.id):
            return [block.text for block in unpacked(json.loads(reading.blocks))]
        documents = self._documents_of(session, page.url)
        return [document.text for document in documents] if documents else None

    def _documents_of(self, session: Session, url: str) -> Sequence[KnowledgeDocument]:
        source = session.get(KnowledgeSource, self.source_id)
        return documents_of_page(session, source.site_id, url, source.id) if source else ()

    def _delete_documents(self, session: Session, url: str, keep: Container[str] = ()) -> bool:
        """Those of a page, and of parts of it (``url#2``), that are not to be kept; whether there
        were any."""
        documents = [row for row in self._documents_of(session, url) if row.url not in keep]
        for document in documents:
            delete_documents(session, document.site_id, [document.id])
        return bool(documents)

    def _forget(self, page: KnowledgePage) -> None:
        with self.database.session() as session:
            had_text = self._delete_documents(session, page.url)
            forget_reading(session, self.source_id, page.url)
            row = session.get(KnowledgePage, page.id)
            if row is not None:  # the next answer must be the page, not that it is unchanged
                row.etag = row.modified = ""
                row.change = GONE if had_text else row.change

    def _mark_missing(
        self, page: KnowledgePage, state: PageState, code: str, why: str = ""
    ) -> None:
        """Note that no page was found; its documents are quoted until this has lasted a while."""
        most = MAX_FAILURES if code in PASSING else MAX_MISSES
        if page.misses + 1 >= most or not page.crawl:
            self._forget(page)
            state = "gone" if code == "crawl_gone" else state
        self._frontier.mark_page(page, state, why or code, missed=True)
        self._frontier.reopen(self._left_for.pop(page.url, ()))

    def _is_of_site(self, url: str) -> bool:
        return urls.same_site(url, self._frontier.start) and self._is_allowed(url)

    def _is_allowed(self, url: str) -> bool:
        return self._robots is not None and bool(self._robots.can_fetch(url, self.fetcher.agent))

    def _wait_for_turn(self) -> None:
        """Wait, to keep to our limit of requests per second and the site's ``Crawl-delay``."""
        crawl_delay = self._robots.crawl_delay(self.fetcher.agent) if self._robots else None
        delay = max(1 / self.limits.requests_per_second, min(float(crawl_delay or 0), MAX_DELAY))
        time.sleep(max(0.0, self._next_request - time.monotonic()))
        self._next_request = time.monotonic() + delay


def _reading(page: KnowledgePage, extraction: Extraction) -> KnowledgeReading | None:
    """What was read of an HTML page; None where that is nothing, or not its own."""
    draft = next(iter(extraction.drafts), None)
    if draft is None or not extraction.blocks or draft.url != page.url:
        return None
    blocks = json.dumps(extraction.blocks)  # in ASCII: no database takes every character
    return KnowledgeReading(
        page_id=page.id,
        title=clean(draft.title).replace("\n", " ")[:500],
        site_name=clean(extraction.site_name)[:200],
        language=draft.language or "",
        digest=hashlib.sha256(f"{draft.title}\0{blocks}".encode("utf-8", "replace")).hexdigest(),
        blocks=blocks,
        facts=json.dumps([[clean(words), places] for words, places in extraction.facts]),
    )


def _texts(extraction: Extraction) -> list[str]:
    """What is read of a page, with what its site says on every one."""
    blocks = [block.text for block in unpacked(extraction.blocks)]
    return blocks or [draft.text for draft in extraction.drafts]


def _reason(error: ChatbotError, url: str) -> str:
    """What is kept of *error*: its code and, after a blank, what it is about if not *url*."""
    about = str(error.values.get("host") or error.values.get("why") or error.values.get("url", ""))
    return clean(f"{error.code} {about}") if about and about != url[:200] else error.code
