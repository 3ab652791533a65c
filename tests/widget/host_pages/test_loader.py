"""The few kilobytes that every page view pays for: what they do alone, and when nothing comes after them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script
from support.widget.visits import Visitor, box_of

pytestmark = pytest.mark.browser

# Which timers wait. A page at rest has none.
TIMERS = """(() => { const waiting = new Set(), set = window.setTimeout, clear = window.clearTimeout;
    window.setTimeout = (act, ...rest) => { const id = set(() => { waiting.delete(id); act(); }, ...rest);
        waiting.add(id); return id; };
    window.clearTimeout = (id) => { waiting.delete(id); clear(id); };
    window.timers = waiting; })()"""
BANNER = '<div id="banner" style="position:fixed;inset:auto 0 0;height:200px">Cookies?</div>'


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "Chat offline ↗"),
        ("de", "Chat offline ↗"),
        ("fr", "Discussion hors ligne ↗"),
        ("pl", "Czat offline ↗"),
        ("ar", "الدردشة متوقفة ↗"),
        ("ja", "チャット 停止中 ↗"),
    ],
)
def test_the_bubble_says_that_the_panel_did_not_come(
    chromium: Browser, visit: Visitor, pages: HostPages, lang: str, words: str
) -> None:
    with visit(chromium) as it:
        it.page.route("**/panel-*.js", lambda route: route.abort())
        it.go(pages.add(lang=lang))
        it.bubble.click()
        it.bubble.filter(has_text=words).wait_for()
        expect(it.bubble).to_have_attribute("aria-label", words)


def test_each_approach_tries_again_and_a_tap_leads_to_the_plain_page(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser) as it:
        it.page.route("**/panel-*.js", lambda route: route.abort())
        it.go(pages.add())
        it.bubble.hover()
        it.bubble.filter(has_text="Chat offline ↗").wait_for()
        with it.page.expect_popup() as plain:
            it.bubble.click()
        plain.value.wait_for_url("**/chat/demo")
        it.page.bring_to_front()
        it.page.unroute("**/panel-*.js")
        it.page.locator("h1").hover()
        it.bubble.hover()
        it.page.locator("chatbot-widget .bubble[aria-haspopup]").wait_for()
        expect(it.bubble).to_have_text("")
        expect(it.bubble).to_have_attribute("aria-label", "Chat")
        it.open().ask("hello").answered("You said: hello")


def test_an_inline_chat_that_does_not_come_leaves_a_bubble(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        it.page.route("**/panel-*.js", lambda route: route.abort())
        it.go(pages.add(tag=pages.tag(mode="inline")))
        it.bubble.filter(has_text="Chat offline ↗").wait_for()


def test_each_tag_has_the_options_of_its_own_address(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    source = f"{pages.chat}/widget.js?site="
    tags = f'<script async src="{source}one"></script><script async src="{source}two&amp;position=top-left"></script>'
    with visit(chromium) as it:
        it.go(pages.add(tag=tags))
        it.bubble.nth(1).wait_for()
        assert {box_of(box)["x"] < 100 for box in it.bubble.all()} == {True, False}


def test_it_waits_for_a_consent_banner_and_rests_with_the_page(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(chromium) as it:
        it.page.add_init_script(TIMERS)
        it.go(pages.add(BANNER, tag=pages.tag(avoid="#banner")))
        host = it.page.locator("chatbot-widget")
        host.wait_for(state="hidden")
        # A style sheet's rule goes without a change of the document.
        it.page.evaluate("document.adoptedStyleSheets = [new CSSStyleSheet()]")
        it.page.evaluate("document.adoptedStyleSheets[0].replaceSync('#banner{display:none}')")
        host.wait_for(state="visible")
        it.until(lambda: it.page.evaluate("timers.size === 0"))
        it.page.evaluate("document.adoptedStyleSheets = []")
        it.page.evaluate("document.body.append(document.createElement('p'))")
        host.wait_for(state="hidden")
        it.page.evaluate("banner.className = 'gone'; banner.style.display = 'none'")
        host.wait_for(state="visible")
        it.until(lambda: it.page.evaluate("timers.size === 0"))
        it.requests()
        assert script.calls == [("GET", "/widget.js", None)]


def test_the_owners_picture_on_the_bubble_is_a_rule_of_the_page(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    rule = """<style>chatbot-widget::part(bubble)::before
        { border: 0; padding: 14px; clip-path: circle(); background: url("/me.png") center / cover; scale: 1.5 }</style>"""
    with visit(browser) as it:
        it.go(pages.add(head=rule))
        it.bubble.wait_for()
        style = "getComputedStyle(document.querySelector('chatbot-widget').shadowRoot.querySelector('.bubble'), '::before')"
        it.until(lambda: "me.png" in it.page.evaluate(f"{style}.backgroundImage"))
        it.until(lambda: "circle" in it.page.evaluate(f"{style}.clipPath"))
