"""``/readyz`` knows of a full disk, a damaged database and a writer who does not end."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

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
