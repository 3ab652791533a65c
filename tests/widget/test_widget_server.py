"""The server's side of the widget: its files, thumbs, messages to a human, the plain page."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from support.configured import make_config
from support.conversations import start_conversation
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site
from chatbot_server.storage.visitors.conversations import erase_conversation
from chatbot_server.storage.visitors.feedback import (
    contact_requests,
    erase_contact_requests,
    thumbs_of,
)
from chatbot_server.storage.visitors.messages import add_message
from chatbot_server.web.middleware.problems import register_problems
from chatbot_server.web.visitor import widget
from chatbot_server.web.visitor.widget import DIST, loader_integrity, widget_blueprint

OWN = {"Origin": "https://own.example"}


@pytest.fixture
def client(tmp_path: Path, sqlite_database: Database) -> FlaskClient:
    config = make_config(tmp_path)
    return create_app(config, ScriptedModel(), sqlite_database).test_client()


@pytest.fixture
def talk(sqlite_database: Database) -> dict[str, Any]:
    """A site that allows https://own.example, and one exchange on it."""
    with sqlite_database.session() as session:
        site = add_site(session, "Own")
        site.origins = ["https://own.example"]
        conversation, secret = start_conversation(
            session, site.id, locale="en", page=None, keep=True
        )
        conversation.extend(30)
        question = add_message(session, conversation, "user", "?")
        answer = add_message(session, conversation, "assistant", "!")
        return {
            "site": site.key, "site_id": site.id, "conversation": conversation.id, "question": question.id,
            "answer": answer.id, "headers": OWN | {"Authorization": f"Bearer {secret}"},
        }  # fmt: skip


def test_the_loader_may_be_read_by_every_page_and_is_asked_for_again(client: FlaskClient) -> None:
    first = client.get("/widget.js")
    assert first.status_code == 200
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = client.get("/widget.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_the_parts_never_change_and_are_those_the_loader_names(client: FlaskClient) -> None:
    loader = client.get("/widget.js").get_data(as_text=True)
    names = re.findall(r"(panel-\w+\.js)\",\"(sha256-[^\"]+)", loader)
    assert len(names) == 1
    for name, integrity in names:
        part = client.get(f"/widget/{name}")
        assert "immutable" in part.headers["Cache-Control"]
        digest = base64.b64encode(hashlib.sha256(part.data).digest()).decode()
        assert integrity == f"sha256-{digest}"


def test_the_integrity_for_a_pinned_tag_is_that_of_the_loader() -> None:
    digest = hashlib.sha384((DIST / "widget.js").read_bytes()).digest()
    assert loader_integrity() == f"sha384-{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize("name", ["nothing.js", "..%2fapp.py", "%2e%2e/x", "integrity"])
def test_other_files_do_not_exist(client: FlaskClient, name: str) -> None:
    assert client.get(f"/widget/{name}").status_code == 404


def served(folder: Path, dist: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The widget's routes of a version whose files are in *dist*."""
    monkeypatch.setattr(widget, "DIST", dist)
    app = Flask(__name__)
    register_problems(app)
    app.register_blueprint(widget_blueprint(folder))
    return app.test_client()


def version(tmp_path: Path, number: int) -> Path:
    """Built files of an invented version."""
    dist = tmp_path / f"dist{number}"
    dist.mkdir(exist_ok=True)
    (dist / "widget.js").write_text(f"loader {number}", encoding="utf-8")
    (dist / f"panel-{number:010x}.js").write_text(f"panel {number}", encoding="utf-8")
    return dist


def test_the_parts_of_the_versions_before_are_still_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data" / "widget"
    for number in range(6):
        client = served(folder, version(tmp_path, number), monkeypatch)
        os.utime(next(folder.glob(widget_version(number))), (number, number))
    assert client.get("/widget.js").text == "loader 5"
    codes = [client.get(f"/widget/panel-{number:010x}.js").status_code for number in range(6)]
    assert codes == [404, 404, 200, 200, 200, 200]
    # The version that runs again is the newest again.
    again = served(folder, version(tmp_path, 2), monkeypatch)
    assert again.get("/widget/panel-0000000005.js").text == "panel 5"
    next_one = served(folder, version(tmp_path, 6), monkeypatch)
    assert next_one.get("/widget/panel-0000000002.js").text == "panel 2"


def widget_version(number: int) -> str:
    return hashlib.sha256(f"loader {number}".encode()).hexdigest()[:10]


def test_a_folder_that_cannot_hold_the_parts_keeps_no_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "widget").write_text("a file", encoding="utf-8")
    client = served(tmp_path / "widget", version(tmp_path, 1), monkeypatch)
    assert client.get("/widget/panel-0000000001.js").status_code == 200
    assert "not kept for the next version" in caplog.text


def test_a_thumb_is_kept_changed_taken_back_and_erased_with_the_chat(
    client: FlaskClient, sqlite_database: Database, talk: dict[str, Any]
) -> None:
    def press(**body: Any) -> int:
        body = {"message": talk["answer"], **body}
        return client.post("/api/feedback", json=body, headers=talk["headers"]).status_code

    def kept() -> dict[str, str]:
        with sqlite_database.session() as session:
            return thumbs_of(session, talk["conversation"])

    assert press(value="up") == 200
    assert kept() == {talk["answer"]: "up"}
    assert press(value="down", reason="wrong", comment="it is 11 h") == 200
    assert kept() == {talk["answer"]: "down"}
    assert press(value=None) == 200
    assert kept() == {}
    press(value="down")
    with sqlite_database.session() as session:
        from chatbot_server.storage.visitors.conversations import Conversation

        erase_conversation(session, session.get_one(Conversation, talk["conversation"]))
    assert kept() == {}


@pytest.mark.parametrize(
    ("change", "headers", "status"),
    [
        ({"value": "maybe"}, {}, 400),
        ({"message": "unknown"}, {}, 404),
        ({"comment": "x" * 2000}, {}, 400),
        ({"surprise": 1}, {}, 400),
        ({}, {"Authorization": ""}, 401),
        ({}, {"Authorization": "Bearer wrong"}, 404),
        ({}, {"Origin": "https://other.example"}, 403),
    ],
)
def test_a_thumb_of_a_stranger_or_a_wrong_one_is_refused(
    client: FlaskClient,
    talk: dict[str, Any],
    change: dict[str, Any],
    headers: dict[str, str],
    status: int,
) -> None:
    body = {"message": talk["answer"], "value": "up"} | change
    answer = client.post("/api/feedback", json=body, headers=talk["headers"] | headers)
    assert answer.status_code == status
    assert answer.get_json()["error"]["message"]


def test_a_question_has_no_thumb(client: FlaskClient, talk: dict[str, Any]) -> None:
    body = {"message": talk["question"], "value": "up"}
    assert client.post("/api/feedback", json=body, headers=talk["headers"]).status_code == 404


def test_a_message_to_a_human_is_kept_and_outlives_the_chat(
    client: FlaskClient, sqlite_database: Database, talk: dict[str, Any]
) -> None:
    body = {"site": talk["site"], "name": "Ana", "email": "ana@example.org", "message": "Call me",
            "conversation": talk["conversation"]}  # fmt: skip
    assert client.post("/api/contact", json=body, headers=talk["headers"]).json == {"sent": True}
    with sqlite_database.session() as session:
        (kept,) = contact_requests(session, talk["site_id"])
        assert (kept.name, kept.text, kept.conversation_id) == (
            "Ana",
            "Call me",
            talk["conversation"],
        )
        assert erase_contact_requests(session, kept.created) == 0
        assert erase_contact_requests(session, kept.created + 1) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"email": "no"}, {"email": "a@b.example\r\nBcc: x@y.example"}, {"name": ""}, {"name": "a\nb"},
        {"message": "  "}, {"message": "x" * 5000}, {"site": "x y"}, {"extra": True},
    ],
)  # fmt: skip
def test_a_wrong_message_to_a_human_is_refused_by_its_field(
    client: FlaskClient, talk: dict[str, Any], change: dict[str, Any]
) -> None:
    body = {"site": talk["site"], "name": "Ana", "email": "ana@example.org", "message": "Call"}
    answer = client.post("/api/contact", data=json.dumps(body | change), headers=talk["headers"])
    assert answer.status_code == 400
    assert answer.get_json()["error"]["field"] == next(iter(change))


@pytest.mark.parametrize("address", ["a@b", "no", "a b@example.org", "x" * 250 + "@example.org"])
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "This is not an e-mail address."), ("fr", "Ce n’est pas une adresse e-mail.")],
)
def test_a_wrong_address_is_told_in_words(
    client: FlaskClient, talk: dict[str, Any], address: str, language: str, words: str
) -> None:
    body = {"site": talk["site"], "name": "Ana", "email": address, "message": "Call"}
    headers = talk["headers"] | {"Accept-Language": language}
    error = client.post("/api/contact", json=body, headers=headers).get_json()["error"]
    assert (error["code"], error["field"]) == ("email_wrong", "email")
    assert error["message"].startswith(words)
