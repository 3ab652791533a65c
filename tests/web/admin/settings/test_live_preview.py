"""The chat beside the page Appearance shows what is typed, before it is saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, StorageState, ViewportSize, expect
from support.browsers import LIMIT
from support.servers.live_server import LiveServer
from support.servers.owner_server import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("owner")]

PANEL = "document.querySelector('chatbot-widget').shadowRoot.querySelector('[part~=panel]')"
COVERED = f"""(() => {{
    const [panel, main] = [{PANEL}, document.querySelector("main")];
    const [a, b] = [panel.getBoundingClientRect(), main.getBoundingClientRect()];
    return a.left < b.right && b.left < a.right;
}})()"""


@pytest.fixture(scope="module")
def server(make_server: Callable[..., LiveServer]) -> Iterator[LiveServer]:
    """A server without a model, on which no test saves anything."""
    server = make_server(engine={"model": None})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def owner(chromium: Browser, server: LiveServer) -> StorageState:
    """The cookies of a browser in which the owner is logged in."""
    token = (server.folder / "data" / "setup-token").read_text().strip()
    with closing(chromium.new_context(locale="en-GB")) as context:
        context.set_default_timeout(LIMIT)
        page = context.new_page()
        page.goto(f"{server.url}/setup#{token}")
        page.get_by_label("Your name").fill("Ann")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create my account").click()
        expect(page.get_by_label("Name of the site")).to_be_visible()
        return context.storage_state()


@pytest.fixture
def appearance(chromium: Browser, server: LiveServer, owner: StorageState) -> Iterator[Page]:
    """The page Appearance of the demo site, in a window of a desk."""
    sites = json.loads(server.cli("site", "list", "--json"))
    key = next(site["key"] for site in sites if site["demo"] and not site["free_chat"])
    desk: ViewportSize = {"width": 1280, "height": 720}
    with closing(
        chromium.new_context(locale="en-GB", viewport=desk, storage_state=owner)
    ) as context:
        context.set_default_timeout(LIMIT)
        page = context.new_page()
        page.goto(f"{server.url}/admin/{key}/appearance")
        yield page


def test_the_chat_shows_what_is_typed_and_takes_neither_place_nor_focus(appearance: Page) -> None:
    chat = appearance.locator("chatbot-widget")
    expect(chat.locator("[role=log]")).to_be_visible()  # open by itself
    assert not appearance.evaluate(COVERED), "the form lies under the chat"
    appearance.get_by_label("Greeting").first.fill("Good morning from the bakery!")
    appearance.get_by_label("Suggested questions").first.fill("Open today?\nPrices?")
    expect(chat).to_contain_text("Good morning from the bakery!")
    expect(chat.get_by_role("button", name="Open today?")).to_be_visible()
    appearance.get_by_label("Name", exact=True).fill("Bakery Hull")
    expect(chat.get_by_role("heading")).to_have_text("Bakery Hull")
    appearance.get_by_label("Colour").fill("#7a1f4d")
    bubble = chat.locator(".bubble")
    expect(bubble).to_have_css("background-color", "rgb(122, 31, 77)")
    expect(appearance.get_by_label("Colour")).to_be_focused()
    appearance.get_by_label("Corner of the bubble").select_option("bottom-left")
    expect(chat).to_have_css("left", "20px")
    assert not appearance.evaluate(COVERED), "on the other side, too"
    appearance.reload()
    expect(chat.locator("[role=log]")).to_be_visible()
    expect(chat).not_to_contain_text("Good morning from the bakery!")  # nothing was saved


def test_topics_that_are_switched_off_are_gone_from_the_chat(appearance: Page) -> None:
    chat = appearance.locator("chatbot-widget")
    expect(chat.locator("[role=log]")).to_be_visible()
    field = appearance.get_by_label("Suggested questions").first
    field.evaluate("field => (field.placeholder = 'Hours\\nPrices')")
    field.fill("")
    expect(chat.get_by_role("button", name="Prices")).to_be_visible()
    appearance.get_by_label("Offer topics of your pages").select_option("off")
    expect(chat.locator("[part=chip]")).to_have_count(0)


def test_the_chat_is_shown_dark_and_on_a_phone(appearance: Page) -> None:
    chat = appearance.locator("chatbot-widget")
    expect(chat.locator("[role=log]")).to_be_visible()
    ground = "node => getComputedStyle(node).backgroundColor"
    light = chat.locator("[part~=panel]").evaluate(ground)
    appearance.get_by_label("On a dark screen").check()
    expect(chat.locator("[part~=panel]")).not_to_have_css("background-color", light)
    appearance.get_by_label("On a phone").check()
    expect(chat).to_have_count(0)
    phone = appearance.frame_locator("iframe.phone")
    panel = phone.locator("chatbot-widget [part~=panel]")
    expect(panel).to_be_visible()
    expect(panel).not_to_have_css("background-color", light)
    box = panel.bounding_box()
    assert box is not None
    assert box["width"] == 360, "it fills the window of a phone"
    appearance.get_by_label("Greeting").first.fill("Good morning from the bakery!")
    expect(phone.locator("chatbot-widget")).to_contain_text("Good morning from the bakery!")
    expect(appearance.get_by_label("Greeting").first).to_be_focused()
    appearance.get_by_label("On a phone").uncheck()
    expect(appearance.locator("iframe")).to_have_count(0)
    expect(chat).to_contain_text("Good morning from the bakery!")


def test_on_a_dark_screen_the_light_look_is_shown_as_well(appearance: Page) -> None:
    appearance.emulate_media(color_scheme="dark")
    appearance.reload()
    dark = appearance.get_by_label("On a dark screen")
    expect(dark).to_be_checked()
    panel = appearance.locator("chatbot-widget [part~=panel]")
    before = panel.evaluate("node => getComputedStyle(node).backgroundColor")
    dark.uncheck()
    expect(panel).not_to_have_css("background-color", before)
