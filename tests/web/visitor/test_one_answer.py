"""What one answer costs the database, and what the log says of it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import event
from support.browser import Browser

from chatbot_server.retrieval.curate.library import add_note

MOST_UNITS, MOST_UNITS_AGAIN = 4, 3


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    browser = Browser(tmp_path)
    add_note(browser.database, browser.site_id, "Opening hours", "We are open from 9 to 17.")
    return browser


def test_an_answer_takes_four_units_of_work_of_the_database_at_most(browser: Browser) -> None:
    opened: list[object] = []
    event.listen(browser.database.engine, "checkout", lambda *connection: opened.append(connection))

    def units() -> int:
        count = len(opened)
        opened.clear()
        return count

    browser.ask("Where are you?")  # the first question of a site reads its languages, too
    assert 0 < units() <= MOST_UNITS + 1
    first = browser.ask("When are you open?")
    assert (first["done"]["origin"], first["done"]["cached"]) == ("pages", False)
    assert 0 < units() <= MOST_UNITS
    start = first["start"]
    follow_up = browser.ask(
        "And until when are you open?", start["secret"], conversation=start["conversation"]
    )
    assert follow_up["start"]["conversation"] == start["conversation"]
    assert follow_up["done"]["origin"] == "pages"
    assert 0 < units() <= MOST_UNITS + 1  # its conversation is read, too
    refused = browser.ask(
        "And when are you open on Sundays?", start["secret"], conversation=start["conversation"]
    )
    assert refused["done"]["origin"] == "none"
    # Before a no, the page that was shown is asked, and what fits the conversation is weighed.
    assert 0 < units() <= MOST_UNITS + 5
    assert browser.ask("When are you open?")["done"]["cached"]
    assert 0 < units() <= MOST_UNITS_AGAIN


def test_the_log_names_the_site_and_not_the_visitor(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "chatbot_server"):
        browser.ask("When are you open?")
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith(f"answer site={browser.site} status=quoted origin=pages cached=no ")
    assert "127.0.0.1" not in line
