"""What erasures leave free in SQLite's file comes back to the disk."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic import command
from sqlalchemy import text

from chatbot_server.storage.database import Database
from chatbot_server.storage.shrinking import make_shrinkable, shrink
from chatbot_server.storage.site.sites import add_site


def new_database(file: Path) -> Database:
    database = Database(f"sqlite:///{file}")
    database.migrate()
    return database


def fill(database: Database, megabytes: int) -> None:
    """Sites with names far too long, to be deleted."""
    for _ in range(megabytes):
        with database.session() as session:
            add_site(session, "x" * 1_000_000)


def empty(database: Database) -> None:
    with database.session() as session:
        session.execute(text("DELETE FROM site WHERE length(name) > 1000"))


def size(database: Database) -> int:
    """Of the file, in megabytes."""
    database.forget_erased()
    return Path(database.engine.url.database or "").stat().st_size // 1_000_000


def test_freed_room_comes_back_and_others_write_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = new_database(tmp_path / "chatbot.db")
    fill(database, 20)
    empty(database)
    assert size(database) > 19
    other = sqlite3.connect(tmp_path / "chatbot.db", timeout=0, isolation_level=None)
    writes: list[int] = []

    def write_meanwhile(_seconds: float) -> None:
        other.execute("UPDATE site SET name = 'busy'")
        writes.append(1)

    monkeypatch.setattr("chatbot_server.storage.shrinking.time.sleep", write_meanwhile)
    assert shrink(database.engine) > 3000
    assert size(database) < 6  # four megabytes are kept for what comes
    assert 5 < len(writes) < 30
    assert shrink(database.engine) == 0
    assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    other.close()
    database.close()


def test_a_file_of_an_older_version_can_shrink_after_the_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot_server.storage.database.make_new_file_shrinkable", lambda _: None)
    monkeypatch.setattr("chatbot_server.storage.database.make_shrinkable", lambda _: None)
    database = new_database(tmp_path / "chatbot.db")
    monkeypatch.undo()
    fill(database, 10)
    empty(database)
    assert shrink(database.engine) == 0
    command.downgrade(database.alembic_config(), "0028")
    database.migrate()
    assert size(database) < 3
    fill(database, 10)
    empty(database)
    assert shrink(database.engine) > 0
    assert size(database) < 6
    database.close()


def test_a_file_that_finds_no_room_to_be_written_anew_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "chatbot.db"
    sqlite3.connect(file).execute("CREATE TABLE t (x)").connection.close()
    database = Database(f"sqlite:///{file}")
    disk = SimpleNamespace(free=2 * file.stat().st_size)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: disk)
    make_shrinkable(database.engine)
    assert shrink(database.engine) == 0
    with database.session() as session:
        assert session.scalar(text("PRAGMA auto_vacuum")) == 0
    database.close()
