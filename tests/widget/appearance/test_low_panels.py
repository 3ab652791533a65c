"""Little height: magnified pages, phones on their side or with a keyboard, small frames (WCAG 1.4.10)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say
from support.widget.visits import Visitor, box_of

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 780}
LOW = {
    "400 %": {"width": 320, "height": 256},
    "a phone on its side": {"width": 667, "height": 320},
    "a low window": {"width": 1180, "height": 440},
}
# What a keyboard leaves of the page: the page itself stays as high as it was.
KEYBOARD = """(height) => { Object.defineProperty(visualViewport, "height", { get: () => height, configurable: true });
    visualViewport.dispatchEvent(new Event("resize")); }"""
SHARE = """(panel) => panel.querySelector(".log").clientHeight / panel.clientHeight"""
# Everything that can be pressed, and whether it can be brought into what is seen of the panel.
OUT_OF_REACH = """(panel) => { const outer = panel.getBoundingClientRect();
    return [...panel.querySelectorAll("button, a, textarea")].filter((stop) => {
        stop.scrollIntoView({ block: "nearest" }); const box = stop.getBoundingClientRect();
        return box.height && (box.top < outer.top - 1 || box.bottom > outer.bottom + 1);
    }).map((stop) => stop.textContent || stop.ariaLabel); }"""


@pytest.mark.parametrize("size", LOW)
def test_the_conversation_has_most_of_the_room(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script, size: str
) -> None:
    script.answers["?"] = say("\n\n".join(f"Paragraph {number}" for number in range(30)))
    with visit(browser, viewport=LOW[size]) as it:
        it.go(pages.add()).open().still()
        assert it.panel.evaluate(SHARE) > 0.55
        it.panel.get_by_text("can be wrong").wait_for()
        it.ask("?").answered("Paragraph 29")
        assert it.panel.evaluate(SHARE) > 0.55
        assert it.panel.evaluate(OUT_OF_REACH) == []
        assert it.panel.evaluate("(panel) => panel.scrollTop") == 0


def test_what_is_open_above_a_keyboard_is_whole(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(browser, viewport=PHONE) as it:
        it.go(pages.add()).open().still()
        assert (
            it.panel.locator(".footer").evaluate("(footer) => footer.parentNode.className")
            == "panel"
        )
        it.page.evaluate(KEYBOARD, 260)
        it.until(lambda: box_of(it.panel)["height"] == 260)
        it.field.fill("one\ntwo\nthree\nfour\nfive")
        assert it.panel.evaluate(SHARE) > 0.3
        assert it.panel.evaluate(OUT_OF_REACH) == []
        it.page.evaluate(KEYBOARD, 780)
        it.until(lambda: box_of(it.panel)["height"] == 780)
        box = box_of(it.panel.locator(".footer"))
        assert box["y"] > box_of(it.field)["y"]


def test_a_sheet_covers_the_notice_wherever_it_stands(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium, viewport=LOW["400 %"]) as it:
        it.go(pages.add()).open().panel.locator(".where").click()
        sheet = it.panel.locator(".sheet")
        sheet.get_by_text("SmolLM2").wait_for()
        panel, box = box_of(it.panel), box_of(sheet)
        assert box["y"] + box["height"] == pytest.approx(panel["y"] + panel["height"], abs=1)
        it.press("Escape")
        it.panel.locator(".where").click()
        sheet.get_by_text("SmolLM2").wait_for()


def test_the_answer_to_a_letter_is_seen(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    letter = " ".join(f"Line {number} of a letter that somebody pasted." for number in range(30))
    script.answers[letter] = say("Ten to six.")
    with visit(browser, viewport={"width": 1180, "height": 720}) as it:
        it.go(pages.add()).open().ask(letter).answered("Ten to six.")
        it.panel.get_by_role("button", name="Copy").wait_for()
        answer = it.panel.locator(".assistant .text").last
        log = box_of(it.panel.locator(".log"))
        it.until(lambda: box_of(answer)["y"] + 20 < log["y"] + log["height"])
        # Its beginning, below the end of the letter.
        assert log["y"] + 40 < box_of(answer)["y"]
