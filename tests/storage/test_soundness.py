"""``/readyz`` knows of a full disk, a damaged database and a writer who does not end."""

from __future__ import annotations

import os
import pwd
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import event, text
from support.browser import Browser

from chatbot_server.errors import Unavailable
from chatbot_server.storage import soundness
from chatbot_server.storage.database import Database
from chatbot_server.storage.soundness import DAMAGED, check_every_page

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    (tmp_path / "run").mkdir()
    return Browser(tmp_path)


def readiness(browser: Browser) -> tuple[int, dict[str, str]]:
    answer = browser.client.get("/readyz")
    assert (answer.status_code == 503) is ("Retry-After" in answer.headers)
    return answer.status_code, answer.get_json()


def test_all_is_well(browser: Browser) -> None:
    status, body = readiness(browser)
    assert (status, body["disk"], body["database"]) == (200, "ready", "ready")


def test_a_full_disk_is_told(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "chatbot_server.storage.soundness.shutil.disk_usage", lambda _: Usage(9, 9, 1_000_000)
    )
    status, body = readiness(browser)
    assert (status, body["disk"]) == (503, "disk_full")
    assert str(browser.database.url) not in str(body)


def test_a_damaged_database_is_told(browser: Browser, tmp_path: Path) -> None:
    browser.database.forget_erased()
    browser.database.close()
    file = tmp_path / "chatbot.db"
    file.write_bytes(file.read_bytes()[:4096] + b"x" * (file.stat().st_size - 4096))
    status, body = readiness(browser)
    assert (status, body["database"]) == (503, "database_unreadable")
    with pytest.raises(Unavailable):
        check_every_page(browser.database, tmp_path / "run")


def test_damage_that_the_hourly_check_found_is_told_until_it_is_gone(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "run" / DAMAGED).touch()
    assert readiness(browser)[1]["database"] == "database_damaged"
    check_every_page(browser.database, tmp_path / "run")
    assert readiness(browser)[0] == 200


def test_a_writer_who_does_not_end_is_told(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soundness, "TURN_SECONDS", 0.01)
    turns = browser.database._turns
    assert turns
    turns.take()
    assert readiness(browser)[1]["database"] == "database_busy"
    turns.hand_on()
    assert readiness(browser)[0] == 200


def test_an_engine_that_says_nothing_is_told(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser.model, "is_answering", lambda: False)
    status, body = readiness(browser)
    assert (status, body["engine"]) == (503, "restarting")


def test_a_database_that_cannot_be_written_is_told_with_who_may(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    event.listen(database.engine, "connect", lambda link, _: link.execute("pragma query_only = on"))
    with pytest.raises(Unavailable) as told, database.session() as session:
        session.execute(text("CREATE TABLE x (y)"))
    database.close()
    assert told.value.code == "database_readonly"
    assert told.value.values["owner"] == tmp_path.owner()


@contextmanager
def as_nobody() -> Iterator[None]:
    """For a moment, the files of others are closed to this process."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("mode", "code"), [(0o644, "database_readonly"), (0o600, "database_closed")]
)
def test_a_file_that_root_put_back_is_told(mode: int, code: str) -> None:
    with TemporaryDirectory(prefix="put-back-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        database = Database(f"sqlite:///{folder / 'chatbot.db'}")
        with as_nobody():
            database.migrate()
            with database.session() as session:  # as a server that was killed leaves its log
                session.execute(text("SELECT 1"))
        os.chown(folder / "chatbot.db", 0, -1)
        (folder / "chatbot.db").chmod(mode)
        again = Database(database.url)
        with as_nobody(), pytest.raises(Unavailable) as told:
            again.check_writer(1)
        again.close()
        database.close()
    assert told.value.code == code
    assert told.value.values["owner"] == "root"


def test_a_missing_file_beside_copies_begins_anew_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "chatbot.db"
    Database(f"sqlite:///{file}").migrate()
    assert "is missing" not in caplog.text  # the first start
    file.unlink()
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "2026-11-01.backup").touch()
    Database(f"sqlite:///{file}").migrate()
    assert f"{file} is missing" in caplog.text
    assert "restore FILE" in caplog.text
    caplog.clear()
    Database(f"sqlite:///{file}").migrate()
    assert "is missing" not in caplog.text


def test_an_emptied_file_is_no_new_database(tmp_path: Path) -> None:
    (tmp_path / "chatbot.db").touch()
    Database(f"sqlite:///{tmp_path / 'chatbot.db'}").migrate()
    (tmp_path / "chatbot.db").write_bytes(b"")
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups/daily-1.chatbot-backup").touch()
    with pytest.raises(Unavailable) as told:
        Database(f"sqlite:///{tmp_path / 'chatbot.db'}").migrate()
    assert told.value.code == "database_emptied"
