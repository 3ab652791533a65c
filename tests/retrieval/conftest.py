"""A database with a site, and a real web site on loopback to crawl."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.servers.web_site import WebSite

from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site


@pytest.fixture
def site_id(database: Database) -> int:
    with database.session() as session:
        return add_site(session, "Shop").id


@pytest.fixture
def web() -> Iterator[WebSite]:
    made = WebSite()
    yield made
    made.close()
