"""What is erased is gone, and others write meanwhile."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from support.conversations import start_conversation
from support.patience import wait_for

from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site, add_site
from chatbot_server.storage.visitors import erasure
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.erasure import erase_conversations_of, erase_expired
from chatbot_server.storage.visitors.messages import add_message

RENAME = text("UPDATE site SET name = 'Busy'")


def site_with_chats(database: Database, count: int, *, keep: bool = True) -> Site:
    """A new site with *count* conversations of one message each."""
    with database.session() as session:
        site = add_site(session, "Erased")
        for _ in range(count):
            conversation, _ = start_conversation(
                session, site.id, locale="en", page=None, keep=keep
            )
            conversation.extend(30)
            add_message(session, conversation, "user", "Hello")
        return site


def sites_of_chats(database: Database) -> list[int]:
    with database.session() as session:
        return list(session.scalars(text("SELECT site_id FROM conversation")))


def test_what_outlived_the_retention_is_erased_and_nothing_else(database: Database) -> None:
    short = site_with_chats(database, 1, keep=False)
    long = site_with_chats(database, 1)
    assert erase_expired(database) == (0, 0)
    assert erase_expired(database, now() + DAY) == (1, 1)
    assert sites_of_chats(database) == [long.id]
    assert short.id != long.id
    assert erase_expired(database, now() + 31 * DAY) == (1, 1)


def test_whoever_writes_comes_between_when_many_are_erased(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Database(database.url)
    kept, erased = site_with_chats(database, 1), site_with_chats(database, 7)
    lengths: list[int] = []

    def write_meanwhile(_seconds: float) -> None:
        with other.session() as session:
            if session.get_bind().dialect.name == "sqlite":
                session.execute(text("PRAGMA busy_timeout = 0"))  # it waits for nobody
            session.execute(RENAME)
            lengths.append(session.query(Conversation).count())

    monkeypatch.setattr(erasure, "FEWEST", 3)
    monkeypatch.setattr(erasure, "MOST", 3)
    monkeypatch.setattr("chatbot_server.storage.visitors.erasure.time.sleep", write_meanwhile)
    assert erase_conversations_of(database, erased) == (7, 7)
    assert lengths == [5, 2]
    assert sites_of_chats(database) == [kept.id]
    other.close()


def test_others_write_while_a_reader_keeps_erased_text_in_the_log(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    database.migrate()
    site_with_chats(database, 1)
    reader = sqlite3.connect(tmp_path / "chatbot.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchone()
    site_with_chats(database, 1)
    forgetting = threading.Thread(target=database.forget_erased)
    forgetting.start()
    count = 0
    while forgetting.is_alive():
        with database.session() as session:
            session.execute(RENAME)
        count += 1
        time.sleep(0.1)
    assert count > 5
    reader.close()
    database.forget_erased()
    wait_for(lambda: (tmp_path / "chatbot.db-wal").stat().st_size == 0)
    database.close()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, 400), (0.1, 400), (0.2, 200), (0.4, 100), (60.0, erasure.FEWEST)],
)
def test_as_many_are_erased_at_once_as_others_can_wait_for(seconds: float, expected: int) -> None:
    assert erasure._next_batch(200, seconds) == expected
    assert erasure._next_batch(erasure.MOST, 0.0) == erasure.MOST
