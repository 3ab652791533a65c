"""Webhooks are told, signed, what happened; and nobody else."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.configured import make_config
from support.servers.owner_server import ORIGIN, OwnerServer

from chatbot_server.config import Config
from chatbot_server.errors import ChatbotError
from chatbot_server.storage.base import now
from chatbot_server.storage.owners.api_keys import ApiKey
from chatbot_server.storage.owners.audit import entries_before
from chatbot_server.storage.site import webhooks
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.site.webhooks import (
    EVENTS,
    Webhook,
    WebhookDelivery,
    add_webhook,
    deliveries_of,
    webhooks_of,
)
from chatbot_server.storage.visitors.feedback import ContactRequest
from chatbot_server.webhooks.delivery import deliver_due, webhook_address

LETTER = {"name": "Ada", "email": "ada@example.org", "message": "Please call."}


class Program:
    """The owner's own program: what it was told, and the status it answers with."""

    def __init__(self) -> None:
        self.status = 204
        self.requests: list[tuple[dict[str, str], bytes]] = []
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                program.requests.append((dict(self.headers), body))
                self.send_response(program.status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]


@pytest.fixture
def program() -> Iterator[Program]:
    program = Program()
    yield program
    program.close()


@pytest.fixture
def deliver(owner: OwnerServer, program: Program) -> Callable[[], int | None]:
    """Does what the job does."""
    reading = {"private_hosts": (program.address,), "semantic": "off"}
    config = make_config(owner.folder, retrieval=reading)
    return lambda: deliver_due(owner.database, config)


def add(owner: OwnerServer, program: Program, *, with_text: bool = False) -> str:
    """A webhook of all events; returns its secret."""
    with owner.database.session() as session:
        url = f"http://{program.address}/hook"
        return add_webhook(session, owner.site_id, url, EVENTS, with_text=with_text).secret


def visit(owner: OwnerServer) -> dict[str, Any]:
    """A visitor's question without an answer, thumb down and message to a person."""
    client = owner.app.test_client()
    body = {"site": owner.key, "message": "Do you sell cider to anna@example.org?"}
    answer = client.post("/api/chat", json=body).text
    start = json.loads(answer.split("data: ", 1)[1].split("\n", 1)[0])
    headers = {"Authorization": f"Bearer {start['secret']}"}
    thumb = {"message": start["message"], "value": "down"}
    assert client.post("/api/feedback", json=thumb, headers=headers).status_code == 200
    thumb["reason"] = "wrong"
    assert client.post("/api/feedback", json=thumb, headers=headers).status_code == 200
    assert client.post("/api/contact", json=LETTER | {"site": owner.key}).status_code == 200
    return dict(start)


def test_events_are_told_once_signed_and_without_a_word_of_anybody(
    owner: OwnerServer, program: Program, deliver: Callable[[], int | None]
) -> None:
    secret = add(owner, program)
    start = visit(owner)
    assert deliver() is None
    assert deliver() is None
    told = {event["event"]: event for event in program.told()}
    assert list(told) == ["question.unanswered", "feedback.down", "contact.message"]
    assert len(program.requests) == 3
    assert told["question.unanswered"]["conversation"] == start["conversation"]
    assert told["question.unanswered"]["messages"] == 2
    assert told["contact.message"]["unread"] == 1
    everything = b"".join(body for _, body in program.requests)
    for word in (b"cider", b"Ada", b"ada@", b"anna@", b"call", b"text"):
        assert word not in everything
    for headers, body in program.requests:
        signed = f"{headers['X-Chatbot-Timestamp']}.".encode() + body
        right = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["X-Chatbot-Signature"] == right


def test_words_go_along_where_the_owner_chose_it_masked_as_they_are_stored(
    owner: OwnerServer, program: Program, deliver: Callable[[], int | None]
) -> None:
    add(owner, program, with_text=True)
    visit(owner)
    deliver()
    question, thumb, letter = (event["text"] for event in program.told())
    assert question == {"question": "Do you sell cider to [e-mail address]?"}
    assert (thumb["question"], thumb["reason"]) == (question["question"], "wrong")
    assert letter == {"name": "Ada", "email": "ada@example.org", "message": "Please call."}


def test_an_owner_sends_a_test_and_reads_what_came_of_it(tmp_path: Path, program: Program) -> None:
    owner = OwnerServer(tmp_path, private_hosts=(program.address,))
    secret = add(owner, program, with_text=True)
    browser, path = owner.browser("owner"), f"/admin/{owner.key}/webhooks/1/test?locale=en"
    page = browser.post(path, headers=ORIGIN).text
    assert "The test was delivered: the address answered with the status 204." in page
    [(headers, body)] = program.requests
    event = json.loads(body)
    assert (event["id"], event["event"], event["site"]) == (0, "test", owner.key)
    signed = f"{headers['X-Chatbot-Timestamp']}.".encode() + body
    right = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Chatbot-Signature"] == right
    program.status = 500
    page = browser.post(path, headers=ORIGIN).text
    assert "not delivered. It answered with the status 500." in page
    with owner.database.session() as session:
        assert webhooks_of(session, owner.site_id)[0].failures == 0, "a test pauses nothing"


def test_what_is_erased_is_told_to_nobody(
    owner: OwnerServer, program: Program, deliver: Callable[[], int | None]
) -> None:
    add(owner, program, with_text=True)
    start = visit(owner)
    headers = {"Authorization": f"Bearer {start['secret']}"}
    path = f"/api/conversation/{start['conversation']}"
    assert owner.app.test_client().delete(path, headers=headers).status_code == 200
    with owner.database.session() as session:
        session.delete(session.query(ContactRequest).one())
    assert deliver() is None
    assert program.requests == []


def test_own_tries_and_chats_that_are_not_kept_are_no_events(
    owner: OwnerServer, program: Program, deliver: Callable[[], int | None]
) -> None:
    add(owner, program)
    client = owner.app.test_client()
    for more in ({"keep": False}, {"page": "http://localhost/admin/x/appearance"}):
        body = {"site": owner.key, "message": "Do you sell cider?"} | more
        assert client.post("/api/chat", json=body, headers=ORIGIN).status_code == 200
    deliver()
    assert program.requests == []


def test_it_is_tried_again_and_at_last_the_webhook_pauses(
    owner: OwnerServer,
    program: Program,
    deliver: Callable[[], int | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhooks, "MOST_FAILURES", 3)
    add(owner, program)
    program.status = 302  # followed nowhere
    visit(owner)
    browser = owner.browser("owner")
    for attempts in (1, 2, 3):
        due = deliver()
        assert len(program.requests) == attempts, "one silence is enough for all of a run"
        with owner.database.session() as session:
            webhook = session.get_one(Webhook, 1)
            assert (webhook.failures, webhook.paused is not None) == (attempts, attempts == 3)
            session.query(WebhookDelivery).filter(WebhookDelivery.due.is_not(None)).update(
                {"due": now()}
            )
    assert due is None
    assert "A webhook is paused" in browser.get(f"/admin/{owner.key}/?locale=en").text
    page = browser.get(f"/admin/{owner.key}/keys?locale=en").text
    assert "It answered with the status 302." in page
    program.status = 200
    path = f"/admin/{owner.key}/webhooks/1"
    for form in ({"action": "resume"}, {"action": "resend", "delivery": "1"}):
        assert browser.post(path, data=form, headers=ORIGIN).status_code == 303
    deliver()
    assert program.told()[-1]["id"] == 1
    page = browser.get(f"/admin/{owner.key}/keys?locale=en").text
    assert "delivered (200)" in page
    assert "A webhook is paused" not in browser.get(f"/admin/{owner.key}/?locale=en").text


def test_a_log_is_bounded(
    owner: OwnerServer, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_DELIVERIES", 2)
    add(owner, program)
    visit(owner)
    with owner.database.session() as session:
        assert [row.id for row in deliveries_of(session, 1, 10)] == [3, 2]


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org", "ftp://example.org", "http://example.com/x", "https://"),
        *("https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://a:b@example.com/"),
        *("https://127.0.0.1:5432/", "https://169.254.169.254/latest", "https://" + "x" * 600),
    ],
)
def test_no_webhook_leads_inwards_or_goes_in_the_clear(tmp_path: Path, url: str) -> None:
    with pytest.raises(ChatbotError) as caught:
        webhook_address(url, Config(data_dir=tmp_path))
    assert caught.value.sentence("fr") != caught.value.sentence("en")


def test_another_machine_is_told_over_https_alone(tmp_path: Path) -> None:
    with pytest.raises(ChatbotError) as caught:
        webhook_address("http://example.com/hook", Config(data_dir=tmp_path))
    assert caught.value.code == "webhook_address"


def test_keys_and_secrets_are_shown_once(owner: OwnerServer, program: Program) -> None:
    browser, path = owner.browser("owner"), f"/admin/{owner.key}/keys"
    form = {"name": "Intranet", "scope": "embeddings", "days": "30", "of_site": "yes"}
    page = browser.post(f"{path}?locale=en", data=form, headers=ORIGIN).text
    key = page.split("<code>sk-", 1)[1].split("<", 1)[0]
    assert f"sk-{key}" not in browser.get(path).text
    assert "Intranet" in browser.get(path).text
    for wrong in ({"name": ""}, {"scope": "root"}, {"days": "0"}, {"days": "１"}):
        answer = browser.post(path, data=form | wrong, headers=ORIGIN)
        assert answer.status_code == 400
    client = owner.app.test_client()
    headers = {"Authorization": f"Bearer sk-{key}"}
    body = {"model": "scripted", "messages": [{"role": "user", "content": "Hello"}]}
    assert client.post("/v1/chat/completions", json=body, headers=headers).status_code == 403
    assert client.get("/v1/models", headers=headers).status_code == 200
    with owner.database.session() as session:
        session.get_one(ApiKey, 1).expires = now()
    assert client.get("/v1/models", headers=headers).status_code == 401
    browser.post(f"{path}/1/revoke", headers=ORIGIN)
    assert "Intranet" not in browser.get(path).text
    add(owner, program)
    assert "whsec_" not in browser.get(path).text
    with owner.database.session() as session:
        actions = [row.action for row in entries_before(session)]
        session.delete(session.get_one(Site, owner.site_id))
    assert actions[:2] == ["revoke_api_key", "create_api_key"]
