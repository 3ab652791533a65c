"""A backup holds everything as of one moment; a restore brings all of it back, or nothing."""

from __future__ import annotations

import json
import os
import re
import stat
import threading
import zipfile
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.conversations import start_conversation
from support.database.backups import PASSWORD, everything, filled
from support.patience import LONG
from support.servers.postgresql import Cluster

from chatbot_server.accounts.service import log_in
from chatbot_server.backup.archive import AGE, BackupError
from chatbot_server.backup.restoring import restore
from chatbot_server.backup.service import back_up, look
from chatbot_server.config import Config
from chatbot_server.config.sections import BackupSection
from chatbot_server.errors import UsageError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.versions import put_version_back
from chatbot_server.service.jobs import DAILY, back_up_daily
from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.owners.accounts import start_session
from chatbot_server.storage.site.sites import Site, add_site, find_site
from chatbot_server.storage.visitors.analytics import Period, timeline
from chatbot_server.storage.visitors.conversations import MESSAGES, has_conversation
from chatbot_server.storage.visitors.inbox import ConversationFilter, list_conversations
from chatbot_server.storage.visitors.messages import (
    add_message,
    complete_answer,
    count_messages,
)


def rows_in(archive: zipfile.ZipFile, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(f"{table}.jsonl").splitlines()]


def test_what_was_taken_is_there_again_on_either_database(
    source: tuple[Database, str], tmp_path: Path, database_url: str
) -> None:
    database, key = source
    file = tmp_path / "a.chatbot-backup"
    manifest = back_up(database, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert look(file) == manifest
    target = Database(database_url)
    target.migrate()
    restore(target, file, Config(data_dir=tmp_path))
    former, present = everything(database, tmp_path), everything(target, tmp_path)
    for name, rows in former.items():
        volatile = {"id", "read", "version"}
        strip = [{k: v for k, v in row.items() if k not in volatile} for row in rows]
        again = [{k: v for k, v in row.items() if k not in volatile} for row in present[name]]
        assert again == strip, name
    with target.session() as session:
        site = find_site(session, key)
        assert log_in(session, "ann", PASSWORD).role == "owner"
        (row,) = list_conversations(session, ConversationFilter(site.id))
        assert row.notes == 1
        add_site(session, "another")  # gets a number of its own
        site_id = site.id
        note = documents_of(session, site_id)[-1]
    put_version_back(target, site_id, note.source_id, note.id)
    put_version_back(target, site_id, note.source_id, note.id)
    base = KnowledgeBase(target)
    assert base.ground(site_id, "Do you deliver?").answer == "Yes, in Hull."
    assert "free on Sundays" in base.ground(site_id, "Is parking free on Sundays?").answer
    target.close()


def test_a_server_in_use_is_replaced_only_when_told(
    source: tuple[Database, str], tmp_path: Path
) -> None:
    database, key = source
    file = tmp_path / "a"
    back_up(database, file)
    with database.session() as session:
        add_site(session, "made since")
        start_session(session, log_in(session, "Ann", PASSWORD))
    with pytest.raises(UsageError):
        restore(database, file, Config(data_dir=tmp_path))
    restore(database, file, Config(data_dir=tmp_path), overwrite=True)
    with database.session() as session:
        names = [site.name for site in session.query(Site)]
    assert "made since" not in names
    with pytest.raises(UsageError):
        back_up(database, file)  # nothing is overwritten
    assert key


def test_a_passphrase_hides_everything_and_opens_it(
    source: tuple[Database, str], tmp_path: Path
) -> None:
    database, _ = source
    file = tmp_path / "a"
    back_up(database, file, passphrase="correct horse")
    data = file.read_bytes()
    assert data.startswith(AGE)
    assert b"Bakery" not in data
    for wrong in ("", "incorrect horse"):
        with pytest.raises(BackupError):
            look(file, wrong)
    assert look(file, "correct horse").visitors


def test_a_busy_machine_does_not_call_a_passphrase_wrong(
    source: tuple[Database, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    back_up(source[0], file, passphrase="correct horse")
    decrypt, refusals = pyrage.passphrase.decrypt, iter(("Excessive work parameter.",) * 4)

    def decrypt_when_quiet(data: bytes, passphrase: str) -> bytes:
        for refusal in refusals:
            raise pyrage.DecryptError(refusal)
        return bytes(decrypt(data, passphrase))

    monkeypatch.setattr(pyrage.passphrase, "decrypt", decrypt_when_quiet)
    assert look(file, "correct horse").visitors
    monkeypatch.undo()
    for_hours = re.sub(rb"(-> scrypt \S+) \d+", rb"\1 30", file.read_bytes(), count=1)
    file.write_bytes(for_hours)
    with pytest.raises(BackupError) as refused:
        look(file, "correct horse")
    assert refused.value.code == "backup_passphrase_slow"


def test_a_backup_is_of_one_moment_while_others_write(
    source: tuple[Database, str], tmp_path: Path
) -> None:
    database, key = source
    stop = threading.Event()

    def chat() -> None:
        while not stop.is_set():
            with database.session() as session:
                site = find_site(session, key)
                thread, _ = start_conversation(session, site.id, locale="en", page=None, keep=True)
                add_message(session, thread, "user", "Hello?")

    writer = threading.Thread(target=chat)
    writer.start()
    try:
        for number in range(5):
            file = tmp_path / f"{number}"
            back_up(database, file)
            with zipfile.ZipFile(file) as archive:
                threads = {row["id"] for row in rows_in(archive, "conversation")}
                messages = rows_in(archive, "message")
            assert {message["conversation_id"] for message in messages} == threads
    finally:
        stop.set()
        writer.join()


def test_who_asks_while_a_backup_is_restored_is_answered_after_it(
    postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgresql.database("template0") as url:
        database, key = filled(url)
        back_up(database, file := tmp_path / "in-use.chatbot-backup")

        def ask() -> None:
            with database.session() as session:
                site_id = find_site(session, key).id
                thread, _ = start_conversation(session, site_id, locale="en", page=None, keep=True)
                asked.append(thread.id)

        asked: list[str] = []
        visitor = threading.Thread(target=ask)

        def go_on(session: Session) -> None:
            visitor.start()
            visitor.join(0.5)
            assert not asked
            count_messages(session)

        monkeypatch.setattr("chatbot_server.backup.restoring.count_messages", go_on)
        restore(database, file, Config(data_dir=tmp_path), overwrite=True)
        visitor.join(LONG)
        with database.session() as session:
            assert has_conversation(session, asked[0])
        database.close()


def test_an_answer_that_was_being_written_comes_back_with_words_that_say_so(
    source: tuple[Database, str], tmp_path: Path
) -> None:
    database, _ = source
    cut = {"finish": None, "text": ""}
    with database.session() as session:
        session.execute(update(MESSAGES).where(MESSAGES.c.role == "assistant").values(cut))
    back_up(database, tmp_path / "a")
    restore(database, tmp_path / "a", Config(data_dir=tmp_path), overwrite=True)
    with database.session() as session:
        answer = session.execute(select(MESSAGES).where(MESSAGES.c.role == "assistant")).one()
        assert answer.text.startswith("Le serveur a été interrompu")
        complete_answer(session, answer.id, {"text": "Oui.", "finish": "stop"})
        assert session.scalar(select(MESSAGES.c.text).where(MESSAGES.c.id == answer.id)) == "Oui."


def test_a_copy_a_day_is_kept_without_what_visitors_wrote(
    source: tuple[Database, str], tmp_path: Path
) -> None:
    database, _ = source
    folder = tmp_path / "backups"
    config = Config(data_dir=tmp_path, backup=BackupSection(keep=2))
    for day in (1, 2, 3):
        back_up_daily(config, database, folder)
        back_up_daily(config, database, folder)  # an hour later: nothing
        copies = sorted(folder.glob(f"{DAILY}*"))
        assert len(copies) == min(day, 2)
        manifest = look(copies[-1])
        assert not manifest.visitors
        assert "message.jsonl" not in manifest.members
        for number, file in enumerate(copies):
            aged = file.rename(folder / f"{DAILY}200{day}-0{number}.chatbot-backup")
            moment = now() - 2 * 24 * 3600

            os.utime(aged, (moment, moment))


def test_answers_of_an_older_backup_count_in_figures_again(
    source: tuple[Database, str], tmp_path: Path
) -> None:
    database, key = source
    with database.session() as session:
        session.execute(update(MESSAGES).values(site_id=None, begun=None, origin="faq"))
    back_up(database, tmp_path / "old")
    restore(database, tmp_path / "old", Config(data_dir=tmp_path), overwrite=True)
    with database.session() as session:
        period = Period(find_site(session, key).id, now() - DAY, now() + 1)
        assert sum(counts.answered for counts in timeline(session, period, DAY).values()) == 2


def test_a_daily_copy_that_finds_no_room_is_one_line_of_the_log(
    source: tuple[Database, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "backups"
    folder.touch()
    back_up_daily(Config(data_dir=tmp_path), source[0], folder)
    assert [record.exc_info for record in caplog.records] == [None]
    assert str(folder) in caplog.text
