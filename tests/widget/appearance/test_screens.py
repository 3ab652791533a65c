"""Pictures of every state, for people to look at; the README and docs show those of an answer.

``CHATBOT_SCREENSHOTS=1`` writes the latter to ``docs/images``. All others go to a temporary folder,
and without it all do, so that a test run leaves the tree as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from support.widget.host_pages import HostPages
from support.widget.scripted_server import DONE, Script
from support.widget.visits import Visitor

pytestmark = pytest.mark.browser
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1180, "height": 780}},
    "dark": {"viewport": {"width": 1180, "height": 780}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 2},
    "rtl": {"viewport": {"width": 1180, "height": 780}, "locale": "ar"},
}
IN_DOCS = "answer"  # the state that the docs show
PAGE = """<style>:root{color-scheme:light dark}body{margin:0;font:18px/1.6 Georgia,serif;background:Canvas;color:CanvasText}
main{max-width:620px;margin:0 auto 0 8vw;padding:9vh 24px}h1{font-size:44px;line-height:1.1;margin:0 0 16px}</style>"""
TEXT = """<p>Each lamp is turned, glazed and wired in our workshop behind the shop, and repaired there as long as it burns.</p>
<h2>Visit us</h2><p>Rue de la Lumière 12. The workshop can be seen on Saturdays.</p>"""
ANSWER = """We are open **Tuesday to Saturday**:

- from 10:00 to 18:30
- on Saturdays the workshop too, from 14:00

On Mondays you can [write to us](https://example.org/contact)."""
EN = ("When are you open?", ANSWER, "Are you open on holidays?", "Opening hours")
AR = (
    "متى تفتحون؟",
    "نفتح من **الثلاثاء إلى السبت**:\n\n- من 10:00 إلى 18:30\n- الورشة يوم السبت من 14:00",
    "هل تفتحون في العطل؟",
    "ساعات العمل",
)


def prepare(script: Script, look: str) -> str:
    """Have *script* show every state; returns the question to ask."""
    question, answer, follow, title = AR if look == "rtl" else EN
    source = {
        "title": title,
        "url": "https://example.org/hours",
        "quote": "Tuesday to Saturday, 10:00 to 18:30",
    }
    script.answers[question] = [
        ("queue", {"position": 2, "seconds": 6}),
        ("gate", None),
        ("token", {"text": answer}),
        ("sources", {"items": [source]}),
        ("done", DONE | {"suggestions": [follow]}),
    ]
    wrong = {
        "code": "x",
        "message": "The language model stopped in the middle. Ask again.",
        "retry": True,
    }
    script.answers["!"] = [("error", wrong)]
    if look == "rtl":
        script.config |= {
            "name": "ورشة لومن",
            "greeting": "مرحبًا! اسألني عن الورشة.",
            "suggestions": [question],
            "notice": "",
        }
    return question


def states(it: Any, script: Script, question: str) -> Iterator[str]:
    """Bring the widget from state to state, saying which it is in."""
    yield "closed"
    it.nudged()
    yield "nudge"
    it.open()
    it.panel.get_by_role("button", name=question).wait_for()
    yield "open"
    it.panel.get_by_role("button", name=question).click()
    it.panel.locator(".wait").wait_for()
    yield "queue"
    script.gate.set()
    it.panel.locator(".sources").wait_for()
    yield "answer"
    it.panel.locator(".header button").first.click()
    it.panel.locator(".menu button").nth(1).wait_for()
    yield "menu"
    it.panel.locator(".menu button").nth(1).click()
    it.panel.locator(".contact").wait_for()
    yield "form"
    it.press("Escape")
    it.panel.locator(".where").click()
    yield "where"
    it.press("Escape")
    it.ask("!")
    it.panel.locator(".error").wait_for()
    yield "error"


@pytest.mark.parametrize("look", LOOKS)
def test_every_state_has_its_picture(
    chromium: Browser,
    visit: Visitor,
    pages: HostPages,
    script: Script,
    tmp_path: Path,
    look: str,
    images: Path | None,
) -> None:
    question = prepare(script, look)
    with visit(chromium, **LOOKS[look]) as it:
        it.go(pages.add(TEXT, head=PAGE, lang="ar" if look == "rtl" else "en"))
        it.bubble.wait_for()
        for state in states(it, script, question):
            it.still()
            folder = images if images and state == IN_DOCS else tmp_path
            file = folder / f"widget-{look}-{state}.png"
            it.page.screenshot(path=file)
            assert file.stat().st_size > 5000
