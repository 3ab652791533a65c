"""Pages of the owner's stay quick: no statement reads a whole table that grows without end."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect
from support.conversations import add_conversation
from support.database.plans import statements, tables_read_by_site, tables_read_whole
from support.servers.owner_server import OwnerServer
from support.sites.crawling import extractor

from chatbot_server.retrieval.curate.library import add_note, put_faq_entries
from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.feedback import save_feedback

GROWING = {
    *("message", "conversation", "feedback", "answer_review"),
    *("knowledge_document", "knowledge_chunk", "knowledge_page", "knowledge_reading"),
    *("knowledge_vector", "knowledge_acronym", "knowledge_version"),
}
# What visitors write has no bound; pages and texts of a site have (retrieval.max_pages).
WITHOUT_END = {"message", "conversation", "feedback", "answer_review"}
LISTS = (
    *("", "?trait=unanswered", "?trait=thumb_down", "?trait=slow", "?trait=answered"),
    "?trait=noted",
    *("?origin=faq", "?page=x&since=2020-01-01", "?source=Hours", "?language=fr"),
)
PAGES = (
    *("", "unanswered", "faq", "faq?q=room", "faq.csv", "knowledge", "pages"),
    *("knowledge?source=1&q=opening+hours", "trial", "quality", "quality/sample", "appearance"),
    "knowledge/document/1",
    *("history", "privacy", "messages", "tag", "analytics?days=90", "analytics.csv"),
    *(f"conversations{words}" for words in LISTS),
    "conversations.csv",
)


@pytest.fixture
def owner(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnerServer:
    """A server on each kind of database."""
    monkeypatch.setattr("chatbot_server.app.Extractor", lambda: extractor)
    return OwnerServer(tmp_path, database=database)


@pytest.fixture
def talk(owner: OwnerServer) -> str:
    """A conversation with an honest no and a thumb, on a site with a text; its id."""
    add_note(owner.database, owner.site_id, "Hours", "We are open from 9 am to 6 pm.")
    with owner.database.session() as session:
        exchange = ("Do you deliver?", "I found nothing.")
        [answer] = add_conversation(session, owner.site_id, exchange, origin="none")
        save_feedback(session, answer, "down", None, None)
        return answer.conversation_id


def test_no_page_reads_a_growing_table_whole(owner: OwnerServer, talk: str) -> None:
    browser = owner.browser("owner")
    read: dict[str, tuple[str, str]] = {}
    for name in (*PAGES, f"conversations/{talk}"):
        with statements(owner.database) as log:
            answer = browser.get(f"/admin/{owner.key}/{name}")
            assert answer.status_code == 200, name
            assert answer.data  # a file is written while it is read
        whole = tables_read_whole(owner.database, log)
        read |= {table: (name, words) for table, words in whole.items() if table in GROWING}
    assert read == {}


def test_only_exports_read_all_that_a_sites_visitors_wrote(tmp_path: Path) -> None:
    owner = OwnerServer(tmp_path)
    browser = owner.browser("owner")
    read: dict[str, set[str]] = {}
    for name in PAGES:
        with statements(owner.database) as log:
            assert browser.get(f"/admin/{owner.key}/{name}").data
        tables = WITHOUT_END & tables_read_by_site(owner.database, log).keys()
        read |= {name: tables} if tables else {}
    assert read == {"conversations.csv": {"conversation"}}


@pytest.mark.parametrize(
    ("table", "page"), [("message", "analytics?days=90"), ("conversation", "conversations")]
)
def test_a_table_without_its_indexes_is_seen_to_be_read_whole(
    owner: OwnerServer, talk: str, table: str, page: str
) -> None:
    assert talk
    browser = owner.browser("owner")
    assert browser.get(f"/admin/{owner.key}/{page}").status_code == 200
    with owner.database.session() as session:
        connection = session.connection()
        for index in inspect(connection).get_indexes(table):
            connection.exec_driver_sql(f"DROP INDEX {index['name']}")
    with statements(owner.database) as log:
        assert browser.get(f"/admin/{owner.key}/{page}").status_code == 200
    assert table in tables_read_whole(owner.database, log)


def test_many_entries_take_few_statements(owner: OwnerServer) -> None:
    entries: list[tuple[str, str, tuple[str, ...]]] = [
        (f"How do I book room {n}?", f"Call room {n}.", (f"Book {n}",)) for n in range(200)
    ]
    with statements(owner.database) as log:
        assert put_faq_entries(owner.database, owner.site_id, entries) == 200
    assert len(log) < 2 * 200 + 30  # SQLite tells the number of one new row at a time
    with statements(owner.database) as log:
        entries[7] = ("How do I book room 7?", "Room 7 is closed.", ())
        assert put_faq_entries(owner.database, owner.site_id, entries) == 1
    assert len(log) < 30
    page = owner.browser("owner").get(f"/admin/{owner.key}/faq?q=closed").text
    assert "Room 7 is closed." in page
