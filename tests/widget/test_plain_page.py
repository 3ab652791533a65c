"""``/chat/KEY`` and the words of the panel, in a browser and on the wire: whole, and the owner's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from support.configured import make_config
from support.conversations import start_conversation
from support.scripted_chat import ScriptedModel
from support.servers.serving import serve_app
from support.widget.visits import Visitor

from chatbot_server.app import create_app
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site, add_site
from chatbot_server.storage.visitors.conversations import ChatMessage
from chatbot_server.storage.visitors.messages import add_message
from chatbot_server.web.visitor.page import ink

SOURCE = {"title": "Hours", "url": "https://example.org/hours", "quote": "Open from ten to six"}


@pytest.fixture
def app(sqlite_database: Database, tmp_path: Path) -> Flask:
    config = make_config(tmp_path)
    return create_app(config, ScriptedModel(says=("Hello.",)), sqlite_database)


@pytest.fixture
def talk(sqlite_database: Database) -> dict[str, str]:
    """A site in its owner's colour, and a chat on it with an answer from its pages."""
    with sqlite_database.session() as session:
        site = add_site(session, "Own")
        site.color = "#ffe600"
        chat, secret = start_conversation(session, site.id, locale="en", page=None, keep=True)
        chat.extend(30)
        add_message(session, chat, "user", "When?")
        answer = add_message(session, chat, "assistant", "Ten to six.")
        answer.origin, answer.sources = "model", [SOURCE]
        return {"key": site.key, "conversation": chat.id, "secret": secret}


@pytest.mark.browser
def test_the_plain_page_shows_quote_origin_and_the_owners_colour(
    chromium: Browser, visit: Visitor, app: Flask, talk: dict[str, str]
) -> None:
    serving = serve_app(app)
    fill = """([conversation, secret]) => { document.querySelector("[name=conversation]").value = conversation;
        document.querySelector("[name=secret]").value = secret; }"""
    with visit(chromium) as it:
        it.go(f"{serving.url}/chat/{talk['key']}")
        it.page.evaluate(fill, [talk["conversation"], talk["secret"]])
        it.page.get_by_label("Your question").fill("And on Sundays?")
        it.page.get_by_role("button", name="Ask").click()
        answer = it.page.locator("section.assistant").first
        expect(answer).to_contain_text("Written by AI")
        answer.get_by_text("Show the quote").click()
        expect(answer.locator("blockquote")).to_have_text("Open from ten to six")
        question = it.page.locator("section.user").first
        expect(question).to_have_css("background-color", "rgb(255, 230, 0)")
        expect(question).to_have_css("color", "rgb(0, 0, 0)")
        assert it.errors() == []
    serving.close()


def test_the_plain_page_shows_what_marks_mean_and_names_no_sources_of_a_no(
    app: Flask, sqlite_database: Database, talk: dict[str, str]
) -> None:
    with sqlite_database.session() as session:
        answer = session.query(ChatMessage).filter_by(role="assistant").one()
        answer.text = r"**Hours**: \<ten\> <b>to</b> [six](https://s.example/) [x](javascript:y)"
        answer.origin = "none"
    shown = app.test_client().post(f"/chat/{talk['key']}", data={**talk, "message": " "}).text
    link = '<a rel="noopener noreferrer nofollow" target="_blank" href="https://s.example/">six</a>'
    words = f"<strong>Hours</strong>: &lt;ten&gt; &lt;b&gt;to&lt;/b&gt; {link} [x](javascript:y)"
    assert f"<p>{words}</p>" in shown
    assert SOURCE["url"] in shown
    assert "<h2>Sources</h2>" not in shown


def test_the_plain_page_does_not_quote_a_quoted_answer_again(
    app: Flask, sqlite_database: Database, talk: dict[str, str]
) -> None:
    with sqlite_database.session() as session:
        session.query(ChatMessage).filter_by(role="assistant").one().origin = "pages"
    shown = app.test_client().post(f"/chat/{talk['key']}", data={**talk, "message": " "}).text
    assert "Quoted from this site’s pages" in shown
    assert SOURCE["url"] in shown
    assert SOURCE["quote"] not in shown


def test_the_plain_page_tells_what_is_too_long_and_cuts_nothing(
    app: Flask, talk: dict[str, str]
) -> None:
    text = "a" * 4000 + " and the end."
    shown = app.test_client().post(f"/chat/{talk['key']}", data={**talk, "message": text}).text
    assert "maxlength" not in shown, "what is pasted would be cut without a word"
    assert f">{text}</textarea>" in shown
    assert re.search(r'role="alert" class="problem">[^<]*4000', shown)


def test_the_one_style_of_the_plain_page_is_sealed(app: Flask, talk: dict[str, str]) -> None:
    one, two = (app.test_client().get(f"/chat/{talk['key']}") for _ in range(2))
    policies = [answer.headers["Content-Security-Policy"] for answer in (one, two)]
    nonces = [re.findall(r"'nonce-([\w-]{16})'", policy) for policy in policies]
    assert nonces[0] != nonces[1]
    for answer, (nonce,) in zip((one, two), nonces, strict=True):
        assert answer.text.count("<style") == answer.text.count(f'<style nonce="{nonce}">') == 1


@pytest.mark.parametrize(("color", "text"), [("#1d4ed8", "#fff"), ("#ffe600", "#000"), ("#777777", "#000"), ("#6f6f6f", "#fff")])  # fmt: skip
def test_text_on_the_owners_colour_is_black_or_white(color: str, text: str) -> None:
    assert ink(color) == text


@pytest.mark.parametrize(
    ("locale", "greeting", "notice"),
    [("en", "Hello!", "Automatic"), ("fr-CA", "Bonjour", "Assistant"), ("de", None, None), ("", "Hello!", "Automatic")],
)  # fmt: skip
def test_words_that_the_owner_left_open_are_left_to_the_panels_language(
    app: Flask, talk: dict[str, str], locale: str, greeting: str | None, notice: str | None
) -> None:
    found = app.test_client().get(f"/api/widget?site={talk['key']}&locale={locale}").get_json()
    assert found["greeting"] is None if greeting is None else found["greeting"].startswith(greeting)
    assert found["notice"] is None if notice is None else found["notice"].startswith(notice)


def test_the_owners_own_words_come_in_every_language(
    app: Flask, sqlite_database: Database, talk: dict[str, str]
) -> None:
    with sqlite_database.session() as session:
        site = session.query(Site).filter_by(key=talk["key"]).one()
        site.words = {"greeting": {"*": "Welcome to the workshop."}}
    found = app.test_client().get(f"/api/widget?site={talk['key']}&locale=de").get_json()
    assert found["greeting"] == "Welcome to the workshop."
    assert found["notice"] is None
