"""The widget on strangers' pages: strict policies, hostile styles, swapped bodies, optimisers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scripted_server import Script, say

pytestmark = pytest.mark.browser
Visitor = Callable[..., Any]

HOSTILE = """<style>
* { all: revert !important; color: lime !important; font: 40px fantasy !important; }
body *, *::before { transform: rotate(7deg) !important; animation: none !important; }
div, section, button, textarea, p, ol, li { display: none !important; visibility: hidden !important; }
chatbot-widget { display: none !important; position: static !important; opacity: 0; z-index: -1; }
body > * { width: 1px !important; height: 1px !important; overflow: hidden !important; }
</style>"""
# What Bootstrap's reboot does to bare elements.
BOOTSTRAP = """<style>
*, ::after, ::before { box-sizing: border-box }
button, input, textarea { margin: 0; font-family: inherit; font-size: inherit; line-height: inherit }
ol, ul { padding-left: 2rem } p { margin-bottom: 1rem } h2 { font-size: 2rem }
label { display: inline-block } svg { vertical-align: middle } [type=submit] { appearance: button }
.panel { border: 9px solid red } .text { color: red } .menu { display: none }
</style>"""


# Place and computed style of everything in the widget.
EVERY_STYLE = """() => [...document.querySelector("chatbot-widget").shadowRoot.querySelectorAll("*")]
    .map((element) => { const style = getComputedStyle(element); const { x, y, width, height } =
        element.getBoundingClientRect(); return element.className + [x, y, width, height] +
        [...style].map((name) => name + ":" + style.getPropertyValue(name)).join(";"); })"""


def strict(chat: str) -> dict[str, str]:
    """The policy of docs/widget.md, word for word."""
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src {chat}; connect-src {chat}; "
        "require-trusted-types-for 'script'; trusted-types chatbot-server"
    }


def test_it_runs_under_a_strict_policy_with_trusted_types(
    browser: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.answers["Hours?"] = say("From **ten** to six.")
    with visit(browser) as it:
        it.go(pages.add(headers=strict(pages.chat))).open().ask("Hours?").answered(
            "From ten to six."
        )
        it.panel.get_by_role("button", name="Menu").click()
        it.page.get_by_role("button", name="Where does my question go?").first.wait_for()
        assert it.errors == []


def test_a_tampered_panel_does_not_run_and_the_visitor_is_told(
    browser: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    script.tampered = True
    with visit(browser) as it:
        it.go(pages.add())
        it.bubble.click()
        it.bubble.filter(has_text="Chat ⚠ ↗").wait_for()
        assert it.page.title() == "Atelier"
        assert any("altered" in error for error in it.errors)
        assert it.page.locator("chatbot-widget .panel").count() == 0


@pytest.mark.parametrize("style", [HOSTILE, BOOTSTRAP], ids=["hostile", "bootstrap"])
def test_the_page_styles_do_not_reach_it(
    chromium: Any, visit: Visitor, pages: Any, style: str
) -> None:
    shots = []
    for head in ("", style):
        with visit(chromium) as it:
            it.go(pages.add(head=head))
            it.page.evaluate("Chatbot.open()")
            it.panel.get_by_role("button", name="When are you open?").wait_for()
            it.page.wait_for_timeout(700)
            shots.append(it.page.evaluate(EVERY_STYLE))
    assert len(shots[0]) > 30
    plain, styled = ([set(element.split(";")) for element in shot] for shot in shots)
    assert [a ^ b for a, b in zip(plain, styled, strict=True) if a != b] == []


def test_the_page_does_not_feel_it(chromium: Any, visit: Visitor, pages: Any) -> None:
    measure = """() => [...document.querySelectorAll("main, h1, p, button")].map((e) => {
        const s = getComputedStyle(e);
        return [...s].map((name) => s.getPropertyValue(name)).join() + JSON.stringify(e.getBoundingClientRect());
    }).join()"""
    with visit(chromium) as it:
        it.go(pages.add("<button>Buy</button>", tag=""))
        before = it.page.evaluate(measure)
        names = set(it.page.evaluate("Object.getOwnPropertyNames(window)"))
        it.go(pages.add("<button>Buy</button>")).open()
        assert it.page.evaluate(measure) == before
        assert set(it.page.evaluate("Object.getOwnPropertyNames(window)")) - names == {"Chatbot"}


def test_a_pages_own_keys_are_not_touched(
    browser: Any, visit: Visitor, pages: Any, script: Script
) -> None:
    keys = """<script>window.heard = []; for (const type of ["keydown", "keypress", "keyup"])
        document.addEventListener(type, (event) => heard.push(type + event.key));</script>"""
    with visit(browser) as it:
        it.go(pages.add(keys)).open()
        it.ask("a s Enter").answered("You said: a s Enter")
        it.page.keyboard.press("Escape")
        it.panel.wait_for(state="hidden")
        assert it.page.evaluate("heard.join()") == ""
        it.page.keyboard.press("Tab")
        it.page.locator("body").press("Escape")
        assert "keydownEscape" in it.page.evaluate("heard")


def test_it_reads_from_right_to_left_on_an_arabic_page(
    browser: Any, visit: Visitor, pages: Any
) -> None:
    with visit(browser) as it:
        it.go(pages.add(lang="ar", head="<style>html{direction:rtl}</style>"))
        it.bubble.click()
        it.panel.wait_for()
        it.panel.get_by_role("button", name="إغلاق").wait_for()
        title, close = it.panel.locator("h2"), it.panel.get_by_role("button", name="إغلاق")
        assert title.bounding_box()["x"] > close.bounding_box()["x"]


def test_a_base_element_changes_nothing(browser: Any, visit: Visitor, pages: Any) -> None:
    with visit(browser) as it:
        it.go(pages.add(head='<base href="https://elsewhere.example/" target="_top">')).open()
        it.ask("hello").answered("You said: hello")


def test_it_works_inside_an_iframe_without_storage(
    chromium: Any, visit: Visitor, pages: Any
) -> None:
    inner = pages.add(name="inner.html")
    frame = f'<iframe sandbox="allow-scripts" src="{inner}" width="500" height="700"></iframe>'
    with visit(chromium) as it:
        it.go(pages.add(frame, tag="", name="outer.html"))
        inside = it.page.frame_locator("iframe")
        inside.locator(".bubble").click()
        inside.locator("textarea#question").fill("hello")
        inside.locator("textarea#question").press("Enter")
        inside.locator("li.assistant .text").get_by_text("You said: hello").wait_for()


SWAPS = {
    "turbo": """const next = document.createElement("body");
        next.innerHTML = "<h1>Next</h1>"; document.documentElement.replaceChild(next, document.body);""",
    "htmx": "document.body.innerHTML = '<h1>Next</h1>';",
    "astro": """const page = new DOMParser().parseFromString("<title>N</title><h1>Next</h1>", "text/html");
        document.head.replaceChildren(...page.head.childNodes); document.body.replaceWith(page.body);""",
    "spa": "document.querySelector('main').textContent = 'Next'; history.pushState({}, '', '/next');",
}


@pytest.mark.parametrize("how", SWAPS)
def test_it_survives_a_swapped_page(
    chromium: Any, visit: Visitor, pages: Any, script: Script, how: str
) -> None:
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.page.evaluate(SWAPS[how])
        it.bubble.wait_for()
        assert it.answers.last.inner_text() == "You said: hello"
        it.ask("again").answered("You said: again")
        # The next page's own tag runs again, and there is still one bubble.
        it.page.evaluate(
            """(html) => { const made = document.createRange().createContextualFragment(html);
            document.body.append(made); }""",
            pages.tag(),
        )
        it.page.wait_for_timeout(300)
        assert it.page.locator("chatbot-widget").count() == 1


def optimised(pages: Any) -> dict[str, str]:
    source = f"{pages.chat}/widget.js"
    null = "Object.defineProperty(document, 'currentScript', { get: () => null });"
    return {
        "moved to the head": pages.tag(),
        "made a module": f'<script type="module" src="{source}" data-site="demo"></script>',
        "without currentScript": f"<script>{null}</script>{pages.tag()}",
        "without attributes": f'<script src="{source}?site=demo"></script>',
        "run from a copy": f"""<script type="text/delayed" data-site="demo" src="{source}"></script>
            <script>addEventListener("load", () => {{ const copy = document.createElement("script");
            copy.src = "{source}"; document.head.append(copy); }});</script>""",
        "twice": pages.tag() + pages.tag(),
    }


OPTIMISED = ["moved to the head", "made a module", "without currentScript", "without attributes"]


@pytest.mark.parametrize("how", [*OPTIMISED, "run from a copy", "twice"])
def test_an_optimiser_does_not_break_it(browser: Any, visit: Visitor, pages: Any, how: str) -> None:
    tag = optimised(pages)[how]
    head = how == "moved to the head"
    with visit(browser) as it:
        it.go(pages.add(head=tag if head else "", tag="" if head else tag))
        it.open().ask("hello").answered("You said: hello")
        assert it.page.locator("chatbot-widget").count() == 1


def test_several_sites_and_an_inline_one_live_on_one_page(
    browser: Any, visit: Visitor, pages: Any
) -> None:
    two = pages.tag() + pages.tag(site="second", position="bottom-left")
    with visit(browser, viewport={"width": 1200, "height": 900}) as it:
        it.go(pages.add(f'<div id="here">{pages.tag(site="third", mode="inline")}</div>', tag=two))
        it.page.locator("#here chatbot-widget .panel").wait_for()
        assert it.page.locator("chatbot-widget").count() == 3
        assert it.page.locator("chatbot-widget .bubble").count() == 2
        it.page.evaluate("Chatbot.of('second').ask('hello')")
        it.answers.filter(has_text="You said: hello").wait_for()
        boxes = [box.bounding_box() for box in it.page.locator(".bubble").all()]
        assert sorted(round(box["x"]) for box in boxes) == [20, 1200 - 20 - 56]


def test_the_four_corners(chromium: Any, visit: Visitor, pages: Any) -> None:
    with visit(chromium, viewport={"width": 1000, "height": 800}) as it:
        for edge in ("top", "bottom"):
            for side in ("left", "right"):
                tag = pages.tag(position=f"{edge}-{side}")
                it.go(pages.add(tag=tag, name=f"{edge}{side}.html"))
                it.bubble.wait_for()
                box = it.bubble.bounding_box()
                assert (box["x"] < 500) == (side == "left")
                assert (box["y"] < 400) == (edge == "top")
                it.page.evaluate("Chatbot.open()")
                it.field.wait_for()
                panel = it.panel.bounding_box()
                assert panel["x"] >= 0
                assert panel["y"] >= 0
                assert panel["x"] + panel["width"] <= 1000
                assert panel["y"] + panel["height"] <= 800


def test_a_page_keeps_a_chatbot_of_its_own(chromium: Any, visit: Visitor, pages: Any) -> None:
    with visit(chromium) as it:
        it.go(pages.add("<script>class Mine {}; window.Chatbot = Mine;</script>")).open()
        assert it.page.evaluate("Chatbot.name") == "Mine"
