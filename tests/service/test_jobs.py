"""The hourly jobs forget what has outlived its time, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from support.conversations import start_conversation

from chatbot_server.config import Config
from chatbot_server.service.children import JOB_NAMES
from chatbot_server.service.jobs import JOBS, erase, erase_old_backups
from chatbot_server.storage.base import DAY, now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.feedback import add_contact_request, contact_requests
from chatbot_server.storage.visitors.messages import add_message, history
from chatbot_server.temporary import temporary_folder


def test_a_backup_that_cannot_be_erased_keeps_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def refusing(file: Path, missing_ok: bool = False) -> None:
        if file.name == "a.db":
            raise PermissionError
        unlink(file, missing_ok)

    monkeypatch.setattr(Path, "unlink", refusing)
    for name in ("a.db", "b.db"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    erase_old_backups(tmp_path, 30)
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]


def test_what_was_erased_before_is_forgotten_though_nothing_is_due(tmp_path: Path) -> None:
    config = Config.model_validate({"data_dir": tmp_path})
    database = Database(config.database_url)
    database.migrate()
    with database.session() as session:
        demo_site(session)
    [log] = tmp_path.rglob("*.db-wal")
    assert log.stat().st_size
    erase(config, database)
    assert not log.stat().st_size
    database.close()


def test_what_a_killed_restore_has_left_of_visitors_is_erased(tmp_path: Path) -> None:
    config = Config.model_validate({"data_dir": tmp_path, "backup": {"keep": 0}})
    database = Database(config.database_url)
    database.migrate()
    left = [tmp_path / "chatbot-restore.x", config.backups_dir / "chatbot-rehearsal.x"]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "chatbot.db").write_text("words")
    with temporary_folder("restore", tmp_path) as running:
        (tmp_path / "chatbot-restore.x").mkdir(exist_ok=True)
        erase(config, database)
        assert running.exists()
    assert not any(folder.exists() for folder in left)
    database.close()


def test_jobs_erase_what_is_due(tmp_path: Path) -> None:
    no_copies = {"retrieval": {"semantic": "off"}, "backup": {"keep": 0}}
    config = Config.model_validate({"data_dir": tmp_path} | no_copies)
    database = Database(config.database_url)
    database.migrate()
    with database.session() as session:
        site = demo_site(session)
        old, _ = start_conversation(session, site.id, locale="en", page=None, keep=True)
        new, _ = start_conversation(session, site.id, locale="en", page=None, keep=True)
        for conversation in (old, new):
            add_message(session, conversation, "user", "Hello")
        old.expires = now() - 1
        for age in (0, config.privacy.contact_days + 1):
            request = add_contact_request(
                session, site, None, name="Ada", email="ada@example.org", text="Hello"
            )
            request.created = now() - age * DAY
        site_id, old_id, new_id = site.id, old.id, new.id
    backups = tmp_path / "backups"
    backups.mkdir()
    (backups / "fresh.db").touch()
    (backups / "old.db").touch()
    long_ago = time.time() - (config.privacy.retention_days + 1) * DAY
    os.utime(backups / "old.db", (long_ago, long_ago))

    erase(config, database)

    with database.session() as session:
        assert session.get(Conversation, old_id) is None
        assert history(session, old_id) == []
        assert len(history(session, new_id)) == 1
        assert len(contact_requests(session, site_id)) == 1
    assert [file.name for file in backups.iterdir()] == ["fresh.db"]
    database.close()


def test_each_job_that_can_be_called_is_there() -> None:
    assert set(JOBS) == set(JOB_NAMES)
