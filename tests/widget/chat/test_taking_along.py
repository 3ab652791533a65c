"""What a visitor takes along from an answer: its words on the clipboard, a number that is called."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say
from support.widget.visits import LISTEN, Visit, Visitor

pytestmark = pytest.mark.browser
ANSWER = """**Hours**

- *Sunday*: 10 h – 19 h 30, see [the page](https://example.org/hours)
- Monday: 25 €

3. Ring
4. Wait"""
SEEN = """Hours

- Sunday: 10 h – 19 h 30, see the page
- Monday: 25 €

3. Ring
4. Wait"""
EDITOR = '<div id="editor" contenteditable style="min-height: 50px"></div>'


def allow_clipboard(browser: Browser, it: Visit) -> None:
    """As a browser with a window does after a press; Firefox needs nothing."""
    if browser.browser_type.name == "chromium":
        it.page.context.grant_permissions(["clipboard-read", "clipboard-write"])


def test_copied_words_are_those_that_are_seen(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say(ANSWER)
    with visit(browser) as it:
        it.go(pages.add(EDITOR)).open().ask("?").answered("Wait")
        allow_clipboard(browser, it)
        shown = it.answers.last.inner_html()
        it.page.evaluate(LISTEN)
        it.panel.get_by_role("button", name="Copy").click()
        expect(it.panel.get_by_role("button", name="Copied")).to_have_text("✓")
        it.until(lambda: it.page.evaluate("heard") == ["Copied"])
        it.field.focus()
        it.press("Control+v")
        pasted = it.field.input_value().splitlines()
        assert [line for line in pasted if line] == [line for line in SEEN.splitlines() if line]
        assert it.answers.last.inner_html() == shown, "what is seen stays as it was"
        # A letter or a document takes the marks of the text, too.
        it.page.locator("#editor").focus()
        it.press("Control+v")
        editor = it.page.locator("#editor")
        expect(editor.get_by_role("listitem")).to_have_count(4)
        expect(editor.get_by_role("link")).to_have_attribute("href", "https://example.org/hours")


def test_an_older_browser_copies_the_words_alone(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say(ANSWER)
    with visit(chromium) as it:
        it.page.add_init_script("delete window.ClipboardItem")
        it.go(pages.add(EDITOR)).open().ask("?").answered("Wait")
        allow_clipboard(chromium, it)
        it.panel.get_by_role("button", name="Copy").click()
        it.panel.get_by_role("button", name="Copied").wait_for()
        it.page.locator("#editor").focus()
        it.press("Control+v")
        editor = it.page.locator("#editor")
        expect(editor).to_contain_text("- Sunday: 10 h")
        expect(editor.get_by_role("listitem")).to_have_count(0)


def test_a_number_that_is_told_can_be_called(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say("Call 02 97 00 41 23 or **[112](tel:112)**.")
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?").answered("Call")
        links = it.answers.last.get_by_role("link")
        expect(links).to_have_text(["02\xa097\xa000\xa041\xa023", "112"])
        addresses = [link.get_attribute("href") for link in links.all()]
        assert addresses == ["tel:0297004123", "tel:112"]
