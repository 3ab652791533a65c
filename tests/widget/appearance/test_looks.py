"""What answers, questions and failures look like when they are not the usual ones."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say
from support.widget.visits import Visitor, box_of

pytestmark = pytest.mark.browser

TABLE = """| Lamp | Height | Price (incl. tax) | Delivery within the European Union |
|---|---|---|---|
| Brasserie with a long name | 54 cm | 420 € | on request |"""


def test_a_wide_table_scrolls_and_breaks_no_word(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say(TABLE)
    with visit(browser, viewport={"width": 320, "height": 600}) as it:
        it.go(pages.add()).open().ask("?").answered("Brasserie")
        # One line is 24 pixels high, and the cell's own padding and line come on top.
        assert it.panel.get_by_role("columnheader", name="Lamp").inner_text() == "Lamp"
        words = """(cell) => { const range = document.createRange(); range.selectNodeContents(cell);
            return range.getClientRects().length; }"""
        assert it.panel.locator("th", has_text="Height").evaluate(words) == 1
        box = it.panel.locator(".table")
        assert box.evaluate("(box) => box.scrollWidth > box.clientWidth")
        assert it.panel.evaluate("(panel) => panel.scrollWidth <= panel.clientWidth")


def test_sides_follow_the_panel_and_not_the_letters(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(browser) as it:
        it.go(pages.add(lang="ar")).open().ask("English in an Arabic panel")
        it.answered("You said")
        panel, question = box_of(it.panel), box_of(it.panel.locator("li.user .text"))
        answer = box_of(it.answers.last)
        assert question["x"] - panel["x"] < 40
        assert panel["x"] + panel["width"] - answer["x"] - answer["width"] < 40


def test_a_french_list_begins_at_its_bullets_in_an_arabic_panel(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say("Du mardi au vendredi, sauf les jours fériés :\n\n- Midi\n- Soir")
    with visit(browser) as it:
        it.go(pages.add(lang="ar")).open().ask("?").answered("Midi")
        gap = """(item) => { const words = document.createRange(); words.selectNodeContents(item);
            return words.getBoundingClientRect().left - item.getBoundingClientRect().left; }"""
        assert it.answers.last.get_by_role("listitem").first.evaluate(gap) < 4


def test_a_failed_answer_has_its_retry_in_the_same_box(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    error = {"code": "x", "message": "The model stopped. Ask again.", "retry": True}
    script.answers["?"] = [("error", error)]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?")
        box = it.panel.locator("li .error")
        box.get_by_text("The model stopped.").wait_for()
        script.answers["?"] = say("Now it works.")
        box.get_by_role("button", name="Try again").click()
        it.answered("Now it works.")
        assert it.panel.locator(".error").count() == 0


def test_an_avatar_that_does_not_come_leaves_the_spark(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser) as it:
        it.go(pages.add(tag=pages.tag(avatar="/nothing.png"))).open()
        it.panel.locator(".avatar svg").wait_for()
        assert it.panel.locator(".avatar img").count() == 0


def test_the_bubble_of_an_open_panel_closes_it_and_looks_so(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    shape = "(bubble) => getComputedStyle(bubble, '::before').clipPath"
    with visit(chromium) as it:
        it.go(pages.add())
        closed = it.bubble.evaluate(shape)
        it.open()
        assert it.bubble.evaluate(shape) != closed
        it.bubble.click()
        it.panel.wait_for(state="hidden")
        assert it.bubble.evaluate(shape) == closed
