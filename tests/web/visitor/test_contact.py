"""Messages to a person: as many as people can read."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from support.configured import make_config
from support.conversations import start_conversation
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site, add_site
from chatbot_server.storage.visitors import feedback
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.feedback import contact_requests

CONTACT_BODY = {"name": "Ada", "email": "ada@example.org", "message": "Please call."}


@pytest.fixture
def sites(sqlite_database: Database) -> list[Site]:
    with sqlite_database.session() as session:
        return [add_site(session, name) for name in ("Shop", "Club")]


def visitor(sqlite_database: Database, folder: Path, limit: str) -> FlaskClient:
    config = make_config(folder, limits={"visitor": (limit,)})
    return create_app(config, ScriptedModel(), sqlite_database).test_client()


def test_one_visitor_sends_no_more_messages_than_questions(
    sqlite_database: Database, sites: list[Site], tmp_path: Path
) -> None:
    client = visitor(sqlite_database, tmp_path, "2 per day")
    sent = [
        client.post("/api/contact", json=CONTACT_BODY | {"site": sites[0].key}) for _ in range(3)
    ]
    assert [answer.status_code for answer in sent] == [200, 200, 429]
    assert "Retry-After" in sent[2].headers


def test_of_messages_that_nobody_takes_the_oldest_go(
    sqlite_database: Database, sites: list[Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "MOST_CONTACT_REQUESTS", 2)
    client = visitor(sqlite_database, tmp_path, "100 per day")
    sent = [
        client.post("/api/contact", json=CONTACT_BODY | {"site": sites[0].key}) for _ in range(3)
    ]
    assert [answer.status_code for answer in sent] == [200, 200, 200]
    assert (
        client.post("/api/contact", json=CONTACT_BODY | {"site": sites[1].key}).status_code == 200
    )
    with sqlite_database.session() as session:
        assert [message.id for message in contact_requests(session, sites[0].id)] == [3, 2]
        assert len(contact_requests(session, sites[1].id)) == 1


def test_one_address_and_one_network_send_few_messages(
    sqlite_database: Database, sites: list[Site], tmp_path: Path
) -> None:
    client = visitor(sqlite_database, tmp_path, "1000 per day")
    body = CONTACT_BODY | {"site": sites[0].key}

    def send(address: str) -> int:
        from_there = {"REMOTE_ADDR": address}
        return client.post("/api/contact", json=body, environ_base=from_there).status_code

    assert [send("192.0.2.1") for _ in range(6)] == [200] * 5 + [429]
    assert [send(f"192.0.2.{2 + number // 5}") for number in range(26)] == [200] * 25 + [429]
    assert send("198.51.100.1") == 200


def test_a_message_to_a_person_belongs_to_a_conversation_of_its_own_site(
    sqlite_database: Database, sites: list[Site], tmp_path: Path
) -> None:
    client = visitor(sqlite_database, tmp_path, "1000 per day")
    with sqlite_database.session() as session:
        talk, secret = start_conversation(session, sites[1].id, locale="en", page=None, keep=True)
    headers = {"Authorization": f"Bearer {secret}"}
    body = CONTACT_BODY | {"conversation": talk.id}
    for site, status in ((sites[0], 400), (sites[1], 200)):
        sent = client.post("/api/contact", json=body | {"site": site.key}, headers=headers)
        assert sent.status_code == status


def test_a_message_to_a_person_stays_when_its_visitor_deletes_the_chat(
    sqlite_database: Database, sites: list[Site], tmp_path: Path
) -> None:
    client = visitor(sqlite_database, tmp_path, "100 per day")
    with sqlite_database.session() as session:
        chat, secret = start_conversation(session, sites[0].id, locale="en", page=None, keep=True)
        own = {"site": sites[0].key, "conversation": chat.id}
    access = {"Authorization": f"Bearer {secret}"}
    assert client.post("/api/contact", json=CONTACT_BODY | own, headers=access).status_code == 200
    assert client.delete(f"/api/conversation/{own['conversation']}", headers=access).json == {
        "erased": {"conversations": 1, "messages": 0}
    }
    with sqlite_database.session() as session:
        [message] = contact_requests(session, sites[0].id)
    assert message.text == CONTACT_BODY["message"]


def test_nothing_invisible_stands_in_a_name_or_an_address(
    sqlite_database: Database, sites: list[Site], tmp_path: Path
) -> None:
    """A page of the owner's would show it in another order, and a terminal would obey it."""
    client = visitor(sqlite_database, tmp_path, "9 per day")
    body = CONTACT_BODY | {"site": sites[0].key, "name": "\x9b31mAda \u202egnp.exe\u200b"}
    assert client.post("/api/contact", json=body).status_code == 200
    nameless = client.post("/api/contact", json=body | {"name": "\u200b\u202e "})
    assert nameless.status_code == 400
    assert nameless.get_json()["error"]["field"] == "name"
    question = {"site": sites[0].key, "message": "Hi", "page": "https://a.example/\x9b2J\u202e"}
    assert client.post("/api/chat", json=question).status_code == 200
    with sqlite_database.session() as session:
        (stored,) = contact_requests(session, sites[0].id)
        assert stored.name == "31mAda gnp.exe"
        assert session.scalars(select(Conversation.page)).all() == ["https://a.example/2J"]
