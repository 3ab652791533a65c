"""The index changes while a question is being answered: the next one finds more, none breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbot_server.retrieval import indexing, search
from chatbot_server.retrieval.library import add_note
from chatbot_server.retrieval.service import KnowledgeBase
from chatbot_server.storage import knowledge_index
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge import documents


@pytest.mark.parametrize(("module", "step"), [(knowledge_index, "match"), (search, "fused")])
def test_a_page_that_goes_while_it_is_found_is_no_error(
    database: Database,
    site_id: int,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    step: str,
) -> None:
    add_note(database, site_id, "Hours", "We open at nine every morning.")
    found: Callable[..., Any] = getattr(module, step)

    def and_then_it_goes(*given: Any) -> Any:
        hits = found(*given)
        with database.session() as session:
            here = [one.id for one in documents(session, site_id)]
            indexing.remove(session, site_id, here)
        return hits

    base = KnowledgeBase(database, "off")
    monkeypatch.setattr(module, step, and_then_it_goes)
    told = base.ground(site_id, "When do you open?")
    assert (told.status, told.passages) == ("nothing", ())


def test_no_connection_is_held_while_a_question_waits_for_its_vector(
    database: Database, site_id: int
) -> None:
    held: list[int] = []

    class Embedder:
        model = "slow"

        def query(self, text: str) -> None:
            held.append(database.engine.pool.checkedout())

        def close(self) -> None: ...

    add_note(database, site_id, "Hours", "We open at nine every morning.")
    base = KnowledgeBase(database, embedder=Embedder())
    assert base.ground(site_id, "When do you open?").passages
    assert held == [0]
