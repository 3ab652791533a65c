"""``?chatbot-debug`` on real pages, each with the defect that it has to put into words."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script
from support.widget.visits import Visitor

pytestmark = pytest.mark.browser


def said(it: Any, address: str) -> str:
    """What the box over the page says."""
    it.go(address + "?chatbot-debug")
    box = it.page.locator("chatbot-widget.debug div.debug")
    box.locator("li").first.wait_for()
    assert it.page.locator("chatbot-widget.debug").count() == 1
    return str(box.inner_text())


def test_a_good_page_has_nothing_wrong(browser: Browser, visit: Visitor, pages: HostPages) -> None:
    with visit(browser) as it:
        words = said(it, pages.add())
        assert "✗" not in words
        assert "✓ One tag for the chat “demo” was found." in words
        assert f"✓ The server at {pages.chat} answers this page." in words


def test_all_tags_of_a_page_are_examined(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    tags = pages.tag() + pages.tag(site="second") * 2 + pages.tag(site="third", colour="#ff0000")
    with visit(chromium) as it:
        words = said(it, pages.add(tag=tags))
        assert "✓ One tag for the chat “demo” was found." in words
        assert "✗ The tag for “second” is on the page 2 times" in words
        assert "✓ One tag for the chat “third” was found." in words
        assert "✗ data-colour is no option of the widget. Meant: data-color?" in words


def altered(pages: HostPages) -> dict[str, tuple[str, str]]:
    """Tag, and what is said of it. A good tag beside it shows the chat."""
    source = f"{pages.chat}/widget.js"
    return {
        "type": (
            f'<script type="text/partytown" src="{source}" data-site="demo2"></script>',
            "The tag is not a plain script any more (type “text/partytown”)",
        ),
        "rocket": (
            f'<script type="0a1b2c-text/javascript" src="{source}" data-site="demo2"></script>',
            "(type “0a1b2c-text/javascript”): an optimiser delays it",
        ),
        "held": (
            f'<script type="text/plain" src="{source}" data-site="demo2"></script>',
            "a consent tool holds it back until the visitor agrees",
        ),
        "source": (
            f'<script data-lazy-src="{source}" data-site="demo2"></script>',
            "The tag has no src but data-lazy-src: an optimiser loads it later.",
        ),
        "keyless": (
            f'<script async src="{source}"></script>',
            "A tag loads widget.js without data-site",
        ),
    }


@pytest.mark.parametrize("how", ["type", "rocket", "held", "source", "keyless"])
def test_an_altered_tag_is_named(
    chromium: Browser, visit: Visitor, pages: HostPages, how: str
) -> None:
    tag, sentence = altered(pages)[how]
    with visit(chromium) as it:
        assert sentence in said(it, pages.add(tag, tag=pages.tag()))


def test_attributes_of_others_are_left_alone(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    tag = pages.tag(cfasync="false", no_optimize="1")
    with visit(chromium) as it:
        assert "no option of the widget" not in said(it, pages.add(tag=tag))


def test_a_script_that_waits_for_the_visitor_is_named(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    # As optimisers do that "delay JavaScript until interaction".
    wait = f"""<script>addEventListener("keydown", () => {{ const tag = document.createElement("script");
        tag.src = "{pages.chat}/widget.js"; tag.dataset.site = "demo"; document.head.append(tag); }},
        {{ once: true }});</script>"""
    with visit(browser) as it:
        it.go(pages.add(wait, tag="") + "?chatbot-debug")
        it.page.wait_for_function(
            "performance.now() > performance.getEntriesByType('navigation')[0].loadEventEnd + 1500"
        )
        it.page.keyboard.press("Tab")
        box = it.page.locator("chatbot-widget.debug div.debug")
        box.get_by_text("seconds after the page was there").wait_for()


def test_the_policy_that_blocks_is_named_with_the_directive(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    policy = {"Content-Security-Policy": f"default-src 'none'; script-src {pages.chat}"}
    with visit(browser) as it:
        words = said(it, pages.add(headers=policy, tag=pages.tag(avatar="/me.png")))
        assert f"Add connect-src {pages.chat}" in words
        assert f"Add img-src {pages.serving.url}" in words


def test_a_policy_that_blocks_only_the_parts_is_said_by_the_bubble(
    browser: Browser, visit: Visitor, pages: HostPages
) -> None:
    policy = {"Content-Security-Policy": f"script-src {pages.chat}/widget.js"}
    with visit(browser) as it:
        it.go(pages.add(headers=policy) + "?chatbot-debug")
        it.bubble.filter(has_text="Chat offline ↗").wait_for()
        assert any(f"not loaded: {pages.chat}/widget/panel-" in error for error in it.errors())


def test_an_origin_that_is_not_allowed_is_told_for_each_site(
    chromium: Browser, visit: Visitor, pages: HostPages, script: Script
) -> None:
    error = {"code": "origin_not_allowed", "message": "Pages of X may not use it."}
    script.refuse["/api/widget"] = (403, {"error": error})
    with visit(chromium) as it:
        words = said(it, pages.add(tag=pages.tag() + pages.tag(site="second")))
        assert words.count("✗ The server refuses this page: Pages of X may not use it.") == 2


def test_an_unsafe_tag_on_a_safe_page_is_named(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    chat = "https://chat.example"
    unsafe = '<script async src="http://old.example/widget.js" data-site="old"></script>'
    html = f"<!doctype html><body>{unsafe}{pages.tag().replace(pages.chat, chat)}"

    def forward(route: Any) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(chat, pages.chat)))

    with visit(chromium) as it:
        it.page.route(f"{chat}/**", forward)
        it.page.route(
            "https://shop.example/**", lambda it: it.fulfill(body=html, content_type="text/html")
        )
        words = said(it, "https://shop.example/")
        assert "✗ This page is HTTPS but the chat is loaded from http://old.example" in words


def test_a_server_that_went_away_is_said(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    with visit(chromium) as it:
        it.page.route("**/api/**", lambda route: route.abort("connectionrefused"))
        words = said(it, pages.add(tag=pages.tag() + pages.tag(site="second")))
        assert words.count(f"✗ The server at {pages.chat} cannot be reached") == 1


def test_it_speaks_french_on_a_french_page_and_is_seen_beside_a_banner(
    chromium: Browser, visit: Visitor, pages: HostPages
) -> None:
    banner = '<div id="onetrust-banner-sdk">Cookies</div>'
    with visit(chromium) as it:
        avoiding = pages.tag(avoid="#onetrust-banner-sdk")
        words = said(it, pages.add(banner, tag=avoiding, lang="fr"))
        assert "Chatbot : test de cette page" in words
        assert "La bulle attend tant qu’un bandeau de consentement est affiché" in words
