"""The real browsers of this machine, axe-core, and where pictures are kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

#: Milliseconds until a fact that did not come is called missing.
LIMIT = 60_000
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
expect.set_options(timeout=LIMIT)
BROWSERS = ("chromium", "firefox")
# Read here, before the shared fixtures clear every CHATBOT_ variable.
WANTED = os.environ.get("CHATBOT_SCREENSHOTS") == "1"


def executable(*names: str) -> str:
    """The first of *names* on this machine."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    assert found, f"none of {', '.join(names)} is installed: run scripts/browsers"
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def launch(playwright: Playwright, name: str) -> Browser:
    if name == "chromium":
        # Without the windows of a browser around it, a page is open in a quarter of the time.
        path = executable(
            "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"
        )
        return playwright.chromium.launch(executable_path=path, args=QUIET)
    # Debian's Firefox, driven through WebDriver BiDi.
    path = executable("firefox-esr", "firefox")
    return playwright.firefox.launch(channel="moz-firefox", executable_path=path)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright, "chromium")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright, "firefox")
    yield browser
    browser.close()


@pytest.fixture(params=BROWSERS)
def browser(request: pytest.FixtureRequest) -> Browser:
    """Chromium, then Firefox."""
    found: Browser = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core's script, from the widget's own development dependencies."""
    file = Path(__file__).parents[2] / "widget/node_modules/axe-core/axe.min.js"
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def images() -> Path | None:
    """Where pictures are kept, if they are wanted: ``CHATBOT_SCREENSHOTS=1``."""
    return Path(__file__).parents[2] / "docs" / "images" if WANTED else None
