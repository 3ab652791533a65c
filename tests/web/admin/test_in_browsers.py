"""From an empty data folder to an answer on the owner's own site, in real browsers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from support.axe import ALL_FAULTS, COLOUR_FAULTS
from support.browsers import LIMIT
from support.patience import LONG, wait_for
from support.servers.live_server import LiveServer
from support.servers.owner_server import PASSWORD
from support.servers.web_site import WebSite

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("owner")]

LAYOUT_FAULTS = """[
    document.documentElement.scrollWidth <= innerWidth || "the page is wider than the window",
    [...document.querySelectorAll(".rows")].every((list) => list.scrollWidth <= list.clientWidth)
        || "a list is wider than its place",
    new Set([...document.querySelectorAll(".steps li")].map((step) => step.offsetTop)).size <= 1
        || "the steps take several lines",
].filter((fault) => fault !== true)"""
SITE_PAGES = ("", "conversations", "unanswered", "faq", "knowledge", "appearance", "messages")
MORE_PAGES = (
    *("tag", "trial", "knowledge?source=1&q=bread", "pages", "privacy?setup=yes"),
    *("history", "appearance?setup=yes", "quality", "quality/sample", "analytics?days=7"),
    *("quality/runs/1", "conversations/none", "keys", "why?q=Do you sell bread?"),
)
SERVER_PAGES = (
    *("start", "models?setup=yes", "people", "account", "login", "backups", "backups/restore"),
    "backups/sheet",
    *("log", "help", "join"),
)
QUESTIONS = (
    *("When are you open?", "What does a loaf of bread cost?", "How much is sourdough bread?"),
    *("Are you open on Saturday?", "Do you deliver to Leeds?", "Do you make wedding cakes?"),
)
# Pictures of the documentation.
SHOWN = ("owner-desktop-analytics.png", "owner-desktop-home.png", "owner-phone-unanswered.png")


@pytest.fixture
def site() -> Iterator[WebSite]:
    """The owner's own site."""
    site = WebSite()
    links = "".join(f' <a href="/{name}">{name}</a>' for name in ("hours", "prices", "cakes"))
    site.put("/", "Bakery Hull", f"Bread since 1987.{links}")
    site.put("/hours", "Opening hours", "We are open from Tuesday to Saturday, 7 am to 6 pm.")
    site.put("/prices", "Prices of bread", "A loaf of sourdough bread costs 4.20 euros.")
    site.put(
        "/cakes", "How do I order a cake?", "To order a cake, call 020 7946 0733 a week before."
    )
    yield site
    site.close()


@pytest.fixture
def server(make_server: Callable[..., LiveServer]) -> Iterator[LiveServer]:
    """An empty server that quotes pages, without a model."""
    reading = {"private_hosts": ["127.0.0.1"], "requests_per_second": 50}
    server = make_server(engine={"model": None}, retrieval=reading)
    server.start()
    yield server
    server.stop()


@contextmanager
def page_of(browser: Browser, **options: Any) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", **options)
    context.set_default_timeout(LIMIT)
    try:
        yield context.new_page()
    finally:
        context.close()


def set_up(page: Page, server: LiveServer, site: WebSite, *, script: bool = True) -> str:
    """The wizard, until three answers are shown; returns the site's key."""
    token = (server.folder / "data" / "setup-token").read_text().strip()
    page.goto(f"{server.url}/setup#{token}")
    if script:
        expect(page.get_by_label("Set-up code")).to_have_value(token)
        assert token not in page.url
    else:
        page.get_by_label("Set-up code").fill(token)
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_label("Name of the site")).to_be_focused()
    assert token not in page.url, "also where no script took it out of the address"
    page.get_by_label("Name of the site").fill("Bakery Hull")
    page.get_by_label("Address of the site").fill(site.address)
    page.get_by_role("button", name="Read my pages").click()
    if not script:
        page.get_by_role("link", name="Look for more").click()
        wait_for(lambda: page.reload() and page.get_by_label("/prices").count() == 1, every=0.5)
    expect(page.get_by_label("/prices")).to_be_checked()
    page.get_by_role("button", name="Next: first answers").click()
    page.wait_for_url("**/trial?setup=yes")  # a page that is loaded again goes nowhere else

    def are_shown() -> bool:
        page.reload()
        return page.locator(".exchange .answer").count() >= 3

    # The pages are read by a process that goes last: who looks all the time holds it up.
    wait_for(are_shown, say=lambda: page.content() + server.log, every=0.5)
    return page.url.split("/")[4]


def test_clicks_lead_from_nothing_to_an_answer_on_the_owners_site(
    browser: Browser, server: LiveServer, site: WebSite
) -> None:
    with page_of(browser) as page:
        set_up(page, server, site)
        expect(page.locator("main")).to_contain_text("4.20 euros")
        page.get_by_role("button", name="Next: name, texts and colour").click()
        page.get_by_label("Greeting").first.fill("Good morning from the bakery!")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("main").get_by_role("status")).to_have_text("Saved.")
        page.get_by_role("button", name="Next: Model").click()
        expect(page.get_by_role("heading", name="Pages only, no model")).to_be_visible()
        page.get_by_role("link", name="Next: Privacy").click()
        expect(page.locator("#paragraph")).to_contain_text("Answers are quotes of our pages.")
        page.get_by_role("button", name="Next: Your site").click()
        tag = page.locator("#tag").inner_text()
        page.get_by_role("link", name="Done").click()
        expect(page.get_by_role("heading", name="What is left to do")).to_be_visible()
        site.put("/shop", "Shop", tag)
        page.goto(f"{site.address}/shop")
        widget = page.locator("chatbot-widget")
        widget.get_by_role("button").first.click()
        expect(widget).to_contain_text("Good morning from the bakery!")
        widget.get_by_role("textbox").fill("How much is a loaf of sourdough bread?")
        page.keyboard.press("Enter")
        expect(widget).to_contain_text("4.20 euros")
        page.goto(f"{server.url}/admin/")
        page.get_by_role("link", name="Conversations").click()
        page.get_by_role("link", name=re.compile("How much is a loaf")).click()
        expect(page.locator(".turn.assistant")).to_contain_text("4.20 euros")


class OpenChat:
    """The chat of a visitor on *page*, opened in the window of a telephone."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.set_viewport_size({"width": 390, "height": 420})  # one answer fills it
        page.goto(address)
        self.widget = page.locator("chatbot-widget").first
        self.widget.get_by_role("button").first.click()

    def ask(self, text: str) -> None:
        self.widget.get_by_role("textbox").fill(text)
        self.page.keyboard.press("Enter")


def write_to_visitor(owner: Page, text: str) -> None:
    """Send *text* from the owner's page of a conversation."""
    owner.get_by_label("Your message").fill(text)
    owner.get_by_role("button", name="Send").click()


def test_a_person_takes_over_and_hands_back(
    chromium: Browser, firefox: Browser, server: LiveServer, axe_source: str
) -> None:
    sites = json.loads(server.cli("site", "list", "--json"))
    key = next(site["key"] for site in sites if site["demo"] and not site["free_chat"])
    token = (server.folder / "data" / "setup-token").read_text().strip()
    with page_of(chromium) as visitor, page_of(firefox) as owner:
        owner.goto(f"{server.url}/setup#{token}")
        owner.get_by_label("Your name").fill("ann@example.org")
        owner.get_by_label("Password").fill(PASSWORD)
        owner.get_by_role("button", name="Create my account").click()
        chat = OpenChat(visitor, f"{server.url}/")
        widget = chat.widget
        chat.ask("Where does what I type go?")
        expect(widget.locator(".actions").first).to_be_visible()
        owner.goto(f"{server.url}/admin/{key}/conversations")
        owner.get_by_role("link", name="Where does what I type go?").click()
        owner.get_by_label("Your name").fill("Marie")
        write_to_visitor(owner, "Yes: **Marie**, of the shop.")
        expect(owner.get_by_text("Marie answers here")).to_be_visible()
        expect(widget.locator("li", has_text="Marie: Yes: Marie, of the shop.")).to_be_in_viewport()
        expect(widget.locator(".state")).to_have_text("Marie")
        chat.ask("Until when?")
        passed_on = widget.locator(".text", has_text="Passed on to Marie.")
        expect(passed_on).to_be_visible()
        expect(owner.locator(".turn.user", has_text="Until when?")).to_be_visible()
        # A question that was sent before the person's last words were fetched stands below them.
        visitor.route("**/news?*", lambda route: route.abort())
        write_to_visitor(owner, "From eight to six.")
        expect(owner.locator(".turn.person")).to_have_count(2)
        chat.ask("On Sunday, too?")
        expect(passed_on).to_have_count(2)
        visitor.unroute("**/news?*")
        visitor.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(widget.locator("li", has_text="From eight to six.")).to_be_visible()
        said = "\n".join(widget.locator("[role=log] > ol > li").all_inner_texts())
        assert said.index("From eight to six.") < said.index("On Sunday, too?")
        owner.get_by_label("Internal note").fill("Call <b>back</b>.")
        owner.get_by_role("button", name="Save the note").click()
        expect(owner.locator(".turn.note")).to_contain_text("Call <b>back</b>.")
        owner.evaluate(axe_source)
        for look, faults_there in looks_of(owner):
            assert owner.evaluate(faults_there) == [], look
        owner.get_by_role("button", name="Hand back to the chatbot").click()
        expect(owner.get_by_text("Marie answers here")).to_have_count(0)
        expect(widget.locator(".state")).to_have_text("AI assistant")
        chat.ask("Thanks!")
        expect(widget.locator(".assistant")).to_have_count(6)
        expect(passed_on).to_have_count(2)


def test_the_wizard_works_without_scripts(
    chromium: Browser, server: LiveServer, site: WebSite
) -> None:
    with page_of(chromium, java_script_enabled=False) as page:
        key = set_up(page, server, site, script=False)
        page.get_by_label("Ask what your visitors would ask").fill("When are you open?")
        page.get_by_role("button", name="Ask").click()
        expect(page.locator(".exchange").first).to_contain_text("Tuesday to Saturday")
        page.goto(f"{server.url}/admin/{key}/tag")
        expect(page.get_by_text("Copy", exact=True)).to_be_hidden()  # it would do nothing
        page.goto(f"{server.url}/admin/{key}/faq")
        page.get_by_label("Question").fill("Do you deliver?")
        page.get_by_label("Answer").fill("Yes, in Hull.")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Do you deliver?")).to_be_visible()
        page.locator("summary", has_text="Ann").click()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def fill(page: Page, server: LiveServer, site: WebSite, key: str) -> str:
    """Conversations, a golden question and its run, a shared link, whose address it returns."""
    headers = {"Origin": site.address}
    for question in QUESTIONS:
        body = {"site": key, "message": question, "page": f"{site.address}/prices"}
        assert httpx.post(f"{server.url}/api/chat", json=body, headers=headers, timeout=LONG).text
    page.goto(f"{server.url}/admin/{key}/quality")
    page.get_by_label("Question").fill("What does a loaf of bread cost?")
    page.get_by_label("Expected answer").fill("4.20")
    page.get_by_role("button", name="Add").last.click()
    page.goto(f"{server.url}/admin/{key}/quality")
    page.locator("form[action$='/quality/runs'] button").click()
    for greeting in ("Good morning!", "Good evening!"):  # two changes in one minute
        page.goto(f"{server.url}/admin/{key}/appearance")
        page.get_by_label("Greeting").first.fill(greeting)
        page.get_by_role("button", name="Save").click()
    page.goto(f"{server.url}/admin/{key}/analytics?days=7")
    page.get_by_role("button", name="Create a link").click()
    return page.locator("#link").inner_text()


def changed_text(page: Page, server: LiveServer, key: str) -> str:
    """The page of a text that was changed, put back, and is in use again; its address."""
    knowledge = f"{server.url}/admin/{key}/knowledge"
    for welcome in ("Dogs wait outside.", "Small dogs are welcome."):
        page.goto(knowledge)
        page.get_by_label("Title").fill("Dogs")
        page.get_by_label("Text", exact=True).fill(welcome)
        page.get_by_role("button", name="Add").last.click()
    page.locator(".source").last.get_by_role("link", name="Show the texts").click()
    page.locator("#changes").get_by_role("link", name="Dogs").click()
    expect(page.locator("del").first).to_contain_text("Dogs wait outside.")
    page.get_by_role("button", name="Put the version of").click()
    expect(page.locator("pre")).to_have_text("Dogs wait outside.")
    page.get_by_role("button", name="Use the text of").click()
    expect(page.locator("pre")).to_have_text("Small dogs are welcome.")
    return page.url.split("?")[0]


def check_page(page: Page, address: str, images: Path | None) -> None:
    """In each look the page, in which axe is loaded, has no fault that axe knows, and fits.

    Args:
        images: where pictures for the documentation are kept, if they are wanted.
    """
    name = address.split("?")[0].rpartition("/")[2] or "home"
    page.goto(address)
    for look, faults_there in looks_of(page):
        faults, layout_faults = page.evaluate(f"Promise.all([{faults_there}, {LAYOUT_FAULTS}])")
        assert (faults, layout_faults) == ([], []), f"{look}, {address}"
        if images and (file := f"owner-{look}-{name}.png") in SHOWN:
            page.screenshot(path=images / file, full_page=True)


def looks_of(page: Page) -> Iterator[tuple[str, str]]:
    """Each look of what *page* shows, and an expression for the faults that it can have in it."""
    page.set_viewport_size({"width": 1280, "height": 720})
    yield "desktop", ALL_FAULTS
    page.emulate_media(color_scheme="dark")
    yield "dark", COLOUR_FAULTS
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    yield "phone", ALL_FAULTS


def test_axe_finds_nothing_on_any_page(
    chromium: Browser,
    server: LiveServer,
    site: WebSite,
    axe_source: str,
    images: Path | None,
) -> None:
    # Loaded with each page, but not into the frames in it, which axe would look into as well.
    axe_script = f"if (window === top) {{ {axe_source} }}"
    with page_of(chromium) as page:
        page.add_init_script(axe_script)
        for name in ("setup", "setup/restore"):
            check_page(page, f"{server.url}/{name}", images)
        key = set_up(page, server, site)
        shared = fill(page, server, site, key)
        paths = [f"{key}/{name}" for name in (*SITE_PAGES, *MORE_PAGES)]
        for path in (*paths, *SERVER_PAGES):
            check_page(page, f"{server.url}/admin/{path}", images)
        check_page(page, changed_text(page, server, key), images)
        page.goto(f"{server.url}/admin/backups")
        sent: list[str] = []

        def stay(route: Route) -> None:
            sent.append(route.request.method)
            route.fulfill(status=204)  # the browser shows the page as it was

        page.route("**/admin/backups", stay)
        for _ in range(2):
            page.get_by_role("button", name="Make a backup").click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        assert page.evaluate(ALL_FAULTS) == []
        assert sent == ["POST"]
    with page_of(chromium) as page:
        page.add_init_script(axe_script)
        check_page(page, shared, images)
