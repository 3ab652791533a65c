"""How long the owner's pages take with 100,000 conversations and 20,000 sections.

    PYTHONPATH=scripts python -m benchmarks.serving.owner_pages [--conversations N] [--runs N]

A database in a temporary folder is filled, each page is asked for through the application, without
a network, and what SQLite says of its queries is looked at: one that walks through a large table
without an index is named. An import of 10,000 entries is timed, too. Ends with 1 where a page
takes more than 300 ms of processor time (95 of 100), or a query has no index.
"""

from __future__ import annotations

import argparse
import gc
import math
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from chatbot_server.accounts.passwords import hash_password
from chatbot_server.app import create_app
from chatbot_server.config import Config
from chatbot_server.config.sections import PrivacySection, RetrievalSection
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.retrieval.curate.imports.faq_file import import_entries, read_entries
from chatbot_server.retrieval.curate.library import put_faq_entries
from chatbot_server.storage.base import now, random_id
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.index import search_index
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.knowledge.tables import (
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgePage,
)
from chatbot_server.storage.owners.accounts import add_account
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.feedback import Feedback
from chatbot_server.storage.visitors.learning import put_golden

PASSWORD = "four words for sleeping"  # noqa: S105  # pragma: allowlist secret
PAGES = (
    *("", "conversations", "conversations?trait=unanswered", "conversations?origin=faq"),
    *("conversations?trait=thumb_down", "conversations?trait=slow", "conversations?origin=model"),
    *("conversations?page=/399", "conversations?text=bread 17", "conversations?text=zebra"),
    *("conversations?language=en", "conversations?language=fr"),
    *("analytics?days=7", "analytics?days=90"),
    *("unanswered", "faq", "faq?q=room", "knowledge"),
    *("knowledge?source=1", "knowledge?q=opening hours of room 17", "pages", "trial", "quality"),
    *("quality/sample", "appearance", "history", "privacy", "messages", "tag"),
)
LARGE = (
    *("message", "conversation", "feedback"),
    *("knowledge_chunk", "knowledge_document", "knowledge_page"),
)
AT_ONCE = 5000
SECTIONS_OF_A_PAGE = 5
SLOWEST = 0.3
ENTRIES = 10_000
WORDS = ("room", "bread", "hours", "prices", "parking", "delivery", "garden", "ticket", "summer")


def fill(database: Database, conversations: int, sections: int) -> str:
    """Make a site with *conversations* and *sections*; returns its key."""
    with database.session() as session:
        site = add_site(session, "Large")
        add_account(session, "owner", hash_password(PASSWORD), "owner")
        key, site_id = site.key, site.id
    for start in range(0, conversations, AT_ONCE):
        with database.session() as session:
            _add_conversations(session, site_id, range(start, min(conversations, start + AT_ONCE)))
    with database.session() as session:
        source = open_source(session, site_id, "site", "https://large.example/")
        source.started = source.finished = now()
        source_id = source.id
        put_golden(session, site_id, "When is room 17 open?", "https://large.example/17")
    pages = sections // SECTIONS_OF_A_PAGE
    for start in range(0, pages, 500):
        with database.session() as session:
            _add_pages(session, site_id, source_id, range(start, min(pages, start + 500)))
    entries = [(f"How do I book room {n}?", f"Call us about room {n}.", ()) for n in range(1000)]
    put_faq_entries(database, site_id, entries)
    return key


def _add_conversations(session: Session, site_id: int, numbers: range) -> None:
    threads, messages = [], []
    moment = now()
    for number in numbers:
        # Half of them in the longest period of the figures, half in the one before.
        thread, created = random_id(), moment - number * 155
        threads.append(
            {
                "id": thread, "site_id": site_id, "secret_hash": "0" * 64, "created": created,
                "expires": moment + 10**6, "locale": "en", "keep": True,
                "page": f"https://large.example/{number % 400}",
            }
        )  # fmt: skip
        word = WORDS[number % len(WORDS)]
        origin = ("pages", "faq", "none", "pages")[number % 4]
        shared = {"conversation_id": thread, "created": created}
        counted = {"site_id": site_id, "begun": created}
        question = f"Where is the {word} of room {number % 97}?"
        messages.append(
            shared | {"id": random_id(), "position": 0, "role": "user", "text": question}
        )
        answer = {"position": 1, "role": "assistant", "text": f"The {word} is here."}
        url = f"https://large.example/{number % 400}#:~:text={word}"
        source = {"title": f"Room {number % 400}", "url": url, "quote": "It is here."}
        answer |= {"first_ms": 20 + number % 300, "sources": [] if origin == "none" else [source]}
        messages.append(shared | counted | {"id": random_id(), "origin": origin} | answer)
    session.execute(insert(Conversation), threads)
    for role in ("user", "assistant"):
        session.execute(insert(ChatMessage), [row for row in messages if row["role"] == role])
    judged = [row for row in messages if row["role"] == "assistant"][::20]
    session.execute(
        insert(Feedback),
        [{"message_id": row["id"], "value": "up", "created": row["created"]} for row in judged],
    )


def _add_pages(session: Session, site_id: int, source_id: int, numbers: range) -> None:
    for number in numbers:
        url, title = f"https://large.example/{number}", f"Room {number}"
        page = KnowledgePage(source_id=source_id, url=url, state="read", depth=0, listed=True)
        document = KnowledgeDocument(
            site_id=site_id, source_id=source_id, url=url, title=title, wordings=[],
            text=f"{title} is open from 9 am to 5 pm.", language="en", digest=str(number),
        )  # fmt: skip
        session.add_all([page, document])
        session.flush()
        chunks = [
            KnowledgeChunk(
                site_id=site_id, document_id=document.id, position=position,
                heading=f"{WORDS[(number + position) % len(WORDS)]} of room {number}",
                text=f"The {WORDS[(number + position) % len(WORDS)]} of room {number} is nice.",
            )
            for position in range(SECTIONS_OF_A_PAGE)
        ]  # fmt: skip
        session.add_all(chunks)
        session.flush()
        terms = [(chunk.id, chunk.text.lower().rstrip(".").split()) for chunk in chunks]
        search_index.index_chunks(session, site_id, terms)


def walks(database: Database) -> Iterator[set[str]]:
    """Collects the statements that walk through a large table, as they are executed."""
    statements: set[str] = set()
    is_explaining = [False]

    @event.listens_for(database.engine, "before_cursor_execute")
    def explain(
        connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any
    ) -> None:
        if is_explaining[0] or not statement.lstrip().upper().startswith("SELECT"):
            return
        is_explaining[0] = True
        try:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for row in plan:
                match = re.fullmatch(r"SCAN (\w+)(?: AS \w+)?", row[3])
                if match and match[1].split("_1")[0] in LARGE:
                    statements.add(f"{row[3]}: {' '.join(statement.split())[:300]}")
        finally:
            is_explaining[0] = False

    yield statements


def measure(browser: FlaskClient, address: str, runs: int) -> tuple[float, float]:
    """Median and 95th percentile of the processor's seconds that *address* takes."""
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        answer = browser.get(address)
        seconds.append(time.process_time() - start)
        assert answer.status_code == 200, (address, answer.status_code)
    seconds.sort()
    return seconds[len(seconds) // 2], seconds[math.ceil(0.95 * len(seconds)) - 1]


def import_time(database: Database) -> float:
    """The processor's seconds that many own answers take, read from one file."""
    numbers = range(ENTRIES)
    rows = [f"When is hall {n} free?,Call us about hall {n}.,Is hall {n} free?" for n in numbers]
    with database.session() as session:
        site_id = add_site(session, "Import").id
    start = time.process_time()
    import_entries(database, site_id, read_entries("\n".join(rows).encode()).entries)
    return time.process_time() - start


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--sections", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatbot-pages-") as folder:
        database = Database(f"sqlite:///{folder}/chatbot.db")
        database.migrate()
        key = fill(database, options.conversations, options.sections)
        config = Config(
            data_dir=Path(folder),
            retrieval=RetrievalSection(semantic="off"),
            privacy=PrivacySection(retention_days=365),
        )
        app = create_app(config, SocketEngine(Path(folder)), database)
        browser = app.test_client()
        form = {"name": "owner", "password": PASSWORD}
        browser.post("/admin/login", data=form, headers={"Origin": "http://localhost"})
        slow = []
        browser.get(f"/admin/{key}/")  # the first page of a process makes what all share
        gc.freeze()  # as a server does at its start: the collector need not look at all again
        for name in PAGES:
            median, p95 = measure(browser, f"/admin/{key}/{name}", options.runs)
            print(f"{1000 * median:8.1f} {1000 * p95:8.1f} ms  /{name}", flush=True)
            slow += [name] if p95 > SLOWEST else []
        print(f"{1000 * import_time(database):8.1f} ms  import of {ENTRIES} entries", flush=True)
        statements = next(walks(database))
        for name in PAGES:
            browser.get(f"/admin/{key}/{name}")
        for statement in sorted(statements):
            print("no index:", statement)
        database.close()
    return 1 if slow or statements else 0


if __name__ == "__main__":
    sys.exit(main())
