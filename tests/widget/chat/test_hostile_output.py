"""Whatever a model, a page title, a source, an owner or a stored chat says: nothing runs."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import DONE, Script, say
from support.widget.visits import Visitor

pytestmark = pytest.mark.browser
CODE = "window.hacked=1"
SCHEMES = ("javascript:", "JaVaScRiPt:", "java\tscript:", "java\nscript:", " javascript:", "\x01javascript:",
    "javascript&colon;", "&#106;avascript:", "data:text/html,<script>", "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:", "blob:", "filesystem:", "file:///", "view-source:javascript:", "//evil.invalid/", "\\\\evil.invalid\\")  # fmt: skip
LINKS = ("[a]({u})", "[a](<{u}>)", "![a]({u})", "[a]({u} \"t\")", "<{u}>", "[![a]({u})]({u})", "**[a]({u})**",
    "| [a]({u}) |\n|---|\n| [b]({u}) |", "> [a]({u})", "- [a]({u})", "# [a]({u})", "[a]: {u}\n\n[a]", "<a href=\"{u}\">a</a>")  # fmt: skip
HANDLERS = (
    "onerror",
    "onload",
    "onclick",
    "onfocus autofocus",
    "onmouseover",
    "ontoggle open",
    "onbegin",
    "onpointerrawupdate",
    "onanimationstart style=animation-name:x",
    "onauxclick",
    "onbeforeinput",
    "oncontentvisibilityautostatechange style=content-visibility:auto",
    "onmouseenter",
    "onpaste",
    "onscrollend",
    "onwheel",
)
TAGS = ("<img src=x {h}={c}>", "<svg {h}={c}>", "<body {h}={c}>", "<details {h}={c}>", "<input {h}={c}>",
    "<video src=x {h}={c}>", "<iframe {h}={c}></iframe>", "<a href=x {h}={c}>a</a>", "<svg><animate {h}={c} attributeName=x>",
    "<style {h}={c}>*{{}}</style>", "<marquee {h}={c}>", "</textarea><img src=x {h}={c}>", "`<img src=x {h}={c}>`",
    "```\n<img src=x {h}={c}>\n```", "<<img src=x {h}={c}>", "<img\nsrc=x\n{h}={c}>", "<img src=x {h}=\"{c}\"", "\\<img src=x {h}={c}>")  # fmt: skip
SCRIPTS = ("<script>{c}</script>", "<ScRiPt>{c}</sCrIpT>", "<script src=//evil.invalid></script>", "<scr<script>ipt>{c}</script>",
    "<svg><script>{c}</script></svg>", "<math><mi//xlink:href='javascript:{c}'>", "<template><script>{c}</script></template>",
    "<iframe srcdoc='<script>{c}</script>'>", "<object data='javascript:{c}'>", "<embed src='javascript:{c}'>",
    "<form action='javascript:{c}'><button>a</button></form>", "<base href=//evil.invalid>", "<link rel=stylesheet href=//evil.invalid>",
    "<meta http-equiv=refresh content='0;url=javascript:{c}'>", "{{{{constructor.constructor('{c}')()}}}}", "${{{c}}}",
    "![x](https://evil.invalid/pixel.png)", "<img src=https://evil.invalid/pixel.png>", "<style>@import '//evil.invalid'</style>")  # fmt: skip


def corpus() -> list[str]:
    """Every family of attack in each of its forms."""
    links = [form.format(u=scheme + CODE) for form, scheme in product(LINKS, SCHEMES)]
    tags = [form.format(h=handler, c=CODE) for form, handler in product(TAGS, HANDLERS)]
    return links + tags + [form.format(c=CODE) for form in SCRIPTS]


CHECK = """() => { const root = document.querySelector("chatbot-widget").shadowRoot;
    const links = [...root.querySelectorAll("a")].map((a) => a.protocol);
    const odd = root.querySelectorAll("img, script, iframe, object, embed, video, style, link, base, meta, form:not(.panel > form, .sheet > form), [onerror], [onload], [style*=url]");
    return { hacked: window.hacked, links: [...new Set(links)], odd: [...odd].map((e) => e.outerHTML), shown: root.querySelectorAll("li").length }; }"""


# The page's own picture, which fails after whatever the texts may have begun, does run its script.
OWN = """() => { const image = new Image(); image.setAttribute("onerror", "window.own = 1");
    image.src = "/mark-own"; document.body.append(image); }"""
CLICK = """() => { for (const link of document.querySelector("chatbot-widget").shadowRoot.querySelectorAll("a"))
    { link.removeAttribute("target"); link.addEventListener("click", (e) => e.preventDefault()); link.click(); } }"""


def harmless(it: Any, pages: HostPages) -> dict[str, Any]:
    it.page.evaluate(CLICK)
    it.page.evaluate(OWN)
    it.until(lambda: it.page.evaluate("window.own"))
    found: dict[str, Any] = it.page.evaluate(CHECK)
    assert found["hacked"] is None
    assert found["odd"] == []
    assert set(found["links"]) <= {"http:", "https:", "mailto:", "tel:"}
    ours = (pages.chat, pages.serving.url)
    assert [url for url in it.requests() if not url.startswith(ours)] == []
    return found


def test_the_corpus_is_large() -> None:
    assert len(set(corpus())) == len(corpus()) >= 500


def test_model_output_runs_nothing(
    browser: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    lines = [("token", {"text": text + "\n\n"}) for text in corpus()]
    letters = [("token", {"text": letter}) for letter in "\n\n".join(corpus()[:40])]
    script.answers["?"] = [*lines, *say("all lines")]
    script.answers["!"] = [*letters, *say("\n\nall letters")]
    with visit(browser) as it:
        it.go(pages.add()).open().ask("?").answered("all lines")
        it.ask("!").answered("all letters")
        assert "https:" in harmless(it, pages)["links"]


def test_titles_addresses_and_quotes_of_sources_run_nothing(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    items = [
        {"title": text, "url": scheme + CODE, "quote": text}
        for text, scheme in zip(corpus(), SCHEMES * 40, strict=False)
    ]
    script.answers["?"] = [
        ("token", {"text": "see"}),
        ("sources", {"items": items}),
        ("done", DONE | {"suggestions": corpus()[-30:]}),
    ]
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("see")
        expect(it.panel.locator(".log .chip")).to_have_count(30)
        assert harmless(it, pages)["shown"] > 500


def test_owner_texts_run_nothing(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    texts = corpus()
    script.config |= {
        "name": texts[0], "greeting": "\n".join(texts), "notice": "\n".join(texts), "suggestions": texts,
        "color": "red;background:url(https://evil.invalid)", "contact": {"form": True, "email": texts[3], "url": f"javascript:{CODE}"},
        "privacy": {"model": texts[5], "local": True, "retention_days": texts[6], "policy_url": f"javascript:{CODE}"},
    }  # fmt: skip
    with visit(chromium) as it:
        it.go(pages.add()).open()
        it.panel.get_by_role("button", name="Where does my question go?").click()
        it.panel.locator(".sheet h3").get_by_text("Where does").wait_for()
        harmless(it, pages)
        # Six hundred lines of notice leave no room to click.
        it.panel.get_by_role("button", name="Menu").dispatch_event("click")
        it.panel.locator(".menu [part=human]").dispatch_event("click")
        it.panel.locator(".contact").wait_for()
        harmless(it, pages)


def test_a_stored_chat_runs_nothing(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    script.history = [
        {"id": f"m{at}", "role": ("user", "assistant")[at % 2], "text": text, "sources": [{"title": text, "url": text, "quote": text}]}
        for at, text in enumerate(corpus())
    ]  # fmt: skip
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("hello").answered("You said: hello")
        it.page.reload()
        drawn = it.panel.locator("li.assistant .actions")
        expect(drawn).to_have_count(len(script.history) // 2)
        assert "https:" in harmless(it, pages)["links"]
