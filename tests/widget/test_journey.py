"""The main journey, with nothing scripted: real server, real model, real browsers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.model]
Visitor = Callable[..., Any]


def page_of(pages: Any, live_server: Any) -> str:
    tag = f'<script async src="{live_server.url}/widget.js" data-site="{live_server.demo_key}"></script>'
    address: str = pages.add(tag=tag)
    return address


def test_a_visitor_on_another_origin_asks_and_is_answered_by_the_real_model(
    browser: Any, visit: Visitor, pages: Any, live_server: Any
) -> None:
    with visit(browser) as it:
        it.page.set_default_timeout(60_000)
        it.go(page_of(pages, live_server)).open().ask("Write one sentence about the sea.")
        it.page.locator("chatbot-widget li.assistant .actions").wait_for()
        answer = it.answers.last.inner_text()
        assert len(answer) > 3
        it.panel.get_by_role("button", name="Helpful", exact=True).click()
        it.page.reload()
        it.page.locator("chatbot-widget li.assistant .actions").wait_for()
        assert it.answers.last.inner_text() == answer
        it.panel.get_by_role("button", name="Menu").click()
        it.panel.locator(".menu").get_by_role("button", name="Delete my chat").click()
        it.panel.locator(".sheet").get_by_role("button", name="Delete my chat").click()
        it.panel.get_by_text("Deleted from the server: 2 messages.").wait_for()
        assert it.errors == []


def test_the_demo_page_and_the_plain_page_work_under_their_own_policies(
    chromium: Any, visit: Visitor, live_server: Any
) -> None:
    with visit(chromium) as it:
        it.page.set_default_timeout(60_000)
        it.go(live_server.url).open().ask("Write one word.")
        it.page.locator("chatbot-widget li.assistant .actions").wait_for()
        assert it.errors == []
    with visit(chromium, java_script_enabled=False) as it:
        it.page.set_default_timeout(60_000)
        it.go(f"{live_server.url}/chat/{live_server.demo_key}")
        it.page.get_by_label("Your question").fill("Write one word.")
        it.page.get_by_role("button", name="Ask").click()
        it.page.locator("section.assistant").wait_for()
        assert it.page.locator("section.assistant").inner_text().strip()
        it.page.get_by_role("button", name="Delete my chat").click()
        it.page.get_by_text("Deleted from the server: 2 messages.").wait_for()


def test_a_foreign_page_is_told_why_it_may_not_ask(
    chromium: Any, visit: Visitor, pages: Any, live_server: Any
) -> None:
    added = json.loads(live_server.cli("site", "add", "Closed", "--json").stdout)
    site = next(entry["key"] for entry in added if entry["name"] == "Closed")
    tag = f'<script async src="{live_server.url}/widget.js" data-site="{site}"></script>'
    with visit(chromium) as it:
        it.go(pages.add(tag=tag)).open()
        it.panel.locator(".error").get_by_text("may not use the chatbot").wait_for()
