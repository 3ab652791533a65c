"""A chat that goes on elsewhere: on a later page, from which "back" leads to it, and in two tabs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Playwright, expect
from support.browsers import QUIET, executable
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script
from support.widget.visits import Visitor

pytestmark = pytest.mark.browser


def stored(*texts: str) -> list[dict[str, Any]]:
    """The transcript of the questions *texts*, as the scripted server answers them."""
    return [
        message
        for number, text in enumerate(texts, start=1)
        for message in (
            {"id": f"q{number}", "role": "user", "text": text},
            {"id": f"m{number}", "role": "assistant", "text": f"You said: {text}"}
            | {"finish": "stop", "origin": "model"},
        )
    ]


@pytest.fixture(params=["chromium", "firefox"])
def remembering(request: pytest.FixtureRequest, playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps pages as they were left, as visitors' browsers do."""
    if request.param == "firefox":
        yield request.getfixturevalue("firefox")
        return
    browser = playwright.chromium.launch(
        executable_path=executable("chromium", "chromium-browser", "google-chrome"),
        args=QUIET,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


SAID = """() => [...document.querySelector("chatbot-widget").shadowRoot
    .querySelectorAll(".log > ol > li > .text")].map((text) => text.textContent.trim())"""


def go_on(it: Any, address: str) -> None:
    """Follow a link of the page to *address*, and remember how the page was left."""
    it.page.evaluate("window.leftAs = 'it was'")
    it.page.evaluate("(address) => { setTimeout(() => { location.href = address; }); }", address)
    it.until(lambda: it.page.url == address)


def go_back(it: Any) -> None:
    """Press the browser's button "back": the page of before is there as it was left.

    From then on Playwright's locators wait for ever in Firefox, which does not load anything.
    """
    it.page.evaluate("setTimeout(() => history.back())")

    def is_as_left() -> bool:
        with suppress(Error):  # between two pages there is none to ask
            return bool(it.page.evaluate("window.leftAs") == "it was")
        return False

    it.until(is_as_left)


def ask_and_go_on(it: Any, pages: HostPages, script: Script) -> None:
    """Ask “one” on a page, and go on to another page of the site."""
    other = pages.add(name="other.html")
    it.go(pages.add()).open().ask("one").answered("You said: one")
    script.history = stored("one")
    go_on(it, other)


def test_back_leads_to_the_chat_as_it_is_now(
    remembering: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(remembering) as it:
        ask_and_go_on(it, pages, script)
        it.answered("You said: one").ask("two").answered("You said: two")
        script.history = stored("one", "two")
        go_back(it)
        said = ["one", "You said: one", "two", "You said: two"]
        it.until(lambda: it.page.evaluate(SAID) == said)
        it.page.evaluate("Chatbot.send('three')")
        it.until(lambda: it.page.evaluate(SAID) == [*said, "three", "You said: three"])


def test_what_was_erased_on_a_later_page_is_not_shown_by_the_one_before(
    remembering: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(remembering) as it:
        ask_and_go_on(it, pages, script)
        it.answered("You said: one").menu("Delete my chat")
        it.panel.locator(".sheet").get_by_role("button", name="Delete my chat").click()
        it.panel.get_by_text("Deleted from the server").wait_for()
        error = {"error": {"code": "conversation_unknown", "message": "It is gone."}}
        script.refuse["/api/conversation/c1"] = (404, error)
        go_back(it)
        it.until(lambda: it.page.evaluate(SAID) == [])


def test_two_tabs_at_once_in_one_chat_show_both_questions(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(browser) as one:
        address = pages.add(tag=pages.tag(storage="local"))
        one.go(address).open().ask("one").answered("You said: one")
        script.history = stored("one")
        two = type(one)(one.page.context.new_page())
        two.go(address).answered("You said: one")
        script.history = stored("one", "two")
        one.field.fill("a draft")
        two.ask("two").answered("You said: two")
        one.answered("You said: two")
        expect(one.field).to_have_value("a draft")
        one.ask("three").answered("You said: three")
        assert script.asked[-1]["conversation"] == "c1"
        expect(one.questions).to_have_count(3)
