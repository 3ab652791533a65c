"""A visitor pastes or drops what the chat cannot take: pictures and other files."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.visits import Visitor

pytestmark = pytest.mark.browser
# What the browser does for a hand: an event with a file, and with the texts of *texts* beside it.
GIVE = """([type, texts]) => { const data = new DataTransfer();
    for (const [kind, text] of Object.entries(texts)) data.setData(kind, text);
    data.items.add(new File(["x"], "lamp.png", { type: "image/png" }));
    const root = document.querySelector("chatbot-widget").shadowRoot;
    const more = { bubbles: true, cancelable: true, composed: true };
    // Firefox takes no files for an event that a page makes: they are put there.
    const event = new Event(type, more);
    event[type === "paste" ? "clipboardData" : "dataTransfer"] = data;
    return !root.querySelector(type === "paste" ? "#question" : ".log").dispatchEvent(event); }"""


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_picture_is_refused_in_words_and_leaves_the_page_alone(
    browser: Browser, visit: Visitor, pages: HostPages, way: str
) -> None:
    with visit(browser) as it:
        it.go(pages.add()).open()
        note = it.panel.get_by_role("alert")
        # A dropped file would be shown in place of the page, unless its way is closed at once.
        assert way == "paste" or it.page.evaluate(GIVE, ["dragover", {}])
        assert it.page.evaluate(GIVE, [way, {}])
        expect(note).to_have_text("Only text can be sent.")
        it.field.fill("Do you repair this lamp?")
        expect(note).to_have_count(0)
        it.ask("Do you repair this lamp?").answered("You said: Do you repair this lamp?")


def test_of_what_is_text_and_picture_the_text_is_taken(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser) as it:
        it.go(pages.add()).open()
        assert not it.page.evaluate(GIVE, ["paste", {"text/plain": "Lamp\t80", "text/html": "<b>"}])
        expect(it.panel.get_by_role("alert")).to_have_count(0)
