"""Figures and lists, the same on either database."""

from __future__ import annotations

import pytest
from support.conversations import add_conversation, start_conversation

from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.analytics import (
    AnswerCounts,
    Period,
    Topic,
    answer_counts,
    answering_pages,
    satisfaction,
    time_to_answer,
    timeline,
)
from chatbot_server.storage.visitors.feedback import save_feedback
from chatbot_server.storage.visitors.inbox import ConversationFilter, Trait, list_conversations
from chatbot_server.storage.visitors.learning import unanswered_questions
from chatbot_server.storage.visitors.messages import add_message

ANSWERS = (("pages", 10), ("pages", 30), ("faq", 4000), ("none", 20), ("pages", None))


@pytest.fixture
def site_id(database: Database) -> int:
    """A site with a conversation for each of the answers."""
    with database.session() as session:
        site_id = add_site(session, "Bakery").id
    for number, (origin, first_ms) in enumerate(ANSWERS):
        with database.session() as session:
            url = f"https://example.org/{number // 2}"
            sources = [{"title": "T", "url": url, "quote": ""}] if origin == "pages" else []
            exchange = (f"Question {number}?", "…")
            [answer] = add_conversation(
                session, site_id, exchange, origin=origin, first_ms=first_ms, sources=sources
            )
            if origin == "none":
                save_feedback(session, answer, "down", None, None)
    return site_id


def test_figures_count_what_was_answered(database: Database, site_id: int) -> None:
    period = Period(site_id, now() - 900, now() + 1)
    with database.session() as session:
        assert answer_counts(session, period) == AnswerCounts(4, 1)
        assert sum(timeline(session, period, 900).values(), AnswerCounts()) == AnswerCounts(4, 1)
        assert time_to_answer(session, period) == 20
        assert satisfaction(session, period).down == 1
        assert answering_pages(session, period) == [
            Topic("T", "https://example.org/0", 2),
            Topic("T", "https://example.org/2", 1),
        ]


def test_lists_show_what_has_the_trait(database: Database, site_id: int) -> None:
    wanted: dict[Trait, set[int]] = {
        "answered": {0, 1, 2, 4},
        "unanswered": {3},
        "thumb_down": {3},
        "thumb_up": set(),
        "slow": {2},
    }
    with database.session() as session:
        for trait, numbers in wanted.items():
            rows = list_conversations(session, ConversationFilter(site_id, trait))
            assert {int(row.question[9]) for row in rows} == numbers, trait
        assert [one.text for one in unanswered_questions(session, site_id, 10)] == ["Question 3?"]


@pytest.mark.parametrize(
    ("turns", "question"),
    [
        (
            [("Hello", "courtesy"), ("Are you open?", "quoted"), ("And now?", "quoted")],
            "Are you open?",
        ),
        ([("Hello", "courtesy"), ("Thanks", "courtesy")], "Hello"),
        ([("Are you open?", None)], "Are you open?"),
    ],
)
def test_a_conversation_is_called_by_its_first_question(
    database: Database, site_id: int, turns: list[tuple[str, str | None]], question: str
) -> None:
    with database.session() as session:
        conversation, _ = start_conversation(session, site_id, locale="en", page="/", keep=True)
        conversation.extend(30)
        for asked, status in turns:
            add_message(session, conversation, "user", asked)
            add_message(session, conversation, "assistant", "…").status = status
        rows = list_conversations(session, ConversationFilter(site_id))
        assert [row.question for row in rows if row.id == conversation.id] == [question]
