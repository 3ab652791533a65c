"""One WordPress with our plugin, one chatbot server, and the owner's browser, for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import wordpress_plugin
from playwright.sync_api import Browser, BrowserContext, Page
from support.browsers import LIMIT
from support.servers.owner_server import OwnerServer
from support.servers.serving import serve_app
from support.sites.crawling import extractor
from support.wordpress.chatbot import Chatbot
from support.wordpress.site import OWNER, PASSWORD, WordPress, wordpress_files


@pytest.fixture(scope="session")
def chatbot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    """A running chatbot server without a model, which answers from pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatbot_server.app.Extractor", lambda: extractor)
        server = OwnerServer(tmp_path_factory.mktemp("chatbot"))
    serving = serve_app(server.app)
    yield Chatbot(server, serving.url)
    serving.close()
    server.database.close()


@pytest.fixture(scope="session")
def plugin_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that an owner installs."""
    return wordpress_plugin.pack(tmp_path_factory.mktemp("zip"), "9.8.7", 1_700_000_000)


@pytest.fixture(scope="session")
def bare_wordpress(
    cache_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WordPress]:
    """A new WordPress, as its installer leaves it."""
    folder = tmp_path_factory.mktemp("wordpress") / "site"
    site = WordPress(wordpress_files(cache_folder), folder)
    yield site
    site.close()


@pytest.fixture(scope="session")
def owner_context(chromium: Browser, bare_wordpress: WordPress) -> Iterator[BrowserContext]:
    """The browser of the site's owner, logged in."""
    context = chromium.new_context(base_url=bare_wordpress.url)
    context.set_default_timeout(LIMIT)
    page = context.new_page()
    page.goto("/wp-login.php")
    page.fill("#user_login", OWNER)
    page.fill("#user_pass", PASSWORD)
    page.click("#wp-submit")
    page.wait_for_selector("#wpadminbar")
    page.close()
    yield context
    context.close()


@pytest.fixture(scope="session")
def wordpress(
    bare_wordpress: WordPress, owner_context: BrowserContext, plugin_zip: Path
) -> WordPress:
    """The same with our plugin, uploaded and activated in the browser."""
    page = owner_context.new_page()
    page.goto("/wp-admin/plugin-install.php?tab=upload")
    page.set_input_files("#pluginzip", plugin_zip)
    page.click("#install-plugin-submit")
    page.click("a:has-text('Activate Plugin')")
    page.wait_for_selector("text=Plugin activated.")
    page.close()
    return bare_wordpress


@pytest.fixture
def site(wordpress: WordPress, chatbot: Chatbot) -> Iterator[WordPress]:
    """A site that shows the bubble of the chatbot and sends nothing; no page of an earlier test."""
    chatbot.allow(wordpress.url)
    wordpress.set_up(address=chatbot.url, key=chatbot.key)
    yield wordpress
    assert "chatbot-server/" not in wordpress.debug_log()
    wordpress.clear()


@pytest.fixture
def page(owner_context: BrowserContext) -> Iterator[Page]:
    """A page of the owner's browser."""
    page = owner_context.new_page()
    yield page
    page.close()


@pytest.fixture
def visitor_page(chromium: Browser, wordpress: WordPress) -> Iterator[Page]:
    """A page of somebody who is not logged in."""
    context = chromium.new_context(base_url=wordpress.url)
    context.set_default_timeout(LIMIT)
    yield context.new_page()
    context.close()


@pytest.fixture
def pictures(images: Path | None, tmp_path: Path) -> Path:
    """Where pictures of pages are left."""
    return images or tmp_path
