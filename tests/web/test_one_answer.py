"""What one answer costs the database, and what the log says of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.orm import Session
from support.browser import Browser

from chatbot_server.retrieval.curate.library import add_note

MOST_SESSIONS = 4


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    browser = Browser(tmp_path)
    add_note(browser.database, browser.site_id, "Opening hours", "We are open from 9 to 17.")
    return browser


def test_an_answer_takes_four_sessions_of_the_database_at_most(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session = browser.database.session
    opened: list[Session] = []

    @contextmanager
    def counted_session() -> Iterator[Session]:
        with open_session() as session:
            opened.append(session)
            yield session

    monkeypatch.setattr(browser.database, "session", counted_session)

    def sessions() -> int:
        count = len(opened)
        opened.clear()
        return count

    first = browser.ask("When are you open?")
    assert (first["done"]["origin"], first["done"]["cached"]) == ("pages", False)
    assert 0 < sessions() <= MOST_SESSIONS
    start = first["start"]
    follow_up = browser.ask(
        "And when are you open on Sundays?", start["secret"], conversation=start["conversation"]
    )
    assert follow_up["start"]["conversation"] == start["conversation"]
    assert 0 < sessions() <= MOST_SESSIONS
    assert browser.ask("When are you open?")["done"]["cached"]
    assert 0 < sessions() <= MOST_SESSIONS


def test_the_log_names_the_site_and_not_the_visitor(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "chatbot_server"):
        browser.ask("When are you open?")
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith(f"answer site={browser.site} status=quoted origin=pages cached=no ")
    assert "127.0.0.1" not in line
