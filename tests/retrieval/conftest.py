"""A database with a site."""

from __future__ import annotations

import pytest

from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import add_site


@pytest.fixture
def site_id(database: Database) -> int:
    with database.session() as session:
        return add_site(session, "Shop").id
