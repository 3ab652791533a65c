"""Another file's pages take the place of a SQLite database: all of them, or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from chatbot_server.errors import Unavailable
from chatbot_server.storage import database as storage
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site


def with_site(file: Path, name: str) -> Database:
    database = Database(f"sqlite:///{file}")
    database.migrate()
    with database.session() as session:
        add_site(session, name)
    return database


def names(database: Database) -> list[str]:
    with database.session() as session:
        return list(session.scalars(text("SELECT name FROM site")))


@pytest.fixture
def former(tmp_path: Path) -> Iterator[Database]:
    database = with_site(tmp_path / "chatbot.db", "former")
    yield database
    database.close()


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    with_site(tmp_path / "newer.db", "newer").close()
    return tmp_path / "newer.db"


def test_readers_see_the_former_content_until_all_is_there(former: Database, newer: Path) -> None:
    reader = former.engine.raw_connection()
    seen: list[str] = []

    def look() -> None:
        seen.extend(names(former))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("UPDATE site SET name = 'another'")

    other = sqlite3.connect(former.engine.url.database or "", timeout=0)
    former.copy_pages(newer, look)
    assert seen == ["former"]
    assert names(former) == ["newer"]
    assert reader.execute("SELECT name FROM site").fetchall() == [("newer",)]
    with former.session() as session:  # and it can be written
        add_site(session, "since")
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
    reader.close()
    other.close()


def test_what_is_refused_at_the_last_moment_changes_nothing(former: Database, newer: Path) -> None:
    def refuse() -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        former.copy_pages(newer, refuse)
    assert names(former) == ["former"]
    with former.session() as session:
        add_site(session, "since")


def test_another_program_that_writes_is_waited_for_but_not_for_ever(
    former: Database, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "TURN_SECONDS", 0.3)
    other = sqlite3.connect(former.engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as refused:
        former.copy_pages(newer, lambda: None)
    assert refused.value.code == "database_locked"
    other.execute("ROLLBACK")
    other.close()
    former.copy_pages(newer, lambda: None)
    assert names(former) == ["newer"]
