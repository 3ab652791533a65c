"""The widget as a guest: what it leaves alone, the page's language, and what it tells the owner."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script
from support.widget.visits import Visitor, box_of

pytestmark = pytest.mark.browser


def test_a_polite_line_can_be_sent_away_for_good(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    # The other chat's line comes later than the first one's would.
    tags = pages.tag(proactive="Need help?", delay="0.1")
    tags += pages.tag(site="second", proactive="Any question?", delay="0.5", position="top-left")
    with visit(chromium) as it:
        it.go(pages.add("<input id=here autofocus>", tag=tags))
        tip = it.page.locator("chatbot-widget .tip")
        second = tip.get_by_text("Any question?")
        second.wait_for()
        tip.get_by_text("Need help?").wait_for()
        assert it.page.evaluate("document.activeElement.id") == "here"
        tip.filter(has_text="Need help?").get_by_role("button", name="Close").click()
        expect(tip).to_have_count(1)
        it.page.reload()
        second.wait_for()
        expect(tip).to_have_count(1)


@pytest.mark.parametrize("position", ["bottom-right", "top-left"])
def test_a_polite_line_leaves_the_bubble_where_it_is_and_goes_when_the_panel_opens(
    chromium: Browser, visit: Visitor, pages: HostPages, position: str
) -> None:
    with visit(chromium) as it:
        it.go(pages.add(tag=pages.tag(position=position), name="plain.html"))
        place = box_of(it.bubble)
        it.go(pages.add(tag=pages.tag(position=position, proactive="Need help?", delay="0.1")))
        tip = it.page.locator("chatbot-widget .tip")
        tip.wait_for()
        assert box_of(it.still().bubble) == place
        it.page.evaluate("Chatbot.open()")
        expect(tip).to_have_count(0)


def test_a_polite_line_is_sent_away_by_escape(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser) as it:
        it.go(pages.add(tag=pages.tag(proactive="Need help?", delay="0.1")))
        tip = it.page.locator("chatbot-widget .tip")
        tip.get_by_role("button", name="Need help?").focus()
        it.press("Escape")
        expect(tip).to_have_count(0)
        expect(it.bubble).to_be_focused()


def test_a_question_of_the_page_is_asked_in_sight(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open().menu("Talk to a human")
        it.page.evaluate("Chatbot.ask('hello')")
        it.answered("You said: hello")
        expect(it.panel.locator(".sheet")).to_be_hidden()


def test_a_banner_that_is_there_and_not_seen_hides_nothing(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    banner = '<div class=cookies style="visibility: hidden">Cookies?</div>'
    with visit(browser) as it:
        it.go(pages.add(banner, tag=pages.tag(avoid=".cookies")))
        it.bubble.wait_for()


def test_nothing_is_stored_or_requested_before_the_first_tap(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser) as it:
        it.page.clock.install()
        it.go(pages.add())
        it.bubble.wait_for()
        # Whatever a timer would have done in the first minute is done after this.
        it.page.clock.run_for(60_000)
        chat = [url for url in it.requests() if url.startswith(pages.chat)]
        assert chat == [f"{pages.chat}/widget.js"]
        stored = "[localStorage.length, sessionStorage.length, document.cookie]"
        assert it.page.evaluate(stored) == [0, 0, ""]
        it.open().ask("hello").answered("You said: hello")
        assert it.page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
        assert it.page.context.cookies() == []
        ours = (pages.chat, pages.serving.url)
        assert [url for url in it.requests() if not url.startswith(ours)] == []


def test_the_bubble_waits_while_a_consent_banner_is_there(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    banner = (
        "<div class=cookies>Cookies? <button onclick='this.parentNode.remove()'>No</button></div>"
    )
    with visit(chromium) as it:
        it.page.clock.install()
        it.go(pages.add(banner, tag=pages.tag(avoid=".cookies")))
        it.bubble.wait_for(state="attached")
        it.page.clock.run_for(60_000)
        expect(it.bubble).to_be_hidden()
        it.page.get_by_role("button", name="No").click()
        it.bubble.wait_for()


@pytest.mark.parametrize(
    ("locale", "send"),
    [("fr", "Envoyer"), ("de", "Senden"), ("es", "Enviar"), ("it", "Invia"), ("pt", "Enviar"), ("nl", "Versturen"), ("pl", "Wyślij"), ("ja", "送信"), ("sv", "Send")],
)  # fmt: skip
def test_it_speaks_the_language_of_the_page(
    chromium: Browser, visit: Visitor, pages: HostPages, locale: str, send: str
) -> None:
    with visit(chromium, locale="en-GB") as it:
        it.go(pages.add(lang=locale))
        it.bubble.click()
        it.panel.get_by_role("button", name=send).wait_for()


def test_the_diagnosis_says_in_words_what_is_wrong(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    refusal = {"error": {"code": "origin_not_allowed", "message": "Pages of X may not use it."}}
    script.refuse["/api/widget"] = (403, refusal)
    with visit(chromium) as it:
        # On both tags: whichever script runs first makes the one bubble.
        it.go(pages.add(tag=pages.tag(colour="#ff0000") * 2) + "?chatbot-debug")
        box = it.page.locator("chatbot-widget .debug")
        expect(box).to_contain_text("on the page 2 times")
        meant = "data-colour is no option of the widget. Meant: data-color?"
        expect(box).to_contain_text(meant)
        expect(box).to_contain_text("The server refuses this page: Pages of X may not use it.")


def test_the_diagnosis_names_the_policy_that_blocks(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    policy = {"Content-Security-Policy": f"default-src 'none'; script-src {pages.chat}"}
    with visit(chromium) as it:
        it.go(pages.add(headers=policy) + "?chatbot-debug")
        box = it.page.locator("chatbot-widget .debug")
        expect(box).to_contain_text(f"Add connect-src {pages.chat}")
