"""Phones, magnified pages, low windows, narrow columns, paper: nothing is covered, cut off or lost."""

from __future__ import annotations

import base64
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, FloatRect, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say
from support.widget.visits import Visitor, box_of

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 780}
MAGNIFIED = {"width": 320, "height": 256}
LONG = "The friendly assistant of the world-famous Atelier Lumen for lamps of all kinds " * 4

# How many colours a picture shows.
COLOURS = """async (data) => { const image = new Image(); image.src = "data:image/png;base64," + data; await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d"); canvas.drawImage(image, 0, 0);
    return new Set(new Uint32Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer)).size; }"""
GLYPH = """(bubble) => { const style = getComputedStyle(bubble, "::before");
    return parseFloat(style.width) + parseFloat(style.borderLeftWidth) + parseFloat(style.borderRightWidth); }"""
AXES: tuple[tuple[Literal["x"], Literal["width"]], tuple[Literal["y"], Literal["height"]]] = (
    ("x", "width"),
    ("y", "height"),
)


def inside(inner: Any, outer: Any) -> bool:
    """Whether all of *inner* is within *outer*, to the pixel."""
    one, other = box_of(inner), box_of(outer)
    return all(
        other[at] - 1 <= one[at] and one[at] + one[size] <= other[at] + other[size] + 1
        for at, size in AXES
    )


def ready(it: Any) -> None:
    """Wait until the panel is there; what it was told before was done before it answers."""
    it.page.locator("chatbot-widget .bubble[aria-haspopup]").wait_for()
    it.page.evaluate("Chatbot.send('hello')")
    it.page.locator("chatbot-widget li.assistant .actions").wait_for(state="attached")


def test_the_polite_line_leaves_a_phone_its_page(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(browser, viewport=PHONE) as it:
        it.go(pages.add(tag=pages.tag(proactive="Need help?", delay="0.1")))
        tip = it.page.locator("chatbot-widget .tip")
        tip.get_by_text("Need help?").wait_for()
        it.still()
        box = box_of(tip)
        assert box["height"] < 80
        assert box["width"] <= 300


def test_the_field_has_a_line_however_its_text_came(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    with visit(browser) as it:
        it.go(pages.add()).open()
        high = "(field) => field.offsetHeight"
        line = it.field.evaluate(high)
        it.field.type("and then")
        it.press("Escape")
        it.page.reload()
        it.open()
        expect(it.field).to_have_value("and then")
        assert it.field.evaluate(high) == line
        it.press("Escape")
        it.page.evaluate("Chatbot.send('hello')")
        it.page.locator("chatbot-widget li.assistant .actions").wait_for(state="attached")
        it.open()
        assert it.field.evaluate(high) == line


def test_the_bubble_has_its_picture_in_forced_colours(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    for scheme in ("light", "dark"):
        with visit(browser, forced_colors="active", color_scheme=scheme) as it:
            it.go(pages.add())
            box = box_of(it.bubble)
            middle: FloatRect = {"x": box["x"] + 14, "y": box["y"] + 14, "width": 28, "height": 28}
            data = base64.b64encode(it.page.screenshot(clip=middle)).decode()
            assert it.page.evaluate(COLOURS, data) > 1


@pytest.mark.parametrize("mode", ["bubble", "inline"])
def test_a_printed_page_is_the_owners_alone(
    chromium: Browser, visit: Visitor, pages: HostPages, mode: str
) -> None:
    tag = pages.tag() if mode == "bubble" else pages.tag(mode=mode)
    with visit(chromium) as it:
        it.go(pages.add(tag=tag))
        it.page.evaluate("Chatbot.open()")
        it.configured()
        it.page.emulate_media(media="print")
        expect(it.page.locator("chatbot-widget")).to_be_hidden()


@pytest.mark.parametrize("size", [MAGNIFIED, {"width": 800, "height": 440}], ids=["400 %", "low"])
def test_every_entry_of_the_menu_is_reached_and_nothing_stays_shifted(
    chromium: Browser, visit: Visitor, pages: HostPages, size: dict[str, int]
) -> None:
    with visit(chromium, viewport=size) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.panel.get_by_role("button", name="Menu").click()
        menu = it.panel.locator(".menu")
        assert inside(menu, it.panel)
        for entry in menu.get_by_role("button").all():
            entry.focus()
            assert inside(entry, menu)
            assert it.panel.evaluate("(panel) => panel.scrollTop") == 0


def test_the_notice_is_reached_however_many_lines_the_field_has(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium, viewport=MAGNIFIED) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.field.fill("one\ntwo")
        it.answers.last.hover()
        it.page.mouse.wheel(0, -500)
        it.until(lambda: inside(it.panel.locator(".where"), it.panel))


def test_the_menu_fits_a_narrow_column(chromium: Browser, visit: Visitor, pages: HostPages) -> None:
    column = f'<div style="width: 210px">{pages.tag(mode="inline")}</div>'
    with visit(chromium) as it:
        it.go(pages.add(column, tag=""))
        it.panel.get_by_role("button", name="Menu").click()
        menu = it.panel.locator(".menu")
        menu.wait_for()
        assert inside(menu, it.panel)


@pytest.mark.parametrize("size", [PHONE, MAGNIFIED], ids=["phone", "400 %"])
def test_menu_and_sheet_leave_the_header_free_however_high_it_is(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script, size: dict[str, int]
) -> None:
    script.config |= {"name": LONG, "state": "failed"}
    with visit(chromium, viewport=size) as it:
        it.go(pages.add()).open().still()
        header = it.panel.locator(".header")
        assert box_of(header)["height"] < 150

        def bottom() -> float:
            box = box_of(header)
            return float(box["y"] + box["height"])

        it.panel.get_by_role("button", name="Menu").click()
        assert box_of(it.panel.locator(".menu"))["y"] >= bottom() - 8
        it.menu_entry("Where does my question go?")
        assert box_of(it.panel.locator(".sheet"))["y"] >= bottom() - 1
        it.press("Escape")
        it.field.scroll_into_view_if_needed()
        assert inside(it.field, it.panel)


def test_a_phone_gets_no_full_screen_panel_that_nobody_asked_for(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser, viewport=PHONE) as it:
        it.go(pages.add()).open()
        it.page.reload()
        ready(it)
        expect(it.panel).to_be_hidden()
        it.page.evaluate("sessionStorage.clear()")
        it.go(pages.add(tag=pages.tag(open="0.1"), name="opens.html"))
        ready(it)
        expect(it.panel).to_be_hidden()


def test_what_was_closed_does_not_open_itself(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        it.page.clock.install()
        it.go(pages.add(tag=pages.tag(open="30"))).open()
        it.press("Escape")
        it.page.clock.run_for(60_000)
        ready(it)
        expect(it.panel).to_be_hidden()


def test_a_page_that_closes_it_keeps_its_own_focus(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser) as it:
        it.go(pages.add("<input id=own>")).open()
        it.page.locator("#own").focus()
        it.page.evaluate("Chatbot.close()")
        it.panel.wait_for(state="hidden")
        assert it.page.evaluate("document.activeElement.id") == "own"


def test_magnifying_with_two_fingers_does_not_cut_the_panel(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium, viewport=PHONE, is_mobile=True, has_touch=True) as it:
        it.go(pages.add()).open().still()
        session = it.page.context.new_cdp_session(it.page)
        session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
        it.until(lambda: it.page.evaluate("visualViewport.scale") == 2)
        it.page.evaluate("visualViewport.dispatchEvent(new Event('resize'))")
        assert it.panel.evaluate("(panel) => panel.offsetHeight") == PHONE["height"]


def test_a_long_label_does_not_squeeze_the_picture(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser, viewport={"width": 320, "height": 600}) as it:
        it.go(pages.add(tag=pages.tag(label="Any question about our lamps? Ask us, we are here")))
        assert it.bubble.evaluate(GLYPH) == 28


def test_a_chat_that_fills_a_wide_window_has_lines_that_can_be_read(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say("many words " * 200)
    with visit(chromium, viewport={"width": 1800, "height": 900}) as it:
        it.go(pages.add(tag=pages.tag(mode="page"))).configured().ask("?").answered("many words")
        for part in (it.answers.last, it.panel.locator(":scope > form")):
            box = box_of(part)
            assert box["width"] < 800
            assert box["x"] > 400
