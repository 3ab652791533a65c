"""Entries of a FAQ that are shown under their own questions."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
