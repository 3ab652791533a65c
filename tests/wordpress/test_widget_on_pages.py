"""The widget's tag on the pages of a WordPress site: where it is, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from support.widget.visits import Visit, box_of, viewport_of
from support.wordpress.chatbot import Chatbot
from support.wordpress.site import WordPress

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("wordpress")]
# What the plugin WP Consent API and a consent banner do, by its documentation: nobody agreed yet.
CONSENT = """<?php
function wp_has_consent( $category ) { return false; }
add_action( 'wp_enqueue_scripts', function () {
    wp_register_script( 'wp-consent-api', false );
    wp_add_inline_script( 'wp-consent-api', 'window.given = {}; window.waitfor_consent_hook = false;
        window.wp_has_consent = ( category ) => !! given[category];
        window.wp_set_consent = ( category ) => { given[category] = true;
        document.dispatchEvent( new CustomEvent( "wp_listen_for_consent_change" ) ); };' );
} );"""


class Scripts(HTMLParser):
    """The attributes of each script of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append({name: value or "" for name, value in attrs})


def widget_tags(site: WordPress, path: str = "/") -> list[dict[str, str]]:
    """The widget's tags on a page, as somebody without an account gets it."""
    page = httpx.get(site.url + path, timeout=60).text
    return [tag for tag in Scripts(page).found if "widget.js" in tag.get("src", "")]


def test_the_tag_says_server_site_language_and_looks(site: WordPress, chatbot: Chatbot) -> None:
    looks = {"position": "bottom-left", "label": 'Ask "us" & <them>'}
    site.set_up(address=chatbot.url, key=chatbot.key, tag_options=looks)
    [tag] = widget_tags(site)
    assert tag["src"] == f"{chatbot.url}/widget.js"
    assert "async" in tag
    told = {name: value for name, value in tag.items() if name.startswith("data-")}
    assert told == {
        "data-base": f"{chatbot.url}/",
        "data-site": chatbot.key,
        "data-locale": "en-US",
        "data-position": "bottom-left",
        "data-label": 'Ask "us" & <them>',
        "data-cfasync": "false",
        "data-noptimize": "1",
        "data-no-optimize": "1",
        "data-wp-strategy": "async",
    }


def test_what_other_code_stored_as_options_hides_no_tag(site: WordPress, chatbot: Chatbot) -> None:
    stored = {"position": ["bottom-left"], "site": "other", "base": "https://x.example", "size": 80}
    site.set_up(address=chatbot.url, key=chatbot.key, tag_options=stored)
    [tag] = widget_tags(site)
    assert (tag["data-site"], tag["data-base"]) == (chatbot.key, f"{chatbot.url}/")
    assert (tag.get("data-position"), tag["data-size"]) == (None, "80")
    site.set_up(address=chatbot.url, key=chatbot.key, tag_options="size=80")
    assert "data-size" not in widget_tags(site)[0]


def test_nothing_of_a_visitor_is_in_a_page_that_is_cached(site: WordPress) -> None:
    first, second = (httpx.get(site.url, headers={"Cookie": f"a={n}"}).text for n in (1, 2))
    assert first == second
    assert "nonce" not in str(widget_tags(site))


def test_no_server_no_tag(site: WordPress) -> None:
    site.set_up()
    assert widget_tags(site) == []


def test_the_bubble_is_not_on_pages_that_are_listed(site: WordPress, chatbot: Chatbot) -> None:
    for slug in ("basket", "shop", "shops", "новости"):
        site.insert(post_title=slug)
    shop = site.php("return get_page_by_path( 'shop' )->ID;")
    site.insert(post_title="lamps", post_parent=shop)
    listed = f"{site.url}/basket\nshop/*\n/новости/"
    site.set_up(address=chatbot.url, key=chatbot.key, hidden_on=listed)
    paths = (
        "/basket/",
        "/basket/?a=b",
        "/shop/",
        "/shop/lamps/",
        "/%d0%bd%d0%be%d0%b2%d0%be%d1%81%d1%82%d0%b8/",
        "/shops/",
        "/",
    )
    assert [path for path in paths if widget_tags(site, path)] == ["/shops/", "/"]


def test_people_with_an_account_do_not_see_it_if_the_owner_wishes(
    site: WordPress, chatbot: Chatbot, page: Page
) -> None:
    site.set_up(address=chatbot.url, key=chatbot.key, hide_from_users=True)
    page.goto("/")
    expect(page.locator("#wpadminbar")).to_be_visible()
    assert page.locator("script[data-site]").count() == 0
    assert len(widget_tags(site)) == 1


def test_the_owner_s_own_pages_have_no_bubble(site: WordPress, page: Page) -> None:
    page.goto("/wp-admin/")
    assert page.locator("script[data-site]").count() == 0


@pytest.mark.parametrize(
    "content", ["[chatbot_server]", "<!-- wp:chatbot-server/chat /-->", "[chatbot_server]" * 2]
)
def test_a_chat_in_the_text_stands_in_place_of_the_bubble(
    content: str, site: WordPress, chatbot: Chatbot, visitor_page: Page
) -> None:
    site.insert(post_title="ask", post_content=f"<p>Before.</p>{content}<p>After.</p>")
    site.set_up(address=chatbot.url, key=chatbot.key, hidden_on="/*")
    [tag] = widget_tags(site, "/ask/")
    assert tag["data-mode"] == "inline"
    visit = Visit(visitor_page).go(f"{site.url}/ask/").configured()
    expect(visitor_page.locator("chatbot-widget")).to_have_count(1)
    expect(visitor_page.locator("#chatbot-server-chat")).to_have_count(1)
    place = box_of(visitor_page.locator("chatbot-widget"))
    before = box_of(visitor_page.get_by_text("Before."))
    after = box_of(visitor_page.get_by_text("After."))
    assert before["y"] < place["y"] < after["y"]
    assert visit.errors() == []


def test_the_block_can_be_put_into_a_page(site: WordPress, page: Page) -> None:
    page.goto("/wp-admin/post-new.php?post_type=page")
    page.wait_for_function("window.wp?.blocks?.getBlockType('chatbot-server/chat')")
    page.evaluate(
        """() => {
        wp.data.dispatch("core/preferences").set("core/edit-post", "welcomeGuide", false);
        wp.data.dispatch("core/block-editor").insertBlock(
            wp.blocks.createBlock("chatbot-server/chat")); }"""
    )
    frame = page.frame_locator("iframe[name=editor-canvas]")
    expect(frame.locator("[data-type='chatbot-server/chat']")).to_contain_text(
        "Your chatbot in the text of the page"
    )
    written = page.evaluate("wp.data.select('core/editor').getEditedPostContent()")
    assert written == "<!-- wp:chatbot-server/chat /-->"


@pytest.fixture
def consent_banner(site: WordPress) -> Iterator[None]:
    """A consent banner on the site."""
    plugin = site.folder / "wp-content/mu-plugins/consent.php"
    plugin.write_text(CONSENT, encoding="utf-8")
    yield
    plugin.unlink()


@pytest.mark.usefixtures("consent_banner")
@pytest.mark.parametrize("content", ["Hello.", "[chatbot_server]"])
def test_it_waits_for_consent_and_comes_with_it(
    content: str, site: WordPress, chatbot: Chatbot, visitor_page: Page
) -> None:
    site.insert(post_title="hello", post_content=content)
    site.set_up(address=chatbot.url, key=chatbot.key, consent="preferences")
    visit = Visit(visitor_page).go(f"{site.url}/hello/")
    assert [url for url in visit.requests() if chatbot.url in url] == []
    visitor_page.evaluate("wp_set_consent('statistics')")
    assert [url for url in visit.requests() if chatbot.url in url] == []
    visitor_page.evaluate("wp_set_consent('preferences')")
    expect(visitor_page.locator("chatbot-widget")).to_have_count(1)
    inside = visitor_page.locator("#chatbot-server-chat chatbot-widget")
    expect(inside).to_have_count(int("[" in content))


@pytest.mark.usefixtures("consent_banner")
def test_who_does_not_wish_to_wait_does_not(site: WordPress) -> None:
    assert len(widget_tags(site)) == 1


def test_the_bubble_is_in_its_corner(site: WordPress, chatbot: Chatbot, visitor_page: Page) -> None:
    looks = {"position": "bottom-left"}
    site.set_up(address=chatbot.url, key=chatbot.key, tag_options=looks)
    visit = Visit(visitor_page).go(site.url)
    box, window = box_of(visit.bubble), viewport_of(visitor_page)
    assert box["x"] < 40
    assert box["y"] > window["height"] - 100


def test_options_are_those_of_the_widget(site: WordPress) -> None:
    import json

    root = Path(__file__).parents[2]
    options: list[dict[str, Any]] = json.loads((root / "widget/src/options.json").read_text())
    ours = site.php("return Chatbot_Server\\TAG_OPTIONS;")
    assert {*ours, "site", "base", "mode", "target"} == {option["name"] for option in options}
