"""Messages to a person: as many as people can read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.config import Config
from chatbot_server.storage import feedback
from chatbot_server.storage.database import Database
from chatbot_server.storage.feedback import contact_requests
from chatbot_server.storage.sites import Site, add_site

LETTER = {"name": "Ada", "email": "ada@example.org", "message": "Please call."}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'chatbot.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def sites(database: Database) -> list[Site]:
    with database.session() as session:
        return [add_site(session, name) for name in ("Shop", "Club")]


def visitor(database: Database, folder: Path, limit: str) -> FlaskClient:
    config = Config(data_dir=folder, retrieval={"semantic": "off"}, limits={"visitor": (limit,)})
    return create_app(config, ScriptedModel(), database).test_client()


def test_one_visitor_sends_no_more_letters_than_questions(
    database: Database, sites: list[Site], tmp_path: Path
) -> None:
    client = visitor(database, tmp_path, "2 per day")
    sent = [client.post("/api/contact", json=LETTER | {"site": sites[0].key}) for _ in range(3)]
    assert [answer.status_code for answer in sent] == [200, 200, 429]
    assert "Retry-After" in sent[2].headers


def test_a_site_whose_letters_nobody_takes_gets_no_more(
    database: Database, sites: list[Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "MOST_CONTACT_REQUESTS", 2)
    client = visitor(database, tmp_path, "100 per day")
    sent = [client.post("/api/contact", json=LETTER | {"site": sites[0].key}) for _ in range(3)]
    assert [answer.status_code for answer in sent] == [200, 200, 503]
    assert sent[2].json["error"]["code"] == "contact_full"
    assert client.post("/api/contact", json=LETTER | {"site": sites[1].key}).status_code == 200
    with database.session() as session:
        assert len(contact_requests(session, sites[0].id)) == 2
