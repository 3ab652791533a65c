"""WCAG 2.2 AA, as far as machines can tell: axe in every state, the keyboard, the live region."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.axe import ALL_FAULTS, COLOUR_FAULTS
from support.widget.host_pages import HostPages
from support.widget.scripted_server import DONE, Script, say
from support.widget.visits import LISTEN, Visitor, box_of

pytestmark = pytest.mark.browser
ANSWER = "Open **Tuesday** to Saturday:\n\n- from 10:00\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```"
STATES = (
    "closed",
    "nudge",
    "open",
    "streaming",
    "answered",
    "error",
    "form",
    "menu",
    "where",
    "why",
)
NO_EMULATION: Any = "null"  # as Playwright spells it
COLOURS: dict[str, dict[str, Any]] = {
    "dark": {"color_scheme": "dark"},
    "high contrast": {"contrast": "more"},
    "forced colours": {"forced_colors": "active"},
}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "phone": {"viewport": {"width": 390, "height": 780}},
    "zoomed to 400 %": {"viewport": {"width": 320, "height": 256}},
}


def show(it: Any, script: Script, state: str) -> None:
    """Bring the widget from the state before *state* in STATES into it."""
    if state == "nudge":
        it.nudged().still()
    elif state == "open":
        it.open().still()
    elif state == "streaming":
        script.gate.clear()
        it.ask("?")
        it.panel.locator(".wait").wait_for()
    elif state == "answered":
        script.gate.set()
        it.answered("Tuesday")
    elif state == "error":
        it.ask("!")
        it.panel.locator(".error").wait_for()
    elif state in ("form", "menu", "where"):
        it.press("Escape") if state == "menu" else None
        if state != "where":
            it.panel.get_by_role("button", name="Menu").click()
        name = {"form": "Talk to a human", "where": "Where does my question go?"}.get(state)
        it.panel.locator(".menu").wait_for()
        if name:
            it.panel.locator(".menu").get_by_role("button", name=name).click()
    elif state == "why":
        it.press("Escape")
        it.panel.get_by_role("button", name="Not helpful", exact=True).first.click()
        it.panel.locator(".why").wait_for()


def prepare(script: Script) -> None:
    sources = [{"title": "Hours", "url": "https://example.org/h", "quote": "Open from ten"}]
    script.answers["?"] = [
        ("gate", None),
        ("token", {"text": ANSWER}),
        ("sources", {"items": sources}),
        ("done", DONE | {"suggestions": ["On Sundays?"]}),
    ]
    failure = {"code": "x", "message": "The model stopped.", "retry": True}
    script.answers["!"] = [("error", failure)]


@pytest.mark.parametrize("look", [*LOOKS, "right to left"])
def test_axe_finds_nothing_in_any_state(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script, axe_source: str, look: str
) -> None:
    prepare(script)
    with visit(chromium, **LOOKS.get(look, {})) as it:
        it.go(
            pages.add(
                lang="en",
                head="<style>html{direction:rtl}</style>" if look == "right to left" else "",
            )
        )
        it.page.evaluate(axe_source)
        for state in STATES:
            show(it, script, state)
            assert it.page.evaluate(ALL_FAULTS) == [], f"{look}, {state}"
            for name, media in COLOURS.items() if look == "light" else ():
                it.page.emulate_media(**media)
                it.still()
                assert it.page.evaluate(COLOUR_FAULTS) == [], f"{name}, {state}"
                it.page.emulate_media(**dict.fromkeys(media, NO_EMULATION))


def test_axe_would_find_something(
    chromium: Browser, visit: Visitor, pages: HostPages, axe_source: str
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open().still()
        it.page.evaluate(
            "document.querySelector('chatbot-widget').shadowRoot.querySelector('.send').ariaLabel = null"
        )
        it.page.evaluate(axe_source)
        faults = it.page.evaluate(ALL_FAULTS)
        assert [fault.split(":")[0] for fault in faults] == ["button-name"]


def test_the_page_keeps_its_landmarks_to_itself(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    prepare(script)
    script.gate.set()
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("Tuesday")
        session = it.page.context.new_cdp_session(it.page)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        roles = {node["role"]["value"] for node in nodes if not node["ignored"]}
        assert {"main", "dialog", "log", "status"} <= roles
        assert roles.isdisjoint({"banner", "contentinfo", "navigation", "complementary"})


def focused(it: Any) -> str:
    """Name of what has the focus, through the shadow root."""
    name: str = it.page.evaluate(
        """() => { let at = document.activeElement; while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return at.id || at.ariaLabel || at.textContent.trim(); }"""
    )
    return name


def tab_to(it: Any, name: str, *, back: bool = False) -> None:
    for _ in range(40):
        if focused(it) == name:
            return
        it.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{name} is never reached; at {focused(it)}")


def test_everything_can_be_done_with_the_keyboard_alone(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    prepare(script)
    script.gate.set()
    with visit(browser) as it:
        write = it.page.keyboard.type
        it.go(pages.add())
        it.bubble.wait_for()
        tab_to(it, "Chat")
        it.press("Enter").configured()
        assert focused(it) == "question"
        write("?")
        it.press("Enter").answered("Tuesday")
        assert focused(it) == "question"
        it.panel.get_by_role("button", name="On Sundays?").wait_for()
        for button in ("On Sundays?", "Try again", "Helpful", "Copy", "Show the quote", "Hours"):
            tab_to(it, button, back=True)
        tab_to(it, "Menu", back=True)
        it.press("Enter")
        it.panel.locator(".menu").wait_for()
        assert focused(it) == "New chat"
        it.press("Escape")
        assert focused(it) == "Menu"
        it.press("Enter")
        it.panel.locator(".menu").wait_for()
        tab_to(it, "Talk to a human")
        it.press("Enter")
        it.panel.locator(".contact").wait_for()
        for field, text in (("yourname", "Ana"), ("mail", "ana@example.org"), ("message", "!")):
            tab_to(it, field)
            write(text)
        tab_to(it, "Send")
        it.press("Enter")
        it.panel.get_by_text("Sent. A person will answer you by e\u2011mail.").wait_for()
        it.press("Escape")
        assert focused(it) == "question"
        it.press("Escape")
        it.panel.wait_for(state="hidden")
        assert focused(it) == "Chat"


def test_each_answer_is_announced_once_when_it_is_whole(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    words = [("token", {"text": f"**w{n}** "}) for n in range(20)]
    script.answers["?"] = [*words, *say("end")]
    with visit(browser) as it:
        it.go(pages.add()).open()
        it.page.evaluate(LISTEN)
        it.ask("?").answered("w19 end")
        it.ask("next").answered("You said: next")
        status = it.page.locator("chatbot-widget [role=status][aria-live]")
        expect(status.locator("p")).to_have_count(0)
        # Whatever else the first two had to say was said before the third came.
        it.ask("last").answered("You said: last")
        it.until(lambda: "You said: last" in it.page.evaluate("heard"))
        whole = " ".join(f"w{n}" for n in range(20)) + " end"
        wait = "The assistant is writing…"
        said = [wait, whole, wait, "You said: next", wait, "You said: last"]
        assert it.page.evaluate("heard") == said
        live = it.page.evaluate(
            "[...document.querySelector('chatbot-widget').shadowRoot.querySelectorAll('.log, .log *')].filter((e) => /polite|assertive/.test(e.ariaLive)).length"
        )
        assert live == 0


def test_the_pages_that_a_no_offers_are_announced_with_it(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    hours = {"title": "Hours", "url": "https://example.org/hours"}
    prices = {"title": "Prices", "url": "https://example.org/prices"}
    script.answers["?"] = [
        ("token", {"text": "These pages may help:"}),
        ("sources", {"items": [hours, prices]}),
        ("done", DONE | {"origin": "none", "suggestions": ["Lamps"]}),
    ]
    with visit(browser) as it:
        it.go(pages.add()).open()
        it.page.evaluate(LISTEN)
        it.ask("?").answered("These pages may help:")
        it.until(lambda: len(it.page.evaluate("heard")) > 1)
        assert it.page.evaluate("heard")[1] == "These pages may help: Hours, Prices, Lamps"


def test_what_stands_in_lines_of_its_own_is_announced_apart(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say("**Week**\n\nOpen from 9.\n\n- Monday\n- Friday")
    with visit(browser) as it:
        it.go(pages.add()).open()
        it.page.evaluate(LISTEN)
        it.ask("?").answered("Friday")
        it.until(lambda: len(it.page.evaluate("heard")) > 1)
        heard = " ".join(it.page.evaluate("heard")[1].split())
        assert heard == "Week Open from 9. Monday Friday"


def test_a_full_screen_panel_keeps_the_focus_and_a_bubble_one_does_not(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser, viewport={"width": 390, "height": 780}) as it:
        it.go(pages.add("<a href=#>link</a>")).open().still()
        modal = it.page.locator("chatbot-widget .panel[aria-modal=true]")
        expect(modal).to_have_count(1)
        assert box_of(it.panel) == {"x": 0, "y": 0, "width": 390, "height": 780}
        reached = []
        for _ in range(25):
            it.press("Tab")
            assert it.page.evaluate("document.activeElement.localName") == "chatbot-widget"
            reached.append(focused(it))
        assert {"question", "Menu", "Close"} <= set(reached)
        it.page.set_viewport_size({"width": 1000, "height": 780})
        # The page hears of its new size in its own time.
        expect(modal).to_have_count(0)
        expect(it.panel).to_be_visible()
        outside = "document.activeElement.localName !== 'chatbot-widget'"
        for _ in range(25):
            it.press("Tab")
            if it.page.evaluate(outside):
                break
        assert it.page.evaluate(outside)


def test_what_is_touched_is_large_enough(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    prepare(script)
    script.gate.set()
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("Tuesday")
        it.panel.get_by_role("button", name="On Sundays?").wait_for()
        controls = it.still().page.locator("chatbot-widget button, chatbot-widget textarea")
        boxes = [(box_of(control), control.inner_text()) for control in controls.all()]
        seen = [(box, name) for box, name in boxes if box]
        # Bubble, menu, close, send, where, copy, two thumbs, again, a suggestion, the field.
        assert len(seen) >= 11
        # 2.5.8 asks for 24; the main ones have 44.
        assert [name for box, name in seen if min(box["height"], box["width"]) < 24] == []
        assert it.field.evaluate("(field) => getComputedStyle(field).fontSize") == "16px"
