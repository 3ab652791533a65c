"""Browsers, the scripted server, and pages of another origin that carry the widget's tag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext
from support.browsers import LIMIT
from support.servers.serving import Serving, serve_app
from support.widget.host_pages import HostPages
from support.widget.scripted_server import Script, create_scripted_app
from support.widget.visits import Visit, Visitor


# Of one test each: a request that an earlier test's page left behind reaches nobody here.
@pytest.fixture
def script() -> Iterator[Script]:
    """What the scripted server says in this test."""
    script = Script()
    yield script
    script.gate.set()


@pytest.fixture
def server(script: Script) -> Iterator[Serving]:
    """The scripted server, on a port of its own."""
    serving = serve_app(create_scripted_app(script))
    yield serving
    serving.close()


@pytest.fixture
def pages(server: Serving) -> Iterator[HostPages]:
    """Fixture pages, with the scripted server behind them."""
    pages = HostPages(server.url)
    yield pages
    pages.serving.close()


@pytest.fixture
def visit() -> Visitor:
    """``with visit(browser, viewport=…) as it:`` a fresh visitor."""

    @contextmanager
    def begin(browser: Browser, **options: Any) -> Iterator[Visit]:
        context: BrowserContext = browser.new_context(**options)
        context.set_default_timeout(LIMIT)
        try:
            yield Visit(context.new_page())
        finally:
            context.close()

    return begin
