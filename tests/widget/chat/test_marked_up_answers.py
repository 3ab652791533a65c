"""What stands in the markup of an answer stays where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, say

pytestmark = pytest.mark.browser
PLANET = "https://en.wikipedia.org/wiki/Mercury_(planet)"
MYTH = "https://en.wikipedia.org/wiki/Venus_(mythology)"


def test_brackets_belong_to_their_address_and_bars_to_their_cell(
    chromium: Browser, visit: Callable[..., Any], pages: HostPages, script: Script
) -> None:
    text = f"[a]({PLANET}), and (see {MYTH}).\n\n| one | two |\n|---|---|\n| A \\| B | last cell |"
    script.answers["?"] = say(text)
    with visit(chromium) as it:
        it.go(pages.add()).open().ask("?").answered("last cell")
        links = it.panel.locator(".log").get_by_role("link")
        expect(links).to_have_count(2)
        assert [link.get_attribute("href") for link in links.all()] == [PLANET, MYTH]
        expect(it.panel.get_by_role("cell")).to_have_text(["A | B", "last cell"])
