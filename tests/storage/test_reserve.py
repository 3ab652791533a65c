"""What is to be erased is erased on a full disk, too: some room was kept for that."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from support.browser import Browser

from chatbot_server.config import Config
from chatbot_server.errors import Unavailable
from chatbot_server.service.jobs import erase
from chatbot_server.storage import reserve
from chatbot_server.storage.database import Database

# As long as the reserve is there, the disk is full: SQLite may not add or change a page.
FULL = "CREATE TRIGGER full BEFORE DELETE ON conversation BEGIN SELECT RAISE(FAIL, 'full'); END"


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setattr(reserve, "SIZE", 1000)
    monkeypatch.setattr(reserve, "LEAST_FREE", 1000)
    return Browser(tmp_path)


def fill_disk(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    with browser.database.session() as session:
        session.execute(text(FULL))
    give_up = reserve.Reserve.give_up

    def make_room(kept: reserve.Reserve) -> bool:
        with browser.database.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER IF EXISTS full"))
        return give_up(kept)

    monkeypatch.setattr(reserve.Reserve, "give_up", make_room)


def test_room_is_kept_where_there_is_enough(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (tmp_path / "reserve").stat().st_size == 1000
    monkeypatch.setattr(reserve, "LEAST_FREE", 10**18)
    other = Database(f"sqlite:///{tmp_path / 'other' / 'chatbot.db'}")
    other.migrate()
    assert not (tmp_path / "other" / "reserve").exists()
    other.close()


def test_a_visitor_erases_a_chat_on_a_full_disk(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = browser.ask("Hello")
    fill_disk(browser, monkeypatch)
    monkeypatch.setattr(reserve, "LEAST_FREE", 10**18)
    browser.erase(answer)
    assert (tmp_path / "reserve").stat().st_size == 750  # the rest is for the next
    monkeypatch.setattr(reserve, "LEAST_FREE", 1000)
    browser.erase(browser.ask("Hello"))
    assert (tmp_path / "reserve").stat().st_size == 1000  # there is room again


def test_the_hourly_job_erases_on_a_full_disk(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = browser.ask("Hello")["start"]
    with browser.database.session() as session:
        session.execute(text("UPDATE conversation SET expires = 1"))
    fill_disk(browser, monkeypatch)
    (tmp_path / "run").mkdir()
    erase(Config(data_dir=tmp_path), browser.database)
    with browser.database.session() as session:
        count = text("SELECT count(*) FROM conversation WHERE id = :id")
        assert session.scalar(count, {"id": start["conversation"]}) == 0


def test_where_nothing_is_left_it_is_said_in_a_sentence(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.ask("Hello")
    with browser.database.session() as session:
        session.execute(text("UPDATE conversation SET expires = 1"))
        session.execute(text(FULL))
    (tmp_path / "reserve").unlink()
    with pytest.raises(Unavailable, match="Check that its disk is not full"):
        erase(Config(data_dir=tmp_path), browser.database)
