"""Who opens the chat is expected to ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.config import Config
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("path", ["/api/widget?site=", "/chat/"])
def test_what_a_question_needs_is_loaded_when_the_chat_is_opened(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    expected: list[int] = []
    monkeypatch.setattr(KnowledgeBase, "get_ready", lambda _base, site_id: expected.append(site_id))
    config = Config(data_dir=tmp_path, retrieval={"semantic": "off"})
    client = create_app(config, ScriptedModel(says=("Hello.",)), database).test_client()
    with database.session() as session:
        site_id, key = demo_site(session).id, demo_site(session).key
    assert client.get(path + key).status_code == 200
    assert expected == [site_id]
