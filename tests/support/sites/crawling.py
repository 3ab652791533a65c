"""One crawl of a site of this machine, read by a child that all tests of a process share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from chatbot_server.retrieval.crawl.crawler import Crawl, CrawlLimits
from chatbot_server.retrieval.crawl.fetch import Fetcher
from chatbot_server.retrieval.crawl.rendering import Renderer
from chatbot_server.retrieval.read.extractor import Extractor
from chatbot_server.storage.database import Database

LOCAL = ("127.0.0.1",)
QUICK = CrawlLimits(max_pages=100, requests_per_second=1e9)
# Its child starts with the first page that is read.
extractor = Extractor()


def run_crawl(
    database: Database,
    source: int,
    limits: CrawlLimits = QUICK,
    hosts: Sequence[str] = LOCAL,
    progress: Callable[[dict[str, int]], None] = lambda counts: None,
    browser_profile: Path | None = None,
) -> dict[str, int]:
    """How many pages the crawl of *source* put into each state; a browser, where it may have one,
    keeps its profile in a folder."""
    fetcher = Fetcher("me@example.org", hosts)
    renderer = Renderer(fetcher, browser_profile) if browser_profile else None
    try:
        return Crawl(database, fetcher, extractor, source, limits, progress, renderer).run()
    finally:
        if renderer:
            renderer.close()
        fetcher.close()
