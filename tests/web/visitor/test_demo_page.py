"""The demo page: the bubble of the site with texts, and a labelled way to the one without."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient
from support.configured import make_config
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site, playground_site


def demo_client(folder: Path) -> tuple[FlaskClient, Database]:
    database = Database(f"sqlite:///{folder / 'chatbot.db'}")
    database.migrate()
    app = create_app(make_config(folder), ScriptedModel(), database)
    return app.test_client(), database


def test_the_model_is_tried_freely_in_a_corner_that_says_that_it_invents(tmp_path: Path) -> None:
    client, database = demo_client(tmp_path)
    page = client.get("/", headers={"Accept-Language": "fr"}).text
    with database.session() as session:
        key, playground = demo_site(session).key, playground_site(session).key
    assert f'data-site="{key}"' in page
    assert re.search(rf'Il invente.*<a href="chat/{playground}">', page)
    assert client.get(f"/chat/{playground}").status_code == 200


def test_the_corner_is_gone_where_the_owner_does_not_want_it(tmp_path: Path) -> None:
    client, database = demo_client(tmp_path)
    with database.session() as session:
        playground_site(session).free_chat = False
    assert "chat/" not in client.get("/").text
    with database.session() as session:
        assert not playground_site(session).free_chat


def test_the_command_that_tests_a_site_is_in_the_language_of_the_page(tmp_path: Path) -> None:
    client, _ = demo_client(tmp_path)
    for language, key in {"fr": "CLÉ", "en": "KEY"}.items():
        page = client.get("/", headers={"Accept-Language": language}).text
        assert f"site test {key} https://example.org" in page
