"""The newest backup is put back on trial, and whoever looks learns when that fails."""

from __future__ import annotations

import logging
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table
from sqlalchemy.orm import Session
from support.servers.owner_server import OwnerServer

from chatbot_server.backup import rehearsal
from chatbot_server.backup.archive import BackupError
from chatbot_server.backup.rehearsal import rehearse, rehearse_when_due
from chatbot_server.backup.rehearsal_record import FILE, last_rehearsal
from chatbot_server.backup.service import back_up
from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.storage.copying import Row, rows_of
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site


def filled(url: str) -> Database:
    database = Database(url)
    database.migrate()
    with database.session() as session:
        site_id = add_site(session, "Bakery « Le Pétrin »").id
    add_faq(database, site_id, "Do you deliver?", "Yes, in Hull.", ["delivery"])
    add_note(database, site_id, "Parking", "Parking is free on Sundays.")
    return database


def test_all_of_a_backup_of_either_database_is_there_again(
    database_url: str, tmp_path: Path
) -> None:
    database = filled(database_url)
    file = tmp_path / "a.chatbot-backup"
    manifest = back_up(database, file)
    rows = sum(member.lines for member in manifest.members.values())
    assert rehearse(file) == rows
    database.close()


def test_a_table_that_comes_back_otherwise_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = filled(f"sqlite:///{tmp_path / 'c.db'}")
    file = tmp_path / "a.chatbot-backup"
    back_up(database, file)
    database.close()

    def altered(session: Session, table: Table) -> Iterator[Row]:
        for row in rows_of(session, table):
            yield {name: "x" if name == "title" else value for name, value in row.items()}

    monkeypatch.setattr(rehearsal, "rows_of", altered)
    with pytest.raises(BackupError, match="knowledge_document” was not as in the file"):
        rehearse(file)


def test_a_damaged_backup_is_told_at_home_and_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    owner = OwnerServer(tmp_path)
    folder, run_dir = owner.folder / "backups", owner.config.run_dir
    folder.mkdir()
    assert rehearse_when_due(folder, run_dir) is None
    file = folder / "a.chatbot-backup"
    back_up(owner.database, file)
    first = rehearse_when_due(folder, run_dir)
    assert first is not None
    assert (first.code, first.rows > 0) == ("", True)
    assert rehearse_when_due(folder, run_dir) is None  # for a month
    browser = owner.browser("owner")
    assert "rows came back" in browser.get(f"/admin/{owner.key}/").text
    (run_dir / FILE).unlink()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "b.chatbot-backup").write_bytes(data)
    os.utime(file, (1, 1))
    with caplog.at_level(logging.ERROR):
        failed = rehearse_when_due(folder, run_dir)
    assert failed is not None
    assert failed.code == "backup_damaged"
    assert failed == last_rehearsal(run_dir)
    assert "b.chatbot-backup cannot be restored" in caplog.text
    page = browser.get(f"/admin/{owner.key}/").text
    assert 'role="alert"' in page
    assert "b.chatbot-backup, cannot be restored" in page
    owner.database.close()


def test_a_disk_without_room_says_nothing_against_the_backup(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    owner = OwnerServer(tmp_path)
    folder = owner.folder / "backups"
    folder.mkdir()
    add_note(owner.database, owner.site_id, "Bread", "A loaf of rye.\n\n" * 50_000)
    back_up(owner.database, folder / "a.chatbot-backup")
    largest = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, largest[1]))
    try:
        failed = rehearse_when_due(folder, owner.config.run_dir)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, largest)
        signal.signal(signal.SIGXFSZ, handler)
    assert failed is not None
    assert failed.outcome == "untried"
    assert "a.chatbot-backup could not be tried" in caplog.text
    page = owner.browser("owner").get(f"/admin/{owner.key}/").text
    assert "a.chatbot-backup, could not be tried" in page
    assert "put off" in page
    owner.database.close()
