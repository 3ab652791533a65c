"""What the parts of one server share."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.scripted_chat import ScriptedModel

from chatbot_server import app
from chatbot_server.config import Config
from chatbot_server.retrieval.index.embedder import VISITOR_LOADING_SECONDS
from chatbot_server.storage.database import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_visitors_and_owners_search_with_one_process_and_one_index(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading_seconds: list[float] = []
    monkeypatch.setattr(
        app, "make_embedder", lambda _semantic, _in, seconds, _wait: loading_seconds.append(seconds)
    )
    app.create_app(Config(data_dir=tmp_path), ScriptedModel(), database)
    assert loading_seconds.count(VISITOR_LOADING_SECONDS) == 1
