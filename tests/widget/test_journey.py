"""The main journey, with nothing scripted: real server, real model, real browsers."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, expect
from support.servers.live_server import LiveServer
from support.widget.host_pages import HostPages
from support.widget.visits import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.xdist_group("live")]


def page_of(pages: HostPages, live_server: LiveServer) -> str:
    tag = f'<script async src="{live_server.url}/widget.js" data-site="{live_server.playground_key}"></script>'
    address: str = pages.add(tag=tag)
    return address


def test_a_visitor_on_another_origin_asks_and_is_answered_by_the_real_model(
    chromium: Browser, visit: Visitor, pages: HostPages, live_server: LiveServer
) -> None:
    with visit(chromium) as it:
        it.go(page_of(pages, live_server)).open().ask("Write one sentence about the sea.")
        it.answered(re.compile(r"\w{3}"))
        answer = it.answers.last.inner_text()
        with it.page.expect_response("**/api/feedback") as thumb:
            it.panel.get_by_role("button", name="Helpful", exact=True).click()
        assert thumb.value.ok
        it.page.reload()
        it.answered(re.compile(r"\w{3}"))
        assert it.answers.last.inner_text() == answer
        expect(it.panel.get_by_role("button", name="Helpful", pressed=True)).to_be_visible()
        it.menu("Delete my chat")
        it.panel.locator(".sheet").get_by_role("button", name="Delete my chat").click()
        it.panel.get_by_text("Deleted from the server: 2 messages.").wait_for()
        assert it.errors() == []


def test_the_demo_page_and_the_plain_page_work_under_their_own_policies(
    chromium: Browser, visit: Visitor, live_server: LiveServer
) -> None:
    with visit(chromium) as it:
        it.go(live_server.url).open().ask("Write one word.")
        it.answered(re.compile(r"\w{3}"))
        assert it.errors() == []
    with visit(chromium, java_script_enabled=False) as it:
        it.go(f"{live_server.url}/chat/{live_server.playground_key}")
        it.page.get_by_label("Your question").fill("Write one word.")
        it.page.get_by_role("button", name="Ask").click()
        expect(it.page.locator("section.assistant")).to_have_text(re.compile(r"\w{3}"))
        it.page.get_by_role("button", name="Delete my chat").click()
        it.page.get_by_text("Deleted from the server: 2 messages.").wait_for()


def test_a_foreign_page_is_told_why_it_may_not_ask(
    chromium: Browser, visit: Visitor, pages: HostPages, live_server: LiveServer
) -> None:
    added = json.loads(live_server.cli("site", "add", "Closed", "--json"))
    site = next(entry["key"] for entry in added if entry["name"] == "Closed")
    tag = f'<script async src="{live_server.url}/widget.js" data-site="{site}"></script>'
    with visit(chromium) as it:
        it.go(pages.add(tag=tag)).open()
        it.panel.locator(".error").get_by_text("may not show the chatbot").wait_for()
