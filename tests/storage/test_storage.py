"""The database keeps what it should, and forgets what it must."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text
from support.conversations import start_conversation

from chatbot_server import storage
from chatbot_server.errors import ChatbotError, ConfigError, NotFound, Unauthorized, Unavailable
from chatbot_server.storage import database as connecting
from chatbot_server.storage.base import Base
from chatbot_server.storage.database import POOL, Database
from chatbot_server.storage.site.sites import add_site, demo_site, find_site
from chatbot_server.storage.visitors.conversations import (
    erase_conversation,
    open_conversation,
)
from chatbot_server.storage.visitors.messages import (
    add_message,
    erase_messages,
    history,
    last_exchange,
)


def talk(database: Database, said: str, *, keep: bool = True) -> tuple[str, str]:
    with database.session() as session:
        site = demo_site(session)
        conversation, secret = start_conversation(
            session, site.id, locale="fr", page=None, keep=keep
        )
        conversation.extend(30)
        add_message(session, conversation, "user", said)
        return conversation.id, secret


def test_a_migration_that_is_killed_leaves_nothing_half_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    statements: list[str] = []

    def end_half_way(*arguments: object) -> None:
        statements.append(str(arguments[2]))
        if len(statements) == 100:
            raise KeyboardInterrupt

    event.listen(database.engine, "before_cursor_execute", end_half_way)
    with pytest.raises(KeyboardInterrupt):
        database.migrate()
    assert sum(statement.strip().startswith("CREATE TABLE") for statement in statements) > 1
    with sqlite3.connect(tmp_path / "chatbot.db") as file:
        assert file.execute("SELECT name FROM sqlite_master").fetchall() == []
    database.migrate()  # goes on where it was
    database.close()


def test_tables_that_an_earlier_version_left_half_made_are_named_with_what_to_do(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    with sqlite3.connect(tmp_path / "chatbot.db") as file:
        file.execute("CREATE TABLE site (id INTEGER)")
    with pytest.raises(Unavailable) as caught:
        database.migrate()
    assert caught.value.code == "database_half_made"
    assert str(tmp_path / "chatbot.db") in caught.value.sentence("fr")
    database.close()


def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    for module in pkgutil.iter_modules(storage.__path__):
        importlib.import_module(f"{storage.__name__}.{module.name}")
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    own = [entry for entry in differences if "knowledge_terms" not in str(entry)]
    assert own == []  # SQLite keeps its search index in tables of its own


def test_migrating_again_changes_nothing(database: Database) -> None:
    identifier, _ = talk(database, "bonjour")
    database.migrate()
    with database.session() as session:
        assert [turn.text for turn in history(session, identifier)] == ["bonjour"]


def test_a_start_asks_alembic_only_where_there_is_something_to_migrate(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions: list[object] = []

    def upgrade(*_arguments: object) -> None:
        with database.session() as session:
            versions.append(session.scalar(text("SELECT version_num FROM alembic_version")))

    monkeypatch.setattr("alembic.command.upgrade", upgrade)
    database.migrate()
    assert versions == []
    with database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    database.migrate()
    assert versions == ["0001"]


def test_only_the_secret_opens_a_conversation(database: Database) -> None:
    identifier, secret = talk(database, "bonjour")
    with database.session() as session:
        assert open_conversation(session, identifier, secret).id == identifier
        with pytest.raises(NotFound):
            open_conversation(session, identifier, secret[:-1] + "!")
        with pytest.raises(NotFound):
            open_conversation(session, "another", secret)
        with pytest.raises(Unauthorized):
            open_conversation(session, identifier, "")


def test_the_secret_itself_is_not_in_the_database(
    sqlite_database: Database, tmp_path: Path
) -> None:
    _, secret = talk(sqlite_database, "bonjour")
    sqlite_database.close()
    assert not any(
        secret.encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()
    )


def test_erasing_leaves_no_trace_of_the_text_on_the_disk(
    sqlite_database: Database, tmp_path: Path
) -> None:
    identifier, secret = talk(sqlite_database, "a very particular sentence")
    with sqlite_database.session() as session:
        assert erase_conversation(session, open_conversation(session, identifier, secret)) == 1
    sqlite_database.forget_erased()
    for file in tmp_path.rglob("chatbot.db*"):
        assert b"a very particular sentence" not in file.read_bytes(), file


def test_what_a_reader_keeps_in_the_log_is_told_and_forgotten_the_next_time(
    sqlite_database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(connecting, "FORGET_SECONDS", 0)
    talk(sqlite_database, "a very particular sentence")
    file = next(tmp_path.rglob("chatbot.db"))
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchone()
    sqlite_database.forget_erased()
    assert "SQLite's log" in caplog.text
    caplog.clear()
    reader.close()
    sqlite_database.forget_erased()
    assert not caplog.text
    assert file.with_name("chatbot.db-wal").stat().st_size == 0


def test_a_retry_drops_the_last_question_and_its_answer(database: Database) -> None:
    identifier, secret = talk(database, "first")
    with database.session() as session:
        conversation = open_conversation(session, identifier, secret)
        add_message(session, conversation, "assistant", "answer")
        add_message(session, conversation, "user", "second")
        dropped = last_exchange(history(session, identifier))
        assert [turn.text for turn in dropped] == ["second"]
        erase_messages(session, [turn.id for turn in dropped])
        assert [turn.text for turn in history(session, identifier)] == ["first", "answer"]


def test_two_demo_sites_are_one_for_everybody(database: Database) -> None:
    with database.session() as session:
        first = demo_site(session)
        add_site(session, "Demo", demo=True)
    with database.session() as session:
        demo_site(session).name = "Renamed"  # PostgreSQL puts what changed behind the other
    with database.session() as session:
        assert demo_site(session).id == first.id


def test_sites_allow_no_origin_until_told(database: Database) -> None:
    with database.session() as session:
        site = add_site(session, "Shop")
        assert not site.allows("https://example.org")
        site.origins = ["https://example.org"]
        key = site.key
    with database.session() as session:
        assert find_site(session, key).allows("HTTPS://Example.org")
        with pytest.raises(NotFound, match="nothing-like-it"):
            find_site(session, "nothing-like-it")


def test_there_is_one_demo_site(database: Database) -> None:
    with database.session() as session:
        assert demo_site(session) is demo_site(session)


@pytest.mark.parametrize("url", ["nonsense", "nosuchdb://x"])
def test_a_wrong_address_is_explained(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Database(url)
    assert caught.value.field == "database"


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    with database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer"):
        database.migrate()


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(Unavailable, match="/proc/nowhere"):
        Database("sqlite:////proc/nowhere/chatbot.db").migrate()


def test_a_file_that_is_no_database_gives_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "chatbot.db"
    file.write_bytes(b"this is not a database" * 100)
    database = Database(f"sqlite:///{file}")
    with pytest.raises(ChatbotError, match="not a database"):
        database.migrate()
    database.close()


def test_no_session_waits_behind_others_until_all_connections_are_used(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(POOL, "pool_timeout", 0.1)
    busy = Database(sqlite_database.url)
    with ExitStack() as stack:
        for _other in range(64):
            stack.enter_context(busy.session()).execute(text("SELECT 1"))
        with pytest.raises(Unavailable), busy.session() as session:
            session.execute(text("SELECT 1"))
    busy.close()


def test_a_folder_is_told_as_its_owner_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "Été à la plage"
    folder.mkdir()
    database = Database(f"sqlite:///{folder}/chatbot.db")
    assert database.ping() == f"sqlite:///{folder}/chatbot.db"
    database.close()
