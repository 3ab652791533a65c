"""One crawl of a site of this machine, read by a child that all tests of a process share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatbot_server.retrieval.crawl.crawler import Crawl, CrawlLimits
from chatbot_server.retrieval.crawl.fetch import Fetcher
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
) -> dict[str, int]:
    """How many pages the crawl of *source* put into each state."""
    fetcher = Fetcher("me@example.org", hosts)
    try:
        return Crawl(database, fetcher, extractor, source, limits, progress).run()
    finally:
        fetcher.close()
