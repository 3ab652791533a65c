"""From nothing to a visitor's answer: the real server, the real model, real browsers.

The page is of another origin than the server and holds nothing but the tag.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from support.servers.live_server import LiveServer
from support.servers.serving import serve_app
from support.widget.visits import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.xdist_group("live")]
# Answered with as many words as the server allows: there is time to see them come.
QUESTION = "Tell me about the sea."

# Writes down the length of the answer at each change of the panel.
WATCH = """() => {
  const root = document.querySelector('chatbot-widget').shadowRoot
  window.lengths = []
  new MutationObserver(() => {
    const text = [...root.querySelectorAll('li.assistant > .text')].at(-1)?.textContent ?? ''
    if (text.length !== window.lengths.at(-1)) window.lengths.push(text.length)
  }).observe(root, { subtree: true, childList: true, characterData: true })
}"""


@pytest.fixture
def other_origin(live_server: LiveServer) -> Iterator[str]:
    """A page on another port, with the tag that `chatbot-server snippet` prints."""
    tag = live_server.cli("snippet", live_server.playground_key).strip()
    app = Flask("other")
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title>{tag}"
    app.add_url_rule("/", view_func=lambda: page)
    serving = serve_app(app)
    yield serving.url
    serving.close()


def test_a_visitor_asks_on_another_site_and_reads_the_answer_as_it_is_written(
    browser: Browser, visit: Visitor, other_origin: str
) -> None:
    with visit(browser) as it:
        it.go(other_origin).open()
        it.page.evaluate(WATCH)
        it.ask(QUESTION)
        it.answered("sea")
        lengths = it.page.evaluate("window.lengths")
        # The panel may gather tokens into frames, but the text must grow in many steps.
        assert len(lengths) > 5
        assert len(it.answers.last.inner_text()) > 100
        assert it.errors() == []


def test_the_demo_page_shows_the_bubble_and_answers(
    chromium: Browser, visit: Visitor, live_server: LiveServer, images: Path | None
) -> None:
    with visit(chromium) as it:
        it.go(live_server.url + "/").open().ask("Is anything sent to third parties?")
        it.answered("third parties")
        assert it.errors() == []
        if images:
            it.page.screenshot(path=images / "demo.png")


def test_the_owner_tests_a_page_of_theirs_from_the_demo_page(
    chromium: Browser, visit: Visitor, live_server: LiveServer, other_origin: str
) -> None:
    with visit(chromium) as it:
        it.go(live_server.url + "/")
        field, button = (
            it.page.get_by_role("textbox"),
            it.page.get_by_role("button", name="Test my"),
        )
        field.fill("no address")
        button.click()
        wrong = "This is no address of a page."
        assert field.evaluate("field => field.validationMessage").startswith(wrong)
        field.fill(other_origin)
        with it.page.context.expect_page() as opened:
            button.click()
        box = opened.value.locator("chatbot-widget.debug div.debug")
        box.get_by_text("One tag for the chat").wait_for()
        assert "✗" not in box.inner_text()
        assert it.errors() == []
