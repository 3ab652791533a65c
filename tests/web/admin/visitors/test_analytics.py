"""Figures: what is counted, what is not, and that no statement reads a whole table."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from sqlalchemy import text
from support.conversations import start_conversation
from support.database.plans import statements, tables_read_whole
from support.servers.owner_server import OwnerServer

from chatbot_server.storage.base import now
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.analytics import (
    Period,
    answer_counts,
    answering_pages,
    busiest_pages,
    satisfaction,
    time_to_answer,
    timeline,
)
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.feedback import save_feedback
from chatbot_server.storage.visitors.messages import add_message, count_messages

DAY = 24 * 3600


def talk(owner: OwnerServer, origin: str, days_ago: int = 0, **fields: Any) -> str:
    """A conversation of one question; returns its id."""
    with owner.database.session() as session:
        conversation, _ = start_conversation(
            session, owner.site_id, locale="en", page="https://example.org/p", keep=True
        )
        conversation.extend(90)
        conversation.created = now() - days_ago * DAY
        conversation.preview = fields.pop("preview", False)
        conversation.page = fields.pop("page", conversation.page)
        add_message(session, conversation, "user", "Where?")
        answer = add_message(session, conversation, "assistant", "Here.")
        answer.origin, answer.first_ms = origin, fields.pop("first_ms", None)
        if thumb := fields.pop("thumb", None):
            save_feedback(session, answer, thumb, None, None)
        return conversation.id


def numbers(page: str) -> list[str]:
    """The four numbers, each with its change."""
    cells = re.findall(r"<dd>(.*?)</dd>", page)
    return [" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in cells[:4]]


@pytest.fixture
def path(owner: OwnerServer) -> str:
    with owner.database.session() as session:
        session.get_one(Site, owner.site_id).time_zone = "Asia/Kathmandu"
    return f"/admin/{owner.key}/analytics"


def test_four_numbers_stand_beside_those_of_before(owner: OwnerServer, path: str) -> None:
    slow = talk(owner, "pages", first_ms=5000, thumb="up")
    talk(owner, "faq", first_ms=10)
    talk(owner, "model", 3, first_ms=40, thumb="down", page="https://example.org/<b>")
    no = talk(owner, "none", 6)
    talk(owner, "none", 8)
    talk(owner, "pages", 10, first_ms=20, thumb="up")
    own = talk(owner, "pages", preview=True, first_ms=1)
    talk(owner, "pages", 20)
    browser = owner.browser("reader")
    page = browser.get(f"{path}?days=7&locale=en").text
    assert numbers(page) == ["4 +2", "75% +25", "50% -50", "40 ms +20"]
    assert "https://example.org/&lt;b&gt;" in page
    links = [link.replace("&amp;", "&") for link in re.findall(r'<dd><a href="([^"]+)"', page)]
    lists = [browser.get(link).text for link in links]
    assert [no in shown for shown in lists] == [True, False, False, False]
    assert all(slow in shown and own not in shown for shown in lists)
    assert "your own test" in browser.get(f"/admin/{owner.key}/conversations").text
    # Thirty days are kept: the thirty before them are gone, and nothing is compared.
    assert numbers(browser.get(f"{path}?days=30").text) == ["7", "71%", "67%", "20 ms"]


def test_a_page_is_one_topic_however_it_was_quoted_and_each_entry_one(owner: OwnerServer) -> None:
    sources = [
        ("Hours", "https://example.org/hours#:~:text=Open"),
        ("Hours", "https://example.org/hours#:~:text=Closed"),
        ("Do you deliver?", ""),
        ("Do you wrap gifts?", ""),
    ]
    for title, url in sources:
        thread_id = talk(owner, "pages" if url else "faq")
        with owner.database.session() as session:
            answer = session.get_one(Conversation, thread_id).messages[1]
            answer.sources = [{"title": title, "url": url, "quote": "…"}]
    with owner.database.session() as session:
        topics = answering_pages(session, Period(owner.site_id, 0, now() + 1))
    assert [(topic.title, topic.url, topic.count) for topic in topics] == [
        ("Hours", "https://example.org/hours", 2),
        ("Do you deliver?", "", 1),
        ("Do you wrap gifts?", "", 1),
    ]


def test_the_chart_has_words_and_a_table_and_a_file(owner: OwnerServer, path: str) -> None:
    talk(owner, "pages")
    talk(owner, "none")
    browser = owner.browser("reader")
    page = browser.get(f"{path}?days=7").text
    for part in ('role="img"', "<title id=", "<desc id=", "As a table"):
        assert part in page
    assert page.count('<rect class="bar" ') == 7
    assert "style=" not in page
    file = browser.get(f"{path}.csv?days=7")
    rows = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert rows[0] == ["day", "asked", "answered", "unanswered"]
    assert rows[-1][1:] == ["2", "1", "1"]
    assert len(rows) == 8


def test_days_are_the_sites(owner: OwnerServer, path: str) -> None:
    conversation = talk(owner, "pages")
    with owner.database.session() as session:
        # 18:14 UTC is a minute before midnight in Kathmandu, 18:15 is midnight.
        evening = now() // DAY * DAY - 2 * DAY + 18 * 3600 + 14 * 60
        session.get_one(Conversation, conversation).created = evening
        first = talk(owner, "pages")
        session.get_one(Conversation, first).created = evening + 60
        session.flush()
        count_messages(session)
    lines = owner.browser("reader").get(f"{path}.csv?days=7").text.splitlines()
    assert [line for line in lines[1:] if ",1,1,0" in line] == [
        line for line in lines[1:] if ",0,0,0" not in line
    ]
    assert sum(",1,1,0" in line for line in lines) == 2


def test_nothing_was_asked_yet(owner: OwnerServer, path: str) -> None:
    page = owner.browser("reader").get(f"{path}?days=none").text
    assert numbers(page) == ["0", "–", "–", "–"]


def test_a_talk_on_the_owners_pages_is_marked(owner: OwnerServer) -> None:
    client = owner.app.test_client()
    pages = {
        f"http://localhost/admin/{owner.key}/appearance": True,
        "http://localhost/shop": False,
        "https://example.org/admin/x": False,
        "http://[x": False,
    }
    for page in pages:
        body = {"site": owner.key, "message": "Where are you?", "page": page}
        headers = {"Origin": "http://localhost"}
        assert client.post("/api/chat", json=body, headers=headers).data
    with owner.database.session() as session:
        rows = session.query(Conversation).order_by(Conversation.created, Conversation.page)
        marks = {row.page: row.preview for row in rows}
    assert sorted(marks.values()) == [False, False, False, True]
    assert marks[f"http://localhost/admin/{owner.key}/appearance"]


def test_every_statement_finds_its_rows_by_an_index(owner: OwnerServer) -> None:
    talk(owner, "pages", first_ms=5, thumb="up")
    period = Period(owner.site_id, now() - DAY, now() + 1)
    with owner.database.session() as session:
        with statements(owner.database) as log:
            timeline(session, period, 3600)
            for figure in (answer_counts, time_to_answer, satisfaction, busiest_pages):
                figure(session, period)
        assert len(log) == 5
        assert tables_read_whole(owner.database, log) == {}
        assert session.execute(text("SELECT count(*) FROM message")).scalar() == 2
