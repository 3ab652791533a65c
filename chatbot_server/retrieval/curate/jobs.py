"""The slow work on the owner's knowledge: crawling and embedding.

It runs with low priority in a process beside the server, which may be killed at any moment.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot_server.errors import ChatbotError, Unavailable
from chatbot_server.messages import say
from chatbot_server.retrieval.answer.search.comparison import TOO_MANY_CHUNKS
from chatbot_server.retrieval.crawl.crawler import Crawl, CrawlLimits
from chatbot_server.retrieval.crawl.fetch import Fetcher
from chatbot_server.retrieval.crawl.rendering import Renderer
from chatbot_server.retrieval.curate.library import faq_entry_id
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.embedder import Embedder
from chatbot_server.retrieval.index.tokens import store_missing_tokens
from chatbot_server.retrieval.read.extractor import Extractor
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import has_documents
from chatbot_server.storage.knowledge.sources import sources_to_crawl
from chatbot_server.storage.knowledge.tables import KnowledgeSource
from chatbot_server.storage.site.sites import Site

if TYPE_CHECKING:
    from chatbot_server.config.sections import RetrievalSection
    from chatbot_server.retrieval.answer.service import KnowledgeBase

# How long after a crawl a site is read again; an unchanged page is only one response with 304.
AGAIN_SECONDS = 24 * 3600
EMBED_AT_ONCE = 20

logger = logging.getLogger(__name__)


def crawl_due(database: Database, settings: RetrievalSection, run_dir: Path) -> int:
    """Crawl due sources, also those that are added meanwhile; returns how many."""
    count, past_sources = 0, set[int]()
    while due := [each for each in sources_due(database) if each not in past_sources]:
        source_id = due[0]
        past_sources.add(source_id)
        try:
            crawl_source(database, settings, run_dir, source_id)
            _warn_of_no_pages(database, source_id)
            count += 1
        except Unavailable as error:  # the owner reads it at a terminal
            logger.info("source %s: %s", source_id, error)
        except Exception:  # the other sites are still read
            logger.exception("source %s", source_id)
    return count


def sources_due(database: Database) -> Sequence[int]:
    """The sources to crawl, not paused: never read, stopped half way, then those read a day ago."""
    with database.session() as session:
        return sources_to_crawl(session, now() - AGAIN_SECONDS)


def crawl_source(
    database: Database,
    settings: RetrievalSection,
    run_dir: Path,
    source_id: int,
    progress: Callable[[dict[str, int]], None] = lambda counts: None,  # noqa: ARG005
) -> dict[str, int]:
    """Crawl a source; an error in reading the site is stored with the source, not raised.

    Raises:
        Unavailable: another process reads the source.
    """
    limits = CrawlLimits(settings.max_pages, settings.requests_per_second)
    with (
        source_lock(run_dir, source_id),
        closing(Fetcher(settings.contact, settings.private_hosts, settings.page_bytes)) as fetcher,
        closing(Extractor()) as extractor,
        closing(
            Renderer(fetcher, run_dir / f"browser-{source_id}", settings.page_bytes)
        ) as browser,
    ):
        renderer = browser if settings.browser == "auto" else None
        try:
            crawl = Crawl(database, fetcher, extractor, source_id, limits, progress, renderer)
            counts = crawl.run()
        except ChatbotError as error:
            logger.info("source %s: %s", source_id, error)
            counts = {}
    return counts


def _warn_of_no_pages(database: Database, source_id: int) -> None:
    """Say in the log, which nobody watches like a terminal, that a site cannot answer."""
    with database.session() as session:
        source = session.get(KnowledgeSource, source_id)
        if source is not None and not has_documents(session, source.site_id):
            site = session.get_one(Site, source.site_id)
            logger.warning(
                "%s", say("doctor_no_pages", name=site.name, key=site.key, address=site.address)
            )


@contextmanager
def source_lock(run_dir: Path, source_id: int) -> Iterator[None]:
    """Let one process at a time read a source: two would ask a site twice, and add pages twice.

    Raises:
        Unavailable: another process reads the source.
    """
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run_dir / f"crawl-{source_id}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable("crawl_running", number=source_id) from None
        yield


def embed_waiting(base: KnowledgeBase) -> None:
    """Embed all waiting documents with the embedder of *base*, if it has one."""
    if base.searcher.embedder is not None:
        embed_all(base.database, base.searcher.embedder)


def embed_entry(base: KnowledgeBase, site_id: int, question: str) -> None:
    """Embed one entry of the FAQ alone: who waits for it does not wait for pages just read."""
    embedder = base.searcher.embedder
    entry_id = faq_entry_id(base.database, site_id, question)
    if embedder is not None and entry_id is not None:
        indexing.embed_documents(base.database, embedder, [entry_id])


def embed_all(database: Database, embedder: Embedder) -> int:
    """Embed all waiting documents, then store tokens; returns the number of documents."""
    total = 0
    while count := indexing.embed_some(database, embedder, EMBED_AT_ONCE):
        total += count
    store_missing_tokens(database, embedder, TOO_MANY_CHUNKS)
    return total
