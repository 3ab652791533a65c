"""A visitor's page in a real browser, and how to wait for what happens in it.

Browser, page, chat server and test are four parties, and nothing is said about which comes
first. So nothing here sleeps: every step waits for a fact, for as long as a busy machine may
take, and that something did *not* happen is looked at only after a later fact.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from playwright.sync_api import FloatRect, Locator, Page, ViewportSize
from support.browsers import LIMIT

MARK = "mark of the test"

# Opening moves and fades the panel; the dots of a running answer never end.
STILL = """() => Promise.allSettled([...document.querySelectorAll("chatbot-widget")]
    .flatMap(({ shadowRoot }) => shadowRoot.getAnimations())
    .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
    .map(({ finished }) => finished.then(() => null)))"""

# In the capturing phase of the window: the widget lets no key out of itself.
RELEASED = """(wanted) => { window.released = false; addEventListener("keyup", function up({ key }) {
    if (key !== wanted) return; window.released = true; removeEventListener("keyup", up, true); }, true); }"""


# The chat begins again, as if the owner had given it a line to say.
LINE = """() => { Chatbot.destroy(); const { dataset } = document.querySelector("script[data-site]");
    Object.assign(dataset, { proactive: "Any question about our lamps?", delay: "0.1" }); Chatbot.refresh(); }"""

# Writes down what a screen reader is told.
LISTEN = """() => { window.heard = []; const status = document.querySelector("chatbot-widget").shadowRoot
    .querySelector("[role=status][aria-live]"); new MutationObserver((changes) => { for (const change of changes)
    for (const node of change.addedNodes) heard.push(node.textContent); }).observe(status,
    { childList: true, subtree: true, characterData: true }); }"""


class Visit:
    """One visitor's page, with what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._errors: list[str] = []
        self._requests: list[str] = []
        page.on("pageerror", lambda error: self._add(str(error)))
        page.on("console", self._note)
        page.on("request", lambda request: self._requests.append(request.url))

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self._add(f"{message.text} {message.location}")

    def _add(self, text: str) -> None:
        # Browsers ask every page for an icon; Firefox tells a strict page that it may not.
        if "favicon" not in text:
            self._errors.append(text)

    def until(self, fact: Callable[[], Any]) -> Any:
        """What *fact* gives once that is true; meanwhile the page's events are heard."""
        deadline = time.monotonic() + LIMIT / 1000
        while not (found := fact()):
            assert time.monotonic() < deadline, "what was waited for never came"
            self.page.wait_for_timeout(20)
        return found

    def errors(self) -> list[str]:
        """What the page reported up to now. The test's own report comes after all of them."""
        self.page.evaluate("(mark) => console.error(mark)", MARK)
        self.until(lambda: any(MARK in error for error in self._errors))
        found = [error for error in self._errors if MARK not in error]
        self._errors = found.copy()
        return found

    def requests(self) -> list[str]:
        """What the page asked for up to now. The test's own request comes after all of them."""
        mark = f"{self.page.evaluate('location.origin')}/mark-{len(self._requests)}"
        self.page.evaluate("async (url) => { await fetch(url); }", mark)
        self.until(lambda: mark in self._requests)
        return [url for url in self._requests if "/mark-" not in url]

    def go(self, address: str) -> Visit:
        self.page.goto(address)
        return self

    @property
    def bubble(self) -> Locator:
        return self.page.locator("chatbot-widget .bubble")

    @property
    def panel(self) -> Locator:
        return self.page.locator("chatbot-widget .panel").first

    @property
    def field(self) -> Locator:
        return self.page.locator("chatbot-widget textarea#question")

    @property
    def questions(self) -> Locator:
        return self.page.locator("chatbot-widget li.user")

    @property
    def answers(self) -> Locator:
        return self.page.locator("chatbot-widget li.assistant > .text")

    def configured(self) -> Visit:
        """Wait until the panel is there and knows what the server's owner decided."""
        self.page.locator("chatbot-widget .top > .text").first.wait_for()
        return self

    def nudged(self) -> Visit:
        """Have the polite line shown."""
        self.page.evaluate(LINE)
        self.page.locator("chatbot-widget .tip").wait_for()
        return self

    def open(self) -> Visit:
        self.bubble.click()
        return self.configured()

    def still(self) -> Visit:
        """Wait until nothing of the widget moves any more."""
        self.page.evaluate(STILL)
        return self

    def press(self, key: str) -> Visit:
        """Press *key* and wait until the page has dealt with it, whatever has the focus then."""
        self.page.evaluate(RELEASED, key.split("+")[-1])
        self.page.keyboard.press(key)
        self.until(lambda: self.page.evaluate("released"))
        return self

    def ask(self, text: str) -> Visit:
        self.field.fill(text)
        self.field.press("Enter")
        return self

    def answered(self, text: str | re.Pattern[str]) -> Visit:
        """Wait until the last message is a whole answer that shows *text*."""
        last = self.page.locator("chatbot-widget .log > ol > li.assistant:last-child")
        shows = self.page.locator(".text", has_text=text)
        last.filter(has=shows).filter(has=self.page.locator(".actions")).wait_for()
        return self

    def menu(self, entry: str) -> Visit:
        """Choose *entry* from the menu."""
        self.panel.get_by_role("button", name="Menu").click()
        return self.menu_entry(entry)

    def menu_entry(self, entry: str) -> Visit:
        """Choose *entry* from the menu that is open."""
        self.panel.locator(".menu").get_by_role("button", name=entry).click()
        return self


def box_of(element: Locator) -> FloatRect:
    """Where *element* is in the window; it must be shown."""
    box = element.bounding_box()
    assert box is not None, "it is not shown"
    return box


def viewport_of(page: Page) -> ViewportSize:
    """The size of the window in which *page* is shown."""
    assert page.viewport_size is not None, "its window has no size of its own"
    return page.viewport_size


# Opens a page in a browser for a fresh visitor: ``with visit(browser, viewport=…) as it:``.
Visitor = Callable[..., AbstractContextManager[Visit]]
