"""Pages that broke other widgets, by public reports: policies, rem sizes, old libraries, scripts, frames."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say
from support.widget.visits import Visitor

pytestmark = pytest.mark.browser
NONCE = "bm9uY2U="
ISOLATED = {
    "Content-Security-Policy": f"script-src 'nonce-{NONCE}' 'strict-dynamic'; object-src 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types chatbot-server",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def test_it_runs_in_an_isolated_page_with_a_nonce(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    tag = pages.tag().replace("<script", f'<script nonce="{NONCE}" crossorigin')
    with visit(browser) as it:
        it.go(pages.add(tag=tag, headers=ISOLATED)).open().ask("hello").answered("You said: hello")
        assert it.page.evaluate("crossOriginIsolated")
        it.menu("Where does my question go?")
        it.panel.locator(".sheet").wait_for()
        assert it.errors() == []


def test_a_page_of_small_rems_makes_no_phone_magnify_a_field(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    sizes = "(fields) => fields.map((field) => parseFloat(getComputedStyle(field).fontSize))"
    with visit(chromium, viewport={"width": 390, "height": 780}) as it:
        it.go(pages.add(head="<style>html { font-size: 62.5% }</style>")).open()
        it.menu("Talk to a human")
        fields = it.panel.locator("textarea, input:not([type=checkbox])")
        it.panel.locator(".contact").wait_for()
        assert fields.count() >= 3
        # Below 16 pixels iOS magnifies the page when the field gets the focus.
        assert min(fields.evaluate_all(sizes)) >= 16


# What Prototype.js and MooTools leave in a page: enumerable methods, another bind, their own JSON for lists.
OLD_LIBRARY = """<script>
Array.prototype.toJSON = function () { return "[" + this.join() + "]"; };
for (const kind of [Array, String, Function, Number])
    for (const name of ["each", "include", "invoke", "pluck", "extend", "isEmpty"]) kind.prototype[name] = function () { throw name; };
Element.prototype.hide = Element.prototype.show = Element.prototype.select = function () { throw "theirs"; };
window.$ = window.$$ = Event.observe = () => { throw "theirs"; };
</script>"""


def test_libraries_that_extend_everything_break_nothing(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say("From **ten**:\n\n- daily\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    with visit(browser) as it:
        it.go(pages.add(head=OLD_LIBRARY)).open().ask("?").answered("From ten")
        it.page.reload()
        it.configured().ask("again").answered("You said: again")
        assert it.errors() == []


def test_an_arabic_answer_with_code_fits_a_hebrew_page(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    code = "x" * 300
    script.answers["?"] = say(f"نفتح من **10:00** إلى 18:30\n\n`{code}`\n\n```\n{code}\n```")
    style = "<style>html { direction: rtl }</style>"
    with visit(browser, viewport={"width": 390, "height": 700}) as it:
        it.go(pages.add(lang="he", head=style)).open().ask("?").answered("نفتح")
        side = "(text) => getComputedStyle(text).direction"
        assert it.answers.last.evaluate(side) == "rtl"
        wide = "(panel) => [panel, panel.querySelector('.log')].map((box) => box.scrollWidth - box.clientWidth)"
        assert it.panel.evaluate(wide) == [0, 0]
        code_box = it.panel.locator("pre")
        assert code_box.evaluate("(box) => box.scrollWidth > box.clientWidth")


def test_a_chat_in_a_frame_of_an_advertisement_can_be_used(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    inner = pages.add(name="inner.html")
    frame = f'<iframe src="{inner}" width=300 height=250></iframe>'
    with visit(browser) as it:
        it.go(pages.add(frame, tag="", name="outer.html"))
        inside = it.page.frame_locator("iframe")
        inside.locator(".bubble").click()
        inside.locator("textarea#question").fill("hello")
        inside.locator("button.send").click()
        inside.locator("li.assistant .text").get_by_text("You said: hello").wait_for()
        inside.get_by_role("button", name="Close").click()
        inside.locator(".bubble").wait_for()


# What stands between a visitor and the server may answer in its place.
IN_BETWEEN = {
    "a page of a firewall": (403, "text/html", "<h1>Request blocked</h1>"),
    "a gateway without its server": (502, "text/html", "<h1>502 Bad Gateway</h1>"),
    "nothing at all": (200, "text/event-stream", ""),
    "a page with 200": (200, "text/html", "<h1>Checking your browser</h1>"),
}


@pytest.mark.parametrize("what", IN_BETWEEN)
def test_an_answer_of_something_in_between_loses_no_question(
    browser: Browser, visit: Visitor, pages: HostPages, what: str
) -> None:
    status, kind, body = IN_BETWEEN[what]
    cross = {"Access-Control-Allow-Origin": "*"}
    with visit(browser) as it:
        it.go(pages.add()).open()
        it.page.route(
            "**/api/chat",
            lambda route: route.fulfill(status=status, content_type=kind, body=body, headers=cross),
        )
        it.ask("When are you open?")
        error = it.panel.locator(".error")
        error.wait_for()
        assert "<h1>" not in error.inner_text()
        expect(it.field).to_have_value("When are you open?")
        it.page.unroute("**/api/chat")
        error.get_by_role("button", name="Try again").click()
        it.answered("You said: When are you open?")
