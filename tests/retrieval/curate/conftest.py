"""A site with a page to answer from."""

from __future__ import annotations

import pytest

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.database import Database


@pytest.fixture
def base(database: Database, site_id: int) -> KnowledgeBase:
    add_note(database, site_id, "Hours", "The shop is open from 9:30 to 19:00 on weekdays.")
    return KnowledgeBase(database)
