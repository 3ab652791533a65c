"""A person answers in the chatbot's place, and hands back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.mail.emails import EmailWriter
from chatbot_server.storage.base import HOUR, now
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.conversations import ChatMessage, Conversation
from chatbot_server.storage.visitors.feedback import contact_requests
from chatbot_server.storage.visitors.messages import history

Post = Callable[..., TestResponse]
EVIL = "<script>alert(1)</script> [x](javascript:alert(1))"


class Visitor:
    """A visitor's page, as the panel speaks to the server."""

    def __init__(self, owner: OwnerServer) -> None:
        self.client: FlaskClient = owner.app.test_client()
        self.site, self.conversation = owner.key, ""
        self.headers: dict[str, str] = {}

    def ask(self, text: str, **fields: Any) -> dict[str, Any]:
        """The events of the answer by name, and its text."""
        body = {"site": self.site, "message": text} | fields
        if self.conversation:
            body["conversation"] = self.conversation
        answer = self.client.post("/api/chat", json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text
        whole: dict[str, Any] = {"text": ""}
        for block in answer.text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in lines:
                data = json.loads(lines["data"])
                whole["text"] += data.get("text", "")
                whole[lines["event"]] = data
        self.conversation = whole["start"]["conversation"]
        if secret := whole["start"].get("secret"):
            self.headers = {"Authorization": f"Bearer {secret}"}
        return whole

    def news(self, after: str = "") -> dict[str, Any]:
        path = f"/api/conversation/{self.conversation}/news?after={after}"
        answer = self.client.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json or {})


@pytest.fixture
def visitor(owner: OwnerServer) -> Visitor:
    """One who has asked something already."""
    visitor = Visitor(owner)
    visitor.ask("When are you open?")
    return visitor


@pytest.fixture
def write(post: Post, visitor: Visitor) -> Callable[..., TestResponse]:
    """Writes into the visitor's conversation as the owner."""

    def send(text: str, name: str = "Marie") -> TestResponse:
        path = f"/admin/KEY/conversations/{visitor.conversation}/write"
        return post(path, name=name, text=text)

    return send


def test_a_person_answers_until_the_conversation_is_handed_back(
    owner: OwnerServer, post: Post, visitor: Visitor, write: Callable[..., TestResponse]
) -> None:
    assert visitor.news() == {"person": None, "messages": [], "wait": 60}
    assert write("Bonjour, c’est Marie.").status_code == 303
    news = visitor.news()
    (message,) = news["messages"]
    assert (news["person"], news["wait"]) == ("Marie", 3)
    assert (message["name"], message["origin"]) == ("Marie", "person")
    transcript = visitor.client.get(
        f"/api/conversation/{visitor.conversation}", headers=visitor.headers
    ).json
    assert message["follows"] == (transcript or {})["messages"][-2]["id"]
    assert visitor.news(message["id"])["messages"] == []
    assert visitor.news("gone")["messages"] == [message]
    answer = visitor.ask("Thank you! Call me: 01 23 45 67 89", locale="fr")
    told = answer["text"], answer["done"]["origin"]
    assert told == ("Passed on to Marie.", "person"), "in the language that the visitor speaks"
    path = f"/admin/{owner.key}/conversations/{visitor.conversation}"
    page = owner.browser("owner").get(f"{path}?locale=en").text
    assert "Call me: 01 23 45 67 89" in page, "a person may be told how to reply"
    assert "Marie answers here" in page
    assert page.count("Answer this better") == 1, "what was passed on is no answer to better"
    assert 'value="Marie"' in page, "the name is there for the next time"
    listed = owner.browser("owner").get(f"/admin/{owner.key}/conversations?trait=person").text
    assert visitor.conversation in listed
    assert '<span class="tag good">Marie</span>' in listed
    post(path.replace(owner.key, "KEY") + "/hand-back")
    answer = visitor.ask("When are you open?")
    assert answer["done"]["origin"] == "none"
    assert visitor.news()["person"] is None


def test_what_waits_for_the_person_is_in_the_inbox_and_goes_by_e_mail(
    owner: OwnerServer, visitor: Visitor, write: Callable[..., TestResponse]
) -> None:
    write("Hello!")
    for text in ("First line.", "Second line."):
        visitor.ask(text)
    with owner.database.session() as session:
        (message,) = contact_requests(session, owner.site_id)
        site = session.get_one(Site, owner.site_id)
    assert message.text == "First line.", "one of them is enough to call the person"
    writer = EmailWriter(site, "a@example.org", "b@example.org", "http://localhost", "en")
    mail = writer.email_of([message])
    assert mail["Subject"] == "A visitor of Bakery waits for an answer"
    assert mail["Reply-To"] is None
    assert f"/conversations/{visitor.conversation}" in mail.get_content()
    page = owner.browser("editor").get(f"/admin/{owner.key}/messages?locale=en").text
    assert "A visitor wrote in a conversation" in page
    assert "mailto:" not in page
    write("I am here.")
    with owner.database.session() as session:
        assert contact_requests(session, owner.site_id) == []


def test_a_message_of_the_chats_form_leads_to_its_conversation(
    owner: OwnerServer, visitor: Visitor
) -> None:
    visitor.ask("Do you make wedding cakes?")
    body = {"site": owner.key, "conversation": visitor.conversation, "message": "For June, please."}
    body |= {"name": "Ann", "email": "ann@example.org"}
    sent = visitor.client.post("/api/contact", json=body, headers=visitor.headers)
    assert sent.status_code == 200, sent.text
    page = owner.browser("editor").get(f"/admin/{owner.key}/messages?locale=en")
    assert page.status_code == 200, page.text
    assert "For June, please." in page.text
    assert f'/conversations/{visitor.conversation}"' in page.text


def test_the_silence_ends_by_itself(
    owner: OwnerServer, post: Post, visitor: Visitor, write: Callable[..., TestResponse]
) -> None:
    assert (
        post("/admin/KEY/messages/person", silence_hours="0", person_within="off").status_code
        == 400
    )
    assert (
        post("/admin/KEY/messages/person", silence_hours="2", person_within="off").status_code
        == 303
    )
    write("Hello!")
    with owner.database.session() as session:
        conversation = session.get_one(Conversation, visitor.conversation)
        assert abs((conversation.silent_until or 0) - now() - 2 * HOUR) < 60
        conversation.silent_until = now() - 1
    assert visitor.ask("When are you open?")["done"]["origin"] == "none"


def test_nothing_of_it_outlives_the_conversation(
    owner: OwnerServer, visitor: Visitor, write: Callable[..., TestResponse]
) -> None:
    write("Hello!")
    visitor.ask("My card is 4111 1111 1111 1111.")
    rows = owner.browser("owner").get(f"/admin/{owner.key}/conversations.jsonl").text
    exported = [json.loads(line) for line in rows.splitlines()]
    assert [row["person"] for row in exported] == ["", "", "Marie", "", ""]
    assert "4111" not in rows, "what reaches nobody is masked as ever"
    path = f"/api/conversation/{visitor.conversation}"
    erased = visitor.client.delete(path, headers=visitor.headers).json
    assert erased == {"erased": {"conversations": 1, "messages": 5}}
    with owner.database.session() as session:
        assert contact_requests(session, owner.site_id) == []
    assert visitor.client.get(f"{path}/news", headers=visitor.headers).status_code == 404


def test_names_and_words_are_text_everywhere(
    owner: OwnerServer, visitor: Visitor, write: Callable[..., TestResponse]
) -> None:
    write(EVIL, name="<i>*Eve*</i>")
    assert visitor.ask("Hello?")["text"] == r"Passed on to \<i\>\*Eve\*\</i\>."
    page = owner.browser("owner").get(f"/admin/{owner.key}/conversations/{visitor.conversation}")
    secret = visitor.headers["Authorization"].removeprefix("Bearer ")
    form = {"conversation": visitor.conversation, "secret": secret, "action": "look"}
    plain = visitor.client.post(f"/chat/{owner.key}?locale=en", data=form, headers=ORIGIN)
    for html in (page.text, plain.text):
        assert "&lt;i&gt;*Eve*&lt;/i&gt;" in html
        assert "<script>alert" not in html
        assert 'href="javascript' not in html
    assert "answers here in person" in plain.text
    for name, text in (("", "Hello"), ("Eve", ""), ("Eve", "x" * 4001), ("e" * 41, "Hello")):
        refused = write(text, name)
        assert refused.status_code == 400
        assert text[:4000] in refused.text, "what was typed is not lost"


def test_a_cry_for_help_is_answered_at_once_and_passed_on(
    owner: OwnerServer, visitor: Visitor, write: Callable[..., TestResponse]
) -> None:
    write("Hello!")
    answer = visitor.ask("I want to kill myself")
    assert "Passed on" not in answer["text"]
    with owner.database.session() as session:
        (message,) = contact_requests(session, owner.site_id)
        assert history(session, visitor.conversation)[-1].status == "courtesy"
    assert message.text == "I want to kill myself"


def test_asking_again_takes_nothing_away_that_a_person_wrote(
    owner: OwnerServer, visitor: Visitor, write: Callable[..., TestResponse]
) -> None:
    write("Hello!")
    visitor.ask("When are you open?", retry=True)
    with owner.database.session() as session:
        roles = [message.role for message in history(session, visitor.conversation)]
    assert roles == ["user", "assistant", "person", "user", "assistant"]


def test_only_owners_and_editors_write(owner: OwnerServer, visitor: Visitor) -> None:
    path = f"/admin/{owner.key}/conversations/{visitor.conversation}"
    form = {"name": "Eve", "text": "Hello"}
    for role, status in (("reader", 403), ("editor", 303)):
        browser = owner.browser(role)  # type: ignore[arg-type]
        assert browser.post(f"{path}/write", data=form, headers=ORIGIN).status_code == status
        assert ("Write to this visitor" in browser.get(f"{path}?locale=en").text) is (
            role == "editor"
        )
    with owner.database.session() as session:
        written = session.query(ChatMessage).filter_by(role="person").count()
    assert written == 1


def test_a_stranger_hears_nothing(visitor: Visitor, write: Callable[..., TestResponse]) -> None:
    write("Hello!")
    path = f"/api/conversation/{visitor.conversation}/news"
    assert visitor.client.get(path).status_code == 401
    wrong = {"Authorization": "Bearer other"}
    assert visitor.client.get(path, headers=wrong).status_code == 404


def test_a_page_is_told_to_ask_rarely_and_then_no_more(
    owner: OwnerServer, visitor: Visitor
) -> None:
    assert visitor.news()["wait"] == 60
    owner.browser("reader")
    assert visitor.news()["wait"] == 60, "a reader writes to nobody"
    owner.browser("editor")
    assert visitor.news()["wait"] == 10
    with owner.database.session() as session:
        for message in history(session, visitor.conversation):
            message.created -= 2 * HOUR
    assert visitor.news()["wait"] == 0


def test_visitors_who_turn_to_a_person_read_when_somebody_answers(
    owner: OwnerServer, post: Post, visitor: Visitor, write: Callable[..., TestResponse]
) -> None:
    path, form = "/admin/KEY/messages/person", {"silence_hours": "4", "person_within": "off"}
    refused = post(path, **form, mon="9 to 5", sun="10-12")
    assert refused.status_code == 400
    assert 'value="9 to 5"' in refused.text, "what was typed is not lost"
    closed = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "")
    tomorrow = list(closed)[(datetime.now().astimezone().weekday() + 1) % 7]
    assert post(path, **form, **closed | {tomorrow: "9-12"}).status_code == 303
    page = owner.browser("owner").get(f"/admin/{owner.key}/messages?locale=en").text
    assert "Somebody answers tomorrow from 9:00." in page
    config = visitor.client.get(f"/api/widget?site={owner.key}&locale=fr").json
    assert config is not None
    assert config["contact"]["when"] == "Quelqu’un répond demain à partir de 9\u00a0h."
    unspoken = visitor.client.get(f"/api/widget?site={owner.key}&locale=de").json
    assert unspoken is not None
    assert unspoken["contact"]["when"] is None
    body = {"site": owner.key, "name": "Ada", "email": "a@example.org", "message": "Hello"}
    sent = visitor.client.post("/api/contact", json=body).json
    assert sent == {"sent": True, "when": "Somebody answers tomorrow from 9:00."}
    write("Hello!")
    assert visitor.ask("Yes?")["text"] == "Passed on to Marie.", "she is there now"
    with owner.database.session() as session:
        session.get_one(Conversation, visitor.conversation).silent_until = now() + HOUR
    assert visitor.ask("Yes?")["text"].endswith("Marie. Somebody answers tomorrow from 9:00.")
