"""What a stranger sends gets the same answer whichever database is behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support.configured import make_config
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.retrieval.curate.imports import push
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.conversations import Conversation

SECRET = {"Authorization": "Bearer x"}


@pytest.fixture
def client(database: Database, tmp_path: Path) -> FlaskClient:
    config = make_config(tmp_path)
    return create_app(config, ScriptedModel(says=("Hello.",)), database).test_client()


def test_a_long_page_address_is_kept_as_far_as_it_fits(
    client: FlaskClient, database: Database
) -> None:
    with database.session() as session:
        key = demo_site(session).key
    page = "https://example.org/" + "é" * 1900 + "?secret=1"
    answer = client.post("/api/chat", json={"site": key, "message": "Hello?", "page": page})
    assert answer.status_code == 200
    assert "event: done" in answer.text
    with database.session() as session:
        assert session.query(Conversation).one().page == page[:500]


def test_a_page_address_that_is_none_is_not_kept(client: FlaskClient, database: Database) -> None:
    with database.session() as session:
        key = demo_site(session).key
    body = {"site": key, "message": "Hello?", "page": "http://[x"}
    assert "event: done" in client.post("/api/chat", json=body).text
    with database.session() as session:
        assert session.query(Conversation).one().page is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/chat/%00"),
        ("POST", "/chat/%00"),
        ("GET", "/api/widget?site=%00"),
        ("GET", "/api/conversation/%00"),
        ("DELETE", "/api/conversation/a%00b"),
        ("DELETE", "/api/chat/%00"),
        ("POST", "/api/knowledge/%00"),
    ],
)
def test_nothing_has_a_name_with_a_nul(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method, headers=SECRET)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "http_404")


def test_nor_does_a_conversation_of_the_plain_page(client: FlaskClient, database: Database) -> None:
    with database.session() as session:
        key = demo_site(session).key
    form = {"message": "Hello?", "conversation": "\0", "secret": "x"}
    assert client.post(f"/chat/{key}", data=form).status_code == 404


def test_a_pushed_address_that_no_index_can_hold_is_refused(
    client: FlaskClient, database: Database
) -> None:
    with database.session() as session:
        site = demo_site(session)
    secret, moment = push.new_secret(database, site.id), now()
    for length, status in ((1000, 400), (320, 200)):
        url = "https://example.org/" + "é" * length
        body = json.dumps({"url": url, "title": "T", "text": "Text."}).encode()
        signed = {
            "X-Chatbot-Timestamp": str(moment),
            "X-Chatbot-Signature": push.sign(secret, moment, body),
        }
        answer = client.post(f"/api/knowledge/{site.key}", data=body, headers=signed)
        assert answer.status_code == status, answer.text
