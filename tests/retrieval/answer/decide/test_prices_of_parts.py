"""What several things cost together is told from the rows that state the price of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot_server.retrieval.answer.decide import evidence
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PLANTS = "- Fern — Price: £14; Light: bright\n- Cactus — Price: £9; Light: full sun"
POTS = "- Pot small — Price: £18\n- Pot medium — Price: £28\n- Saucer — Price: £8"
EACH = "£14", "£28", "£8"


@pytest.fixture
def nursery(database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch) -> KnowledgeBase:
    """Pages that answer nothing by the sum of what speaks for them."""
    strict_gate = replace(evidence.SMALL_SITES_BY_WORDS, threshold=50.0)
    monkeypatch.setattr(evidence, "SMALL_SITES_BY_WORDS", strict_gate)
    add_note(database, site_id, "Plants", PLANTS)
    add_note(database, site_id, "Pottery", POTS)
    add_note(database, site_id, "Visit", "We are in the old mill, with a café and free parking.")
    return KnowledgeBase(database)


@pytest.mark.parametrize(
    "question",
    [
        "How much is a fern with a medium pot and a saucer?",
        "what does 1 fern cost, a medium pot + 2 saucers",
        "Combien coûtent fern, pot medium et saucer ?",
    ],
)
def test_rows_with_the_price_of_each_thing_are_shown(
    nursery: KnowledgeBase, site_id: int, question: str
) -> None:
    answer = nursery.ground(site_id, question).answer
    assert [price for price in EACH if price not in answer] == []
    assert "Cactus" not in answer


@pytest.mark.parametrize(
    "question",
    [
        "How much is a fern with a medium pot and a trellis?",
        "How much is a medium pot of fern?",  # no list
        "How heavy is a fern with a medium pot?",
    ],
)
def test_no_rows_are_put_together_without_the_price_of_each(
    nursery: KnowledgeBase, site_id: int, question: str
) -> None:
    assert not nursery.ground(site_id, question).answer
