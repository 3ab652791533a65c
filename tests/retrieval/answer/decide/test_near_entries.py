"""Entries of a FAQ that are shown under their own questions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatbot_server.retrieval.answer import grounding
from chatbot_server.retrieval.answer.decide import entries
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_faq
from chatbot_server.storage.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FAQ = {
    "Can I return a lamp that is broken?": "Yes, within two weeks.",
    "Can I return a chair?": "No.",
    "When is the shop open?": "From Monday to Friday.",
}


@pytest.mark.parametrize(
    ("questions", "shown"),
    [
        (["How long am I listed in FICP?", "FICOBA: for how long is it kept?"], "Answer 1"),
        (["How long am I listed in FICP?", "Can I return a lamp?"], "Answer 0"),
    ],
)
def test_an_entry_about_another_acronym_is_not_shown_beside_the_right_one(
    database: Database,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    questions: list[str],
    shown: str,
) -> None:
    gate = replace(entries.BY_WORDS, threshold=-50.0, sure=99.0)
    monkeypatch.setattr(entries, "BY_WORDS", gate)
    monkeypatch.setattr(entries, "BESIDE_PAGES", 0.0)
    for at, question in enumerate(questions):
        add_faq(database, site_id, question, f"Answer {at}.")
    answer = KnowledgeBase(database).ground(site_id, "How long am I listed in FICOBA?").answer
    assert [f"Answer {at}" for at in (0, 1) if f"Answer {at}" in answer] == [shown]


@pytest.mark.parametrize(
    ("entry_question", "entry_answer", "status"),
    [
        ("What is the okapi code?", "OK-17.", "nothing"),
        ("What is the okapi ticket?", "A day in the zoo for 12 €.", "faq"),
        ("What does the okapi ticket cost?", "See our leaflet.", "faq"),
    ],
)
def test_an_entry_without_a_price_is_not_surely_asked_for_by_who_asks_for_one(
    database: Database,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    entry_question: str,
    entry_answer: str,
    status: str,
) -> None:
    monkeypatch.setattr(entries, "has_same_words", lambda *_: True)
    add_faq(database, site_id, entry_question, entry_answer)
    grounding = KnowledgeBase(database).ground(site_id, "How much is the okapi ticket?")
    assert grounding.status == status


@pytest.mark.parametrize(("close", "shown_count"), [(99.0, 2), (0.0, 1)])
def test_a_second_entry_that_is_close_is_shown_though_it_would_not_be_alone(
    database: Database,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    close: float,
    shown_count: int,
) -> None:
    for question, answer in FAQ.items():
        add_faq(database, site_id, question, answer)
    ranked: list[entries.RankedEntry] = []

    def rank(*arguments: Any) -> list[entries.RankedEntry]:
        ranked[:] = entries.ranked_entries(*arguments)
        return ranked

    monkeypatch.setattr(grounding, "ranked_entries", rank)
    base, question = KnowledgeBase(database), "My broken lamp: what about a return?"
    base.ground(site_id, question)
    between = (ranked[0].log_odds + ranked[1].log_odds) / 2
    gate = replace(entries.BY_WORDS, threshold=between, sure=99.0)
    monkeypatch.setattr(entries, "BY_WORDS", gate)
    monkeypatch.setattr(entries, "CLOSE", close)
    answer = base.ground(site_id, question).answer
    assert sum(text in answer for text in FAQ.values()) == shown_count


@pytest.mark.parametrize(
    ("large", "ahead", "is_shown"), [(3, 0.1, True), (4, 0.1, False), (3, 99.0, False)]
)
def test_in_a_large_faq_an_entry_far_ahead_may_be_below_the_threshold(
    database: Database,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    large: int,
    ahead: float,
    is_shown: bool,
) -> None:
    for question, answer in FAQ.items():
        add_faq(database, site_id, question, answer)
    base, question = KnowledgeBase(database), "My broken lamp: what about a return?"
    gate = replace(entries.BY_WORDS, threshold=50.0, sure=99.0)
    monkeypatch.setattr(entries, "BY_WORDS", gate)
    monkeypatch.setattr(entries, "LOWER_IN_LARGE_FAQ", 60.0)
    monkeypatch.setattr(entries, "LARGE_FAQ", large)
    monkeypatch.setattr(entries, "LEAD_IN_LARGE_FAQ", ahead)
    assert bool(base.ground(site_id, question).answer) is is_shown
