"""Who opens the chat is expected to ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configured import make_config
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.models.base import Tier
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.site_state import put_topics
from chatbot_server.storage.site.settings import change_site
from chatbot_server.storage.site.sites import add_site, demo_site, find_site

OWN = {"Origin": "http://localhost"}
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("path", ["/api/widget?site=", "/chat/"])
def test_what_a_question_needs_is_loaded_when_the_chat_is_opened(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    expected: list[int] = []
    monkeypatch.setattr(KnowledgeBase, "get_ready", lambda _base, site_id: expected.append(site_id))
    config = make_config(tmp_path)
    client = create_app(config, ScriptedModel(says=("Hello.",)), database).test_client()
    with database.session() as session:
        site_id, key = demo_site(session).id, demo_site(session).key
    assert client.get(path + key).status_code == 200
    assert expected == [site_id]


def test_topics_are_offered_until_the_owner_chooses_or_switches_them_off(
    database: Database, tmp_path: Path
) -> None:
    config = make_config(tmp_path)
    client = create_app(config, ScriptedModel(says=("Hello.",)), database).test_client()
    with database.session() as session:
        key = add_site(session, "Bakery").key

    def offered(locale: str, **settings: object) -> tuple[list[str], str | None]:
        with database.session() as session:
            site = find_site(session, key)
            change_site(site, settings)
            put_topics(session, site.id, 7, {"fr": ["Horaires"], "de": ["Preise"]})
        panel = client.get(f"/api/widget?site={key}&locale={locale}", headers=OWN).get_json()
        return panel["suggestions"], panel["suggestions_locale"]

    assert offered("fr-CA") == (["Horaires"], "fr")
    assert offered("de") == (["Preise"], "de"), "also in a language that the server does not speak"
    assert offered("en") == (["Horaires"], "fr"), "in the site’s main one, before none"
    assert offered("fr", topics="off") == ([], None)
    assert offered("fr", topics="on", suggestion=["en=Prices?"]) == (["Horaires"], "fr")
    assert offered("en") == (["Prices?"], "en")
    assert offered("fr", suggestion=["Tarifs ?"]) == (["Tarifs ?"], None)


@pytest.mark.parametrize(
    ("tier", "is_free", "named"),
    [("quote", False, None), ("quote", True, "scripted"), ("write", False, "scripted")],
)
def test_only_a_model_that_may_answer_is_named(
    database: Database, tmp_path: Path, tier: Tier, is_free: bool, named: str | None
) -> None:
    config = make_config(tmp_path)
    client = create_app(config, ScriptedModel(tier), database).test_client()
    with database.session() as session:
        site = add_site(session, "Bakery")
        site.free_chat = is_free
        key = site.key
    panel = client.get(f"/api/widget?site={key}", headers=OWN).get_json()
    assert panel["privacy"]["model"] == named
