"""Sites as visitors ask them: read with each question, made an object of where they changed."""

from __future__ import annotations

import pytest

from chatbot_server.errors import NotFound
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.asked_sites import AskedSites
from chatbot_server.storage.knowledge.site_state import bump_version, index_version
from chatbot_server.storage.site.settings import settings_of
from chatbot_server.storage.site.sites import Site, add_site, find_site


@pytest.fixture
def key(database: Database) -> str:
    with database.session() as session:
        site = add_site(session, "Shop")
        site.origins, site.words = ["https://shop.example"], {"greeting": {"*": "Hi!"}}
        return site.key


def test_it_is_the_stored_site_with_the_version_of_its_index(database: Database, key: str) -> None:
    sites = AskedSites(database)
    asked = sites.find(key)
    with database.session() as session:
        stored = find_site(session, key)
        assert settings_of(asked.site) == settings_of(stored)
        assert (asked.site.id, asked.site.demo, asked.index_version) == (stored.id, False, 0)
        bump_version(session, stored.id)
        version = index_version(session, stored.id)
    assert sites.find(key) == (asked.site, version)
    with pytest.raises(NotFound, match="unknown"):
        sites.find("unknown")


def test_what_another_process_changes_shows_at_the_next_question(
    database: Database, key: str
) -> None:
    sites, other = AskedSites(database), Database(database.url)
    before = sites.find(key).site
    assert sites.find(key).site is before
    assert before.words == {"greeting": {"*": "Hi!"}}
    with other.session() as session:
        find_site(session, key).words = {"greeting": {"*": "Hello!"}}
    assert sites.find(key).site.words == {"greeting": {"*": "Hello!"}}
    with other.session() as session:
        session.delete(session.get_one(Site, before.id))
    with pytest.raises(NotFound):
        sites.find(key)
    other.close()
