"""What a page pays for the tag: nothing a visitor could notice.

Only what the code costs is judged, not what else the machine does meanwhile: tasks by the
processor's time they take, and the one span of wall time by the best of many visits.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.visits import Visitor, box_of

pytestmark = pytest.mark.browser
# Of the page's own elements only: what moves inside the panel while an answer grows is the panel's.
OBSERVE = """<script>window.shifts = []; window.largest = [];
new PerformanceObserver((l) => shifts.push(...l.getEntries().flatMap((e) => e.sources.map(({node}) => node))
    .filter((node) => node && node.getRootNode() === document && node.localName !== "chatbot-widget").map((node) => node.id || node.localName)))
    .observe({type: "layout-shift", buffered: true});
new PerformanceObserver((l) => largest.push(...l.getEntries().map((e) => [e.element?.id || e.element?.localName, e.size])))
    .observe({type: "largest-contentful-paint", buffered: true});</script>"""
PAGE = "<svg width=600 height=300><rect width=600 height=300 fill=teal /></svg><p id=claim style='font-size:60px'>A large headline of the page itself</p>"
# The page itself moves everything down with something still larger: both observers see, and
# what they had to say of anything earlier is said.
MOVE = """() => { const late = document.createElement("p"); late.id = "late"; late.style.font = "90px/1 serif";
    late.textContent = "What the page itself puts on top of everything else, larger than anything"; document.body.prepend(late); }"""


def shifts(it: Any) -> list[str]:
    """What moved until the page moved itself, and then its own body."""
    before = it.page.evaluate("shifts.length")
    it.page.evaluate(MOVE)
    found: list[str] = it.until(
        lambda: len(now := it.page.evaluate("shifts")) > before and now  # its own is the last
    )
    return found


def painted(it: Any) -> None:
    """Wait until the page's own headline was told of as the largest thing."""
    it.until(lambda: "claim" in it.page.evaluate("largest.map(([name]) => name)"))


def test_the_tag_shifts_nothing_and_is_never_the_largest_thing(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    found = []
    for tag in ("", None):
        with visit(chromium) as it:
            it.go(pages.add(PAGE, head=OBSERVE, tag=tag))
            expect(it.bubble).to_have_count(0 if tag == "" else 1)
            painted(it)
            assert shifts(it) == ["body"]
            it.until(partial(it.page.evaluate, "largest.at(-1)[0] === 'late'"))
            found.append(it.page.evaluate("largest.at(-2)"))
    assert found[0] == found[1]


def test_the_largest_thing_does_not_wait_for_the_tag(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        held: list[Any] = []
        it.page.route("**/widget.js", lambda route: held.append(route))
        it.page.goto(pages.add(PAGE, head=OBSERVE), wait_until="commit")
        it.until(lambda: held)
        painted(it)
        held[0].continue_()
        it.bubble.wait_for()


def test_opening_and_answering_moves_nothing_of_the_page(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        it.go(pages.add(PAGE, head=OBSERVE)).open().ask("hello").answered("You said: hello")
        assert shifts(it.still()) == ["body"]


def test_a_chat_in_the_text_keeps_its_place_free(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium, viewport={"width": 1000, "height": 900}) as it:
        held: list[Any] = []
        it.page.route("**/panel-*.js", lambda route: held.append(route))
        body = f"{pages.tag(mode='inline')}<p id=below>What stands below the chat</p>"
        it.page.goto(pages.add(body, tag=""), wait_until="commit")
        it.until(lambda: held)
        before = box_of(it.page.locator("#below"))
        held[0].continue_()
        it.configured()
        assert box_of(it.still().page.locator("#below")) == before


def longest_task(chromium: Browser, it: Any) -> float:
    """Milliseconds of the processor that the page's longest task took, first tap to answer."""
    chromium.start_tracing(page=it.page, categories=["toplevel", "__metadata"])
    it.open().ask("hello").answered("You said: hello")
    events = json.loads(chromium.stop_tracing())["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks: list[float] = [
        event["tdur"] / 1000
        for event in events
        # A task that is not over has no time yet.
        if event["name"].endswith("RunTask")
        and (event["pid"], event["tid"]) in main
        and "tdur" in event
    ]
    assert len(tasks) > 20
    return max(tasks)


def test_no_task_of_the_widget_is_long(chromium: Browser, visit: Visitor, pages: HostPages) -> None:
    found = []
    for _ in range(5):
        with visit(chromium) as it:
            it.go(pages.add()).bubble.wait_for()
            found.append(longest_task(chromium, it))
        if found[-1] < 50:
            return
    raise AssertionError(f"each visit has a task of so many milliseconds: {found}")


def test_the_panel_is_painted_within_100_ms_of_the_tap(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    measure = """() => new Promise((done) => { const bubble = document.querySelector("chatbot-widget").shadowRoot.querySelector(".bubble");
        const start = performance.now(); const look = () => { const panel = document.querySelector("chatbot-widget").shadowRoot.querySelector(".panel:not([hidden])");
        panel ? requestAnimationFrame(() => done(performance.now() - start)) : setTimeout(look, 1); }; bubble.click(); look(); })"""
    times = []
    for _ in range(40):
        with visit(chromium) as it:
            it.go(pages.add()).bubble.wait_for()
            times.append(it.page.evaluate(measure))
        if times[-1] < 100:
            return
    raise AssertionError(f"never within 100 ms: {times}")
