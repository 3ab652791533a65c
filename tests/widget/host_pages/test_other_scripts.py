"""The widget among other people's scripts: the real ones, as their packages have them.

Smooth scrolling, focus traps, consent tools, routers, optimisers, dialogues: each on one page,
in Chromium and Firefox.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say
from support.widget.visits import Visitor, box_of, viewport_of

pytestmark = pytest.mark.browser
MODULES = Path(__file__).parents[3] / "widget" / "node_modules"
DESK = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 780}
TALL = '<div style="height: 3000px">A long page</div>'
LOG = "document.querySelector('chatbot-widget').shadowRoot.querySelector('.log')"


def inline(package: str) -> str:
    """A script or style sheet of *package*, as an element of the page."""
    text = (MODULES / package).read_text(encoding="utf-8").replace("</script", r"<\/script")
    return f"<style>{text}</style>" if package.endswith(".css") else f"<script>{text}</script>"


def test_the_wheel_turns_the_conversation_and_not_the_page(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.answers["?"] = say("\n\n".join(f"Paragraph {number}" for number in range(60)))
    lenis = inline("lenis/dist/lenis.min.js")
    with visit(browser, viewport=DESK) as it:
        it.go(pages.add(TALL, head=lenis))
        it.page.evaluate("window.lenis = new Lenis({autoRaf: true})")
        it.open().ask("?").answered("Paragraph 59")
        it.page.evaluate(f"{LOG}.scrollTop = 0")
        it.panel.locator("li.assistant .text").hover(position={"x": 20, "y": 20})
        it.page.mouse.wheel(0, 240)
        it.until(lambda: it.page.evaluate(f"{LOG}.scrollTop") > 0)
        assert it.page.evaluate("[lenis.targetScroll, scrollY]") == [0, 0]


def test_letters_land_in_the_chat_while_a_modal_traps_the_focus(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    modal = """<div class="modal" id="modal" tabindex="-1"><div class="modal-dialog"><div class="modal-content">
        <input id="theirs"><button>OK</button></div></div></div>"""
    head = inline("bootstrap/dist/css/bootstrap.min.css")
    head += inline("bootstrap/dist/js/bootstrap.bundle.min.js")
    with visit(browser, viewport=DESK) as it:
        it.go(pages.add(modal, head=head))
        it.page.evaluate("new bootstrap.Modal('#modal').show()")
        it.page.locator("#theirs").focus()
        it.open().field.click()
        it.page.keyboard.type("hello")
        expect(it.field).to_have_value("hello")
        it.press("Enter")
        it.answered("You said: hello")
        assert it.page.evaluate("theirs.value") == ""


# How each tool is started, and the button that sends it away.
CONSENT = {
    "cookieconsent": (
        ["cookieconsent/build/cookieconsent.min.css", "cookieconsent/build/cookieconsent.min.js"],
        "cookieconsent.initialise({position: 'bottom'})",
        ".cc-dismiss",
    ),
    "vanilla-cookieconsent": (
        [
            "vanilla-cookieconsent/dist/cookieconsent.css",
            "vanilla-cookieconsent/dist/cookieconsent.umd.js",
        ],
        """CookieConsent.run({hideFromBots: false, categories: {necessary: {readOnly: true}}, language: {default: "en", translations: {en: {
            consentModal: {title: "Cookies", description: "We use some.", acceptAllBtn: "Accept", acceptNecessaryBtn: "Reject"},
            preferencesModal: {sections: []}}}}})""",
        "#cc-main [data-role=all]",
    ),
    "orejime": (
        ["orejime/dist/orejime-standard.css", "orejime/dist/orejime-standard-en.js"],
        """loadOrejime({privacyPolicyUrl: "/privacy", purposes: [{id: "stats", title: "Statistics", cookies: []}]})""",
        ".orejime-Banner-saveButton",
    ),
}
BOXES = """(selector) => { const box = (element) => { const { top, bottom, left, right } = element.getBoundingClientRect();
    return { top, bottom, left, right }; };
    return [box(document.querySelector("chatbot-widget").shadowRoot.querySelector(".bubble")), box(document.querySelector(selector))]; }"""


def apart(it: Any, selector: str) -> bool:
    """Whether the bubble is in sight, and clear of the button."""
    bubble, button = it.page.evaluate(BOXES, selector)
    overlaps = all(
        bubble[low] < button[high] and button[low] < bubble[high]
        for low, high in (("top", "bottom"), ("left", "right"))
    )
    return bool(bubble["top"] >= 0 and bubble["bottom"] > bubble["top"] and not overlaps)


def home(it: Any) -> bool:
    """Whether the bubble is where it stands when nothing is in its way."""
    box = it.bubble.bounding_box()
    return bool(box and round(box["y"] + box["height"]) == viewport_of(it.page)["height"] - 20)


@pytest.mark.parametrize("tool", CONSENT)
def test_the_bubble_keeps_clear_of_a_consent_tool(
    browser: Browser, visit: Visitor, pages: HostPages, tool: str
) -> None:
    packages, start, button = CONSENT[tool]
    with visit(browser, viewport=PHONE) as it:
        it.go(pages.add(head="".join(map(inline, packages)))).bubble.wait_for()
        assert home(it)
        it.page.evaluate(start)
        it.page.locator(button).first.wait_for()
        it.until(lambda: not home(it) and apart(it, button))
        it.page.locator(button).first.click()
        it.until(lambda: home(it))


TARTEAUCITRON = """tarteaucitronForceLanguage = "en"; tarteaucitron.init({orientation: "bottom", iconPosition: "BottomRight",
    showIcon: true, AcceptAllCta: true, highPrivacy: true}); tarteaucitron.job = ["youtube"]"""


def test_the_bubble_keeps_clear_of_the_icon_that_a_consent_tool_leaves(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    """Tarteaucitron loads its parts from its folder; its icon stays where the bubble stands."""
    script = "tarteaucitron.min.js"
    for name in (
        script,
        "tarteaucitron.services.min.js",
        "css/tarteaucitron.min.css",
        "lang/tarteaucitron.en.min.js",
    ):
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        text = (MODULES / "tarteaucitronjs" / name).read_text(encoding="utf-8")
        pages.found[f"consent/{name}"] = text, {"Content-Type": kind}
    head = f'<script src="/consent/{script}"></script><script>{TARTEAUCITRON}</script>'
    button, icon = "#tarteaucitronPersonalize2", "#tarteaucitronIcon"
    with visit(browser, viewport=PHONE) as it:
        it.go(pages.add(head=head)).bubble.wait_for()
        it.page.locator(button).wait_for()
        it.until(lambda: not home(it) and apart(it, button))

        def accept() -> bool:
            """Click, as often as it takes: the button is shown before it does anything."""
            if it.page.locator(button).is_visible():
                it.page.locator(button).click()
            return bool(it.page.locator(icon).is_visible())

        it.until(accept)
        it.until(lambda: not home(it) and apart(it, icon))
        it.page.locator(icon).click(trial=True)  # nothing lies over it
        it.open().ask("hello").answered("You said: hello")


def test_an_open_chat_needs_no_room_over_a_bar_of_the_page(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    bar = '<div style="position: fixed; inset: auto 0 0; height: 240px"><button>Buy</button></div>'
    with visit(browser, viewport=DESK) as it:
        it.go(pages.add(bar))
        it.until(lambda: round(box_of(it.bubble)["y"]) == 720 - 240 - 20 - 56)
        assert box_of(it.open().still().panel)["y"] >= 0
        it.press("Escape")
        it.until(lambda: round(box_of(it.bubble)["y"]) == 720 - 240 - 20 - 56)


# Below the window for longer than the widget looks after a change of the page.
LATE = """<style>#bar { position: fixed; inset: auto 0 0; height: 240px; translate: 0 300px }
    %s @keyframes in { to { translate: 0 0 } }</style><div id="bar"><button>Accept</button></div>"""


@pytest.mark.parametrize(
    "moves",
    [
        "#bar.in { translate: 0 0; transition: translate 0.1s 2s }",
        "#bar.in { animation: in 0.1s 2s forwards }",
    ],
)
def test_the_bubble_rises_above_what_moves_in_late(
    browser: Browser, visit: Visitor, pages: HostPages, moves: str
) -> None:
    with visit(browser, viewport=DESK) as it:
        it.go(pages.add(LATE % moves)).bubble.wait_for()
        it.page.evaluate("bar.className = 'in'")
        it.until(lambda: apart(it, "#bar") and not home(it))


@pytest.mark.parametrize(
    ("height", "position", "top"),
    [
        ("100%", "bottom-right", 720 - 20 - 56),  # a whole application
        ("40px; visibility: hidden", "bottom-right", 720 - 20 - 56),
        ("40px", "top-left", 20),
    ],
)
def test_what_is_no_bar_over_its_place_moves_no_bubble(
    chromium: Browser, visit: Visitor, pages: HostPages, height: str, position: str, top: int
) -> None:
    bar = f'<div style="position: fixed; inset: auto 0 0; height: {height}"><button>Menu</button></div>'
    with visit(chromium, viewport=DESK) as it:
        it.go(pages.add(bar, tag=pages.tag(position=position)))
        it.open().ask("hello").answered("You said: hello")
        it.press("Escape")
        assert round(box_of(it.bubble)["y"]) == top


def outlives_visits(it: Any, links: str) -> None:
    """Ask something, and find the answer after a visit to page two, by *links*, and back."""
    chats = it.page.locator("chatbot-widget")
    expect(chats).to_have_count(2)
    it.page.evaluate("Chatbot.of('demo').ask('hello')")
    it.answers.filter(has_text="You said: hello").wait_for()
    for name, count in (("Two", 1), ("One", 2)):
        it.page.locator(links).get_by_role("link", name=name).click()
        it.page.wait_for_url(f"**/{name.lower()}.html")
        expect(chats).to_have_count(count)
        expect(it.answers).to_have_text(["You said: hello"])


def test_a_chat_outlives_the_visits_of_turbo(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    turbo = inline("@hotwired/turbo/dist/turbo.es2017-umd.js")
    tags = f'<div id="place"></div>{pages.tag(site="inline", mode="inline", target="#place")}'
    pages.add('<a href="/one.html">One</a>', head=turbo, name="two.html")
    with visit(browser, viewport=DESK) as it:
        it.go(pages.add(f'{tags}<a href="/two.html">Two</a>', head=turbo, name="one.html"))
        outlives_visits(it, "main")


def test_a_chat_outlives_the_visits_of_swup(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    """It exchanges one container, and runs no script of what comes."""
    swup = inline("swup/dist/Swup.umd.js")
    tags = pages.tag() + pages.tag(site="inline", mode="inline", target="#place")
    one = '<div id="swup"><div id="place"></div><a href="/two.html">Two</a></div>'
    two = '<div id="swup"><a href="/one.html">One</a></div>'
    pages.add(two, head=swup, tag=tags, name="two.html")
    with visit(browser, viewport=DESK) as it:
        it.go(pages.add(one, head=swup, tag=tags, name="one.html"))
        it.page.evaluate("window.swup = new Swup({animationSelector: false})")
        outlives_visits(it, "#swup")
        assert it.page.evaluate("swup.visit.to.url") == "/one.html"  # no page was loaded


def test_a_chat_in_the_text_comes_back_with_its_place(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    tag = pages.tag(mode="inline", target="#place")
    with visit(browser) as it:
        it.go(pages.add("<div id=outlet></div>", tag=tag))
        chat = it.page.locator("#place chatbot-widget .panel")
        for _ in range(2):
            it.page.evaluate("outlet.innerHTML = '<div id=place></div>'")
            chat.wait_for()
            it.page.evaluate("outlet.innerHTML = ''")
            expect(it.page.locator("chatbot-widget")).to_have_count(0)


BLOCKS = [
    "body { filter: grayscale(0.1) }",
    "body { transform: translateX(0) }",
    "body { contain: paint }",
    "html { transform: translateX(0) }",
    "html { contain: layout }",
    "main { will-change: transform }",
]


def test_no_containing_block_moves_the_bubble(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(browser, viewport=DESK) as it:
        for rule in BLOCKS:
            style = f"<style>{rule}</style>"
            it.go(pages.add(TALL, head=style, tag=pages.tag(target="main"))).bubble.wait_for()
            assert home(it), rule
        it.open().ask("hello").answered("You said: hello")
        assert box_of(it.panel)["y"] >= 0


def test_a_native_modal_dialogue_leaves_the_chat_usable(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    dialogue = '<dialog id=box style="transform: translateX(0)"><p>Sale!</p></dialog>'
    with visit(browser, viewport=DESK) as it:
        it.go(pages.add(dialogue + TALL)).bubble.wait_for()
        it.page.evaluate("box.showModal()")
        it.open().ask("hello").answered("You said: hello")
        it.page.evaluate("box.close()")
        it.ask("again").answered("You said: again")
        expect(it.questions).to_have_count(2)


EVENTS = "wheel touchstart touchmove mousedown pointerdown focusin keydown keypress keyup input paste copy cut selectstart contextmenu"
FORBID = f"""for (const type of "{EVENTS}".split(" "))
    for (const where of [document, window]) where.addEventListener(type, (event) => event.preventDefault(), {{ passive: false }});"""
ALLOWED = f"""() => {{ const field = document.querySelector("chatbot-widget").shadowRoot.querySelector("textarea");
    return "{EVENTS}".split(" ").filter((type) =>
        !field.dispatchEvent(new Event(type, {{ bubbles: true, composed: true, cancelable: true }}))); }}"""


def test_what_the_page_forbids_everywhere_is_allowed_in_the_chat(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    copy_protection = (
        f"<script>{FORBID}</script><style>body {{ user-select: none !important }}</style>"
    )
    with visit(browser, viewport=DESK) as it:
        it.go(pages.add(copy_protection)).open()
        assert it.page.evaluate(ALLOWED) == []
        it.ask("hello").answered("You said: hello")
        style = "getComputedStyle(document.querySelector('chatbot-widget').shadowRoot.querySelector('.panel'))"
        assert it.page.evaluate(f"{style}.userSelect") == "text"


@pytest.mark.parametrize("how", ["a copy", "in the page", "in a file with others"])
def test_a_copy_of_the_loader_finds_its_server(
    browser: Browser, visit: Visitor, pages: HostPages, how: str
) -> None:
    loader = (MODULES.parent / "dist" / "widget.js").read_text(encoding="utf-8")
    pages.found["cache/ab12.js"] = (loader, {"Content-Type": "text/javascript; charset=utf-8"})
    data = f'data-site="demo" data-base="{pages.chat}"'
    tag = {
        "a copy": f'<script src="/cache/ab12.js" {data}></script>',
        "in the page": f"<script {data}>{loader}</script>",
        "in a file with others": f'<script {data}></script><script src="/cache/ab12.js"></script>',
    }[how]
    with visit(browser) as it:
        it.go(pages.add(tag=tag)).open().ask("hello").answered("You said: hello")


def test_a_text_that_is_too_long_is_told_and_kept(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.config["limits"] = {"message_chars": 20}
    with visit(browser) as it:
        it.go(pages.add()).open().ask("x" * 20 + "😀😀")
        it.panel.get_by_role("alert").get_by_text("Too long by 2").wait_for()
        expect(it.field).to_have_value("x" * 20 + "😀😀")
        assert script.asked == []
        it.ask("x" * 19 + "😀").answered("You said: xxx")
        expect(it.panel.get_by_role("alert")).to_have_count(0)
