"""An answer that a crash cut short says so after the next start."""

from __future__ import annotations

from pathlib import Path

from support.browser import Browser

from chatbot_server.conversation.unfinished import mend_cut_answers
from chatbot_server.storage.base import DAY
from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.conversations import ChatMessage


def test_a_visitor_who_returns_is_told_of_the_answer_that_was_cut(tmp_path: Path) -> None:
    browser = Browser(tmp_path)
    whole = browser.ask("Hello", locale="fr")
    older = browser.ask("Hello again", locale="fr")
    cut = browser.ask("Bonjour", locale="fr")
    with browser.database.session() as session:  # as it stands while a model writes
        row = session.get_one(ChatMessage, cut["start"]["message"])
        row.text, row.finish, row.status = "", None, None
        row.created += 30 * DAY  # the clock was ahead
        long_ago = session.get_one(ChatMessage, older["start"]["message"])
        long_ago.text, long_ago.finish, long_ago.created = "", None, long_ago.created - DAY
    mend_cut_answers(browser.database, is_start=False)  # this one may be being written
    assert browser.transcript(older)[1]["text"].startswith("Le serveur a été interrompu")
    assert browser.transcript(cut)[1]["finish"] is None
    mend_cut_answers(browser.database, is_start=True)
    told = browser.transcript(cut)[1]
    assert told["text"].startswith("Le serveur a été interrompu")
    assert (told["finish"], told["status"]) == ("error", "failed")
    assert browser.transcript(whole)[1]["finish"] == "stop"
    # It is no part of what the model reads next.
    start = cut["start"]
    browser.ask("And now?", start["secret"], conversation=start["conversation"])
    assert "interrompu" not in str(browser.model.prompts[-1])


def test_a_database_that_is_away_stops_no_start(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_bytes(b"this is no database" * 100)
    mend_cut_answers(Database(f"sqlite:///{tmp_path / 'no.db'}"), is_start=True)
