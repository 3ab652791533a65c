"""What a page pays for the tag: nothing a visitor could notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser
Visitor = Callable[..., Any]
OBSERVE = """<script>window.shifts = []; window.long = []; window.lcp = null;
new PerformanceObserver((l) => shifts.push(...l.getEntries().filter((e) => e.sources.some(({node}) => node && node.getRootNode() === document && node.localName !== "chatbot-widget")).map((e) => e.value))).observe({type: "layout-shift", buffered: true});
new PerformanceObserver((l) => long.push(...l.getEntries().map((e) => e.duration))).observe({type: "longtask", buffered: true});
new PerformanceObserver((l) => (lcp = l.getEntries().pop())).observe({type: "largest-contentful-paint", buffered: true});</script>"""
PICTURE = "<svg width=600 height=300><rect width=600 height=300 fill=teal /></svg><p style='font-size:60px'>A large headline of the page itself</p>"


def test_the_tag_shifts_nothing_and_is_never_the_largest_thing(
    chromium: Any, visit: Visitor, pages: Any
) -> None:
    largest = []
    for tag in ("", None):
        with visit(chromium) as it:
            it.go(pages.add(PICTURE, head=OBSERVE, tag=tag))
            it.page.wait_for_timeout(900)
            assert it.page.evaluate("shifts") == []
            largest.append(it.page.evaluate("[lcp.size, lcp.element?.localName]"))
    assert largest[0] == largest[1]


# What moves inside the panel while an answer grows is the panel's own.
def test_opening_and_answering_moves_nothing_of_the_page(
    chromium: Any, visit: Visitor, pages: Any
) -> None:
    with visit(chromium) as it:
        it.go(pages.add(PICTURE, head=OBSERVE)).open().ask("hello").answered("You said: hello")
        assert it.page.evaluate("shifts") == []


# The best of several visits says what the code costs; the others say what else the machine does.
def test_no_task_of_the_widget_is_long(chromium: Any, visit: Visitor, pages: Any) -> None:
    best = 1e9
    for _ in range(4):
        with visit(chromium) as it:
            it.go(pages.add(head=OBSERVE))
            it.bubble.wait_for()
            it.page.evaluate("long.length = 0; Chatbot.open()")
            it.field.wait_for()
            it.ask("hello").answered("You said: hello")
            best = min(best, max(it.page.evaluate("long"), default=0))
        if best <= 50:
            return
    raise AssertionError(f"a task of {best} ms in every visit")


def test_the_panel_is_painted_within_100_ms_of_the_tap(
    chromium: Any, visit: Visitor, pages: Any
) -> None:
    measure = """() => new Promise((done) => { const bubble = document.querySelector("chatbot-widget").shadowRoot.querySelector(".bubble");
        const start = performance.now(); const look = () => { const panel = document.querySelector("chatbot-widget").shadowRoot.querySelector(".panel:not([hidden])");
        panel ? requestAnimationFrame(() => done(performance.now() - start)) : setTimeout(look, 1); }; bubble.click(); look(); })"""
    times = []
    for _ in range(6):
        with visit(chromium) as it:
            it.go(pages.add())
            it.bubble.wait_for()
            times.append(it.page.evaluate(measure))
        if times[-1] < 100:
            return
    raise AssertionError(f"always later: {times}")
