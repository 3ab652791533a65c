"""The widget on strangers' pages: strict policies, hostile styles, swapped bodies, optimisers.

``guest`` is a visitor in each browser at a desk, and on a phone in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say
from support.widget.visits import Visit, Visitor, box_of, viewport_of

pytestmark = pytest.mark.browser
SCREENS = {"desktop": {"width": 1280, "height": 720}, "phone": {"width": 390, "height": 780}}

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


@pytest.fixture(params=["desktop-chromium", "phone-chromium", "desktop-firefox"])
def guest(visit: Visitor, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A visitor in each browser, and on each screen."""
    screen, name = request.param.split("-")
    with visit(request.getfixturevalue(name), viewport=SCREENS[screen]) as it:
        yield it


def strict(chat: str) -> dict[str, str]:
    """The policy of docs/widget.md, word for word."""
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src {chat}; connect-src {chat}; "
        "require-trusted-types-for 'script'; trusted-types chatbot-server"
    }


def test_it_runs_under_a_strict_policy_with_trusted_types(
    guest: Visit, pages: HostPages, script: Script
) -> None:
    script.answers["Hours?"] = say("From **ten** to six.")
    guest.go(pages.add(headers=strict(pages.chat))).open()
    guest.ask("Hours?").answered("From ten to six.")
    guest.menu("Where does my question go?")
    guest.panel.locator(".sheet").get_by_text("SmolLM2 135M Instruct answers there").wait_for()
    assert guest.errors() == []


def test_a_tampered_panel_does_not_run_and_the_visitor_is_told(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.tampered = True
    with visit(browser) as it:
        it.go(pages.add())
        it.bubble.click()
        it.bubble.filter(has_text="Chat offline ↗").wait_for()
        assert any("not loaded" in error for error in it.errors())
        assert it.page.title() == "Atelier"
        expect(it.panel).to_have_count(0)


def test_the_page_styles_do_not_reach_it(
    guest: Visit, pages: HostPages, subtests: pytest.Subtests
) -> None:
    shots = {}
    for name, head in {"plain": "", "hostile": HOSTILE, "bootstrap": BOOTSTRAP}.items():
        guest.go(pages.add(head=head))
        guest.page.evaluate("Chatbot.open()")
        guest.configured().panel.get_by_role("button", name="When are you open?").wait_for()
        elements = guest.still().page.evaluate(EVERY_STYLE)
        shots[name] = [set(element.split(";")) for element in elements]
        guest.page.evaluate("sessionStorage.clear()")
    plain = shots.pop("plain")
    assert len(plain) > 30
    for name, styled in shots.items():
        with subtests.test(name):
            assert [a ^ b for a, b in zip(plain, styled, strict=True) if a != b] == []


def test_the_page_does_not_feel_it(chromium: Browser, visit: Visitor, pages: HostPages) -> None:
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


def test_a_pages_own_keys_are_not_touched(guest: Visit, pages: HostPages) -> None:
    keys = """<input id=own><script>window.heard = []; for (const type of ["keydown", "keypress", "keyup"])
        for (const where of [document, window]) where.addEventListener(type, (event) => heard.push(event.key));
        document.addEventListener("keydown", (event) => { if (/Escape|Enter/.test(event.key)) event.preventDefault(); });</script>"""
    guest.go(pages.add(keys)).open()
    guest.ask("a s Enter").answered("You said: a s Enter")
    guest.press("Escape")
    guest.panel.wait_for(state="hidden")
    assert guest.page.evaluate("heard") == []
    guest.page.locator("#own").focus()
    for key in ("Escape", "Enter"):
        guest.press(key)
        assert key in guest.page.evaluate("heard")


def test_it_reads_from_right_to_left_on_an_arabic_page(guest: Visit, pages: HostPages) -> None:
    guest.go(pages.add(lang="ar", head="<style>html{direction:rtl}</style>")).open().still()
    title = box_of(guest.panel.locator("h2"))
    close = box_of(guest.panel.get_by_role("button", name="إغلاق"))
    assert title["x"] >= close["x"] + close["width"]
    panel = box_of(guest.panel)
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= viewport_of(guest.page)["width"]


def test_a_base_element_changes_nothing(guest: Visit, pages: HostPages) -> None:
    guest.go(pages.add(head='<base href="https://elsewhere.example/" target="_top">')).open()
    guest.ask("hello").answered("You said: hello")


def test_it_works_inside_an_iframe_without_storage(guest: Visit, pages: HostPages) -> None:
    width = viewport_of(guest.page)["width"]
    inner = pages.add(name="inner.html")
    frame = f'<iframe sandbox="allow-scripts" src="{inner}" width={width - 20} height=640></iframe>'
    guest.go(pages.add(frame, tag="", name="outer.html"))
    inside = guest.page.frame_locator("iframe")
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


# The next page's own tag, telling when it has run.
AGAIN = """(html) => { const made = document.createRange().createContextualFragment(html);
    made.querySelector("script").onload = () => { window.ran = true; }; document.body.append(made); }"""


def test_it_survives_a_swapped_page(
    guest: Visit, pages: HostPages, subtests: pytest.Subtests
) -> None:
    for how, swap in SWAPS.items():
        with subtests.test(how):
            guest.go(pages.add()).open().ask("hello").answered("You said: hello")
            guest.page.evaluate(swap)
            expect(guest.answers.last).to_have_text("You said: hello")
            guest.ask("again").answered("You said: again")
            guest.page.evaluate(AGAIN, pages.tag())
            guest.until(lambda: guest.page.evaluate("window.ran"))
            expect(guest.page.locator("chatbot-widget")).to_have_count(1)
            expect(guest.questions).to_have_count(2)
        guest.page.evaluate("sessionStorage.clear()")


def optimised(pages: HostPages) -> dict[str, str]:
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


def test_an_optimiser_does_not_break_it(
    browser: Browser, visit: Visitor, pages: HostPages, subtests: pytest.Subtests
) -> None:
    with visit(browser) as it:
        for how, tag in optimised(pages).items():
            head = how == "moved to the head"
            with subtests.test(how):
                it.go(pages.add(head=tag if head else "", tag="" if head else tag))
                it.open().ask("hello").answered("You said: hello")
                expect(it.page.locator("chatbot-widget")).to_have_count(1)
            it.page.evaluate("sessionStorage.clear()")


def test_a_form_in_a_visitors_comment_does_not_pass_for_the_tags(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    """Elements with a name stand in the place of what the document has under that name."""
    field = '<input type="image" src="https://elsewhere.invalid/widget.js" data-site="theirs">'
    with visit(browser) as it:
        for named in (f'<form name="scripts">{field}</form>', '<img name="scripts">'):
            it.go(pages.add(named))
            it.open().ask("hello").answered("You said: hello")
            expect(it.page.locator("chatbot-widget")).to_have_count(1)
            it.page.evaluate("sessionStorage.clear()")


def test_several_sites_and_an_inline_one_live_on_one_page(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    two = pages.tag() + pages.tag(site="second", position="bottom-left")
    with visit(browser, viewport={"width": 1200, "height": 900}) as it:
        it.go(pages.add(f'<div id="here">{pages.tag(site="third", mode="inline")}</div>', tag=two))
        it.page.locator("#here chatbot-widget .panel").wait_for()
        expect(it.page.locator("chatbot-widget")).to_have_count(3)
        expect(it.page.locator("chatbot-widget .bubble")).to_have_count(2)
        it.page.evaluate("Chatbot.of('second').ask('hello')")
        it.answers.filter(has_text="You said: hello").wait_for()
        boxes = [box_of(box) for box in it.still().page.locator(".bubble").all()]
        assert sorted(round(box["x"]) for box in boxes) == [20, 1200 - 20 - 56]


def test_the_four_corners(chromium: Browser, visit: Visitor, pages: HostPages) -> None:
    with visit(chromium, viewport={"width": 1000, "height": 800}) as it:
        for edge in ("top", "bottom"):
            for side in ("left", "right"):
                tag = pages.tag(position=f"{edge}-{side}")
                it.go(pages.add(tag=tag, name=f"{edge}{side}.html"))
                it.bubble.wait_for()
                box = box_of(it.bubble)
                assert (box["x"] < 500) == (side == "left")
                assert (box["y"] < 400) == (edge == "top")
                it.page.evaluate("Chatbot.open()")
                it.configured().still()
                panel = box_of(it.panel)
                assert panel["x"] >= 0
                assert panel["y"] >= 0
                assert panel["x"] + panel["width"] <= 1000
                assert panel["y"] + panel["height"] <= 800


def test_a_page_keeps_a_chatbot_of_its_own(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        it.go(pages.add("<script>class Mine {}; window.Chatbot = Mine;</script>")).open()
        assert it.page.evaluate("Chatbot.name") == "Mine"
