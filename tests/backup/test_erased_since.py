"""What was erased after a backup was made stays erased when the backup is restored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import Session
from support.conversations import start_conversation

from chatbot_server.backup import restoring
from chatbot_server.backup.restoring import erase_as_beside, restore
from chatbot_server.backup.service import back_up
from chatbot_server.config import Config
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.site_state import index_version
from chatbot_server.storage.site.sites import Site, add_site
from chatbot_server.storage.visitors.conversations import Conversation, erase_conversation
from chatbot_server.storage.visitors.erasures import (
    KEPT_DAYS,
    Erasure,
    forget_old_erasures,
    remember_erased,
    remembered_erasures,
)
from chatbot_server.storage.visitors.feedback import (
    ContactRequest,
    add_contact_request,
    erase_contact_request,
    save_feedback,
)
from chatbot_server.storage.visitors.internal_notes import (
    add_internal_note,
    erase_internal_note,
    internal_notes,
)
from chatbot_server.storage.visitors.messages import add_message, count_messages


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data_dir=tmp_path / "data")


@pytest.fixture
def source(database_url: str) -> Iterator[Database]:
    database = bakery(database_url)
    yield database
    database.close()


def bakery(url: str) -> Database:
    """A database with one site."""
    database = Database(url)
    database.migrate()
    with database.session() as session:
        add_site(session, "Bakery")
    return database


def chat(database: Database, words: str, days: int = 30) -> str:
    """A conversation with feedback, kept for *days*; its id."""
    with database.session() as session:
        site_id = session.scalars(select(Site.id)).one()
        thread, _ = start_conversation(session, site_id, locale="en", page=None, keep=True)
        thread.extend(days)
        add_message(session, thread, "user", words)
        save_feedback(session, add_message(session, thread, "assistant", words), "up", None, words)
        return thread.id


def send_letter(database: Database, words: str) -> None:
    with database.session() as session:
        site = session.scalars(select(Site)).one()
        add_contact_request(session, site, None, name="B", email="b@example.org", text=words)


def erase_chat(database: Database, conversation: str) -> None:
    database.erase(lambda s: erase_conversation(s, s.get_one(Conversation, conversation)))


def chats(database: Database) -> list[str]:
    with database.session() as session:
        return list(session.scalars(select(Conversation.id)))


def test_what_a_visitor_or_the_owner_erased_does_not_come_back(
    source: Database, config: Config, tmp_path: Path
) -> None:
    erased, kept = chat(source, "erased words"), chat(source, "kept words")
    send_letter(source, "first letter")
    send_letter(source, "second letter")
    back_up(source, tmp_path / "old")
    erase_chat(source, erased)
    with source.session() as session:
        letter = session.scalars(select(ContactRequest).where(ContactRequest.text.like("second%")))
        erase_contact_request(session, letter.one())
    send_letter(source, "newer letter")  # with SQLite, of the same number
    for _ in range(2):  # and not at the second restore, either
        restore(source, tmp_path / "old", config, overwrite=True)
        assert chats(source) == [kept]
        with source.session() as session:
            assert session.scalars(select(ContactRequest.text)).all() == ["first letter"]
    back_up(source, tmp_path / "new")
    assert b"erased words" not in (tmp_path / "new").read_bytes()


def test_an_erased_note_does_not_come_back(
    source: Database, config: Config, tmp_path: Path
) -> None:
    noted = chat(source, "kept words")
    with source.session() as session:
        thread = session.get_one(Conversation, noted)
        add_internal_note(session, thread, "Ann", "kept note")
        number = add_internal_note(session, thread, "Ann", "erased note").id
    back_up(source, tmp_path / "old")
    with source.session() as session:
        thread = session.get_one(Conversation, noted)
        erase_internal_note(session, thread, number)
        add_internal_note(session, thread, "Ann", "newer note")  # with SQLite, of the same number
    restore(source, tmp_path / "old", config, overwrite=True)
    with source.session() as session:
        assert [note.text for note in internal_notes(session, [noted])[noted]] == ["kept note"]


def test_what_has_outlived_its_time_does_not_come_back(
    source: Database, config: Config, tmp_path: Path
) -> None:
    old, kept = chat(source, "old words"), chat(source, "kept words")
    send_letter(source, "old letter")
    with source.session() as session:
        of_it = Conversation.id == old
        session.execute(update(Conversation).where(of_it).values(expires=now() - 1))
        age = (config.privacy.contact_days + 1) * DAY
        session.execute(update(ContactRequest).values(created=now() - age))
    back_up(source, tmp_path / "old")
    restore(source, tmp_path / "old", config, overwrite=True)
    assert chats(source) == [kept]
    with source.session() as session:
        assert session.scalars(select(ContactRequest.text)).all() == []


def test_erasures_hold_on_a_server_that_has_lost_its_database(
    source: Database, config: Config, tmp_path: Path
) -> None:
    """The daily copies, which hold nothing of visitors, remember what they had erased."""
    erased = chat(source, "erased words")
    back_up(source, tmp_path / "old")
    erase_chat(source, erased)
    config.backups_dir.mkdir(parents=True)
    back_up(source, config.backups_dir / "daily-1.chatbot-backup", visitors=False)
    (config.backups_dir / "broken.chatbot-backup").write_bytes(os.urandom(100))
    with source.session() as session:
        session.execute(delete(Conversation))
        session.execute(delete(Erasure))
    restore(source, tmp_path / "old", config, overwrite=True)
    assert chats(source) == []


def test_erasures_hold_when_an_older_version_gets_its_older_database_back(
    config: Config, tmp_path: Path
) -> None:
    """The installer keeps the newer one as ``replaced-….db``; the job looks there."""
    config.backups_dir.mkdir(parents=True)
    newer = bakery(f"sqlite:///{config.backups_dir / 'replaced-1.db'}")
    erased, kept = chat(newer, "erased words"), chat(newer, "kept words")
    back_up(newer, tmp_path / "old")
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    database.migrate()
    restore(database, tmp_path / "old", config)
    erase_chat(newer, erased)
    newer.close()
    (config.backups_dir / "broken.db").write_bytes(b"no database")
    for _ in range(2):
        erase_as_beside(database, config.backups_dir)
        assert chats(database) == [kept]
    database.close()


def test_what_is_erased_while_a_backup_is_restored_stays_erased(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With SQLite, the new content is made beside the database, which visitors write meanwhile."""
    source = bakery(f"sqlite:///{tmp_path / 'chatbot.db'}")
    erased, kept = chat(source, "erased words"), chat(source, "kept words")
    back_up(source, tmp_path / "old")

    def erase_meanwhile(session: Session) -> None:
        count_messages(session)
        erase_chat(source, erased)  # no writer waits

    monkeypatch.setattr(restoring, "count_messages", erase_meanwhile)
    restore(source, tmp_path / "old", config, overwrite=True)
    assert chats(source) == [kept]
    source.close()


def test_a_running_server_does_not_take_the_restored_index_for_one_it_knows(
    source: Database, config: Config, tmp_path: Path
) -> None:
    with source.session() as session:
        site_id = session.scalars(select(Site.id)).one()
    add_note(source, site_id, "Parking", "Parking is free on Sundays.")
    back_up(source, tmp_path / "old")
    add_note(source, site_id, "Parking", "Parking costs two euros on Sundays.")
    with source.session() as session:
        known = index_version(session, site_id)
    restore(source, tmp_path / "old", config, overwrite=True)
    with source.session() as session:
        assert abs(index_version(session, site_id) - known) > 10


def test_erasures_are_remembered_until_every_backup_is_too_old(source: Database) -> None:
    fields = Config.model_fields["privacy"].annotation.model_fields.values()  # type: ignore[union-attr]
    longest = max(mark.le for field in fields for mark in field.metadata if hasattr(mark, "le"))
    assert longest + 1 < KEPT_DAYS
    chat_id = chat(source, "words")
    erase_chat(source, chat_id)
    with source.session() as session:
        (digest,) = remembered_erasures(session)
        assert chat_id not in digest
        assert forget_old_erasures(session) == 0
        session.execute(update(Erasure).values(day=now() - (KEPT_DAYS + 1) * DAY))
        assert forget_old_erasures(session) == 1


def test_an_erasure_is_remembered_once_and_with_one_statement(source: Database) -> None:
    statements: list[str] = []
    event.listen(
        source.engine,
        "before_cursor_execute",
        lambda *arguments: statements.append(arguments[2]),
    )
    with source.session() as session:
        remember_erased(session, "conversation", {"id": "one"})
        remember_erased(session, "conversation", {"id": "one"})
    assert [statement.split()[0] for statement in statements] == ["INSERT", "INSERT"]
    with source.session() as session:
        assert len(remembered_erasures(session)) == 1
