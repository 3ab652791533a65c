"""Questions whose right answer the owner has named."""

from __future__ import annotations

import pytest

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.quality.golden import ask_golden_questions
from chatbot_server.storage.database import Database
from chatbot_server.storage.visitors.learning import LONGEST_QUESTION, MOST_GOLDEN, put_golden


@pytest.mark.parametrize(
    ("question", "expect", "grade"),
    [
        ("When is the shop open?", "from 9:30 TO 19:00", "answered"),
        ("When is the shop open?", "on Mondays only", "missed"),
        ("When is the shop open?", "", "missed"),
        ("Who painted the Mona Lisa?", "", "answered"),
        ("Who painted the Mona Lisa?", "Leonardo", "missed"),
    ],
)
def test_golden_questions_are_graded_by_what_is_told(
    base: KnowledgeBase, database: Database, site_id: int, question: str, expect: str, grade: str
) -> None:
    with database.session() as session:
        put_golden(session, site_id, question, expect)
    assert [one.grade for one in ask_golden_questions(base, site_id)] == [grade]


def test_a_page_may_be_expected_by_its_address(
    base: KnowledgeBase, database: Database, site_id: int
) -> None:
    from chatbot_server.retrieval.base import Draft
    from chatbot_server.retrieval.index import indexing
    from chatbot_server.retrieval.index.analysis import analyse
    from chatbot_server.storage.knowledge.sources import open_source

    with database.session() as session:
        source = open_source(session, site_id, "site", "https://example.org/")
        page = Draft("https://example.org/skis#1", "Skis", "The rental of skis costs 12 € a day.")
        indexing.put(session, source, analyse(page))
        asked = "What does the rental of skis cost?"
        put_golden(session, site_id, asked, "https://Example.org/skis?utm_source=mail")
    assert [one.grade for one in ask_golden_questions(base, site_id)] == ["answered"]
    with database.session() as session:
        put_golden(session, site_id, asked, "https://example.org/boots")
    assert [one.grade for one in ask_golden_questions(base, site_id)] == ["missed"]


def test_golden_questions_are_bounded(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.session() as session:
        for wrong in ("", "   ", "x" * (LONGEST_QUESTION + 1)):
            with pytest.raises(UsageError):
                put_golden(session, site_id, wrong, "y")
        assert MOST_GOLDEN >= 100
        monkeypatch.setattr("chatbot_server.storage.visitors.learning.MOST_GOLDEN", 1)
        put_golden(session, site_id, "One?", "1")
        put_golden(session, site_id, "One?", "one")
        with pytest.raises(UsageError):
            put_golden(session, site_id, "Two?", "2")
