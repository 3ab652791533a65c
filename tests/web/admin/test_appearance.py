"""Settings of a site: saved, shown to visitors, undone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from support.servers.owner_server import OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.storage.site.sites import DEFAULT_COLOR, find_site

Post = Callable[..., TestResponse]


def test_what_is_saved_is_what_visitors_get(owner: OwnerServer, post: Post) -> None:
    form = {
        "name": "Boulangerie",
        "color": "#aa0000",
        "position": "bottom-left",
        "origins": "https://example.org\nexample.net",
        "greeting_fr": "Bonjour !",
        "suggestions_fr": "Vos horaires ?\nLivrez-vous ?",
        "contact_email": "a@example.org",
        "time_zone": "Europe/Paris",
        "country": "fr",
        "free_chat": "on",
    }
    assert post("/admin/KEY/appearance", **form).status_code == 303
    panel = owner.app.test_client().get(f"/api/widget?site={owner.key}&locale=fr").get_json()
    assert panel["color"] == "#aa0000"
    assert "Vos horaires ?" in json.dumps(panel, ensure_ascii=False)
    with owner.database.session() as session:
        assert find_site(session, owner.key).origins == [
            "https://example.org",
            "https://example.net",
        ]
        site = find_site(session, owner.key)
        assert (site.time_zone, site.country, site.free_chat) == ("Europe/Paris", "FR", True)
    for wrong in (
        {"color": "red"},
        {"time_zone": "Mars/Phobos"},
        {"country": "France"},
        {"origins": "null"},
        {"policy_url": "my page"},
        {"contact_email": "me"},
        {"suggestions_en": "a\n" * 9},
    ):
        refused = post("/admin/KEY/appearance", **form | wrong)
        assert refused.status_code == 400
        problem = refused.text.split('role="alert">')[1].split("<")[0]
        assert "--" not in problem, "that is an option of the terminal"
    emptied = form | {"greeting_fr": "", "suggestions_fr": ""}
    emptied |= {"time_zone": "", "free_chat": "off"}
    assert post("/admin/KEY/appearance", **emptied).status_code == 303
    with owner.database.session() as session:
        site = find_site(session, owner.key)
        assert site.word("greeting", "fr") is None
        assert site.suggested("fr") == []
        assert (site.time_zone, site.free_chat) == (None, False)


def test_a_change_of_settings_is_undone(owner: OwnerServer, post: Post) -> None:
    form = {"name": "Bakery", "color": "#aa0000", "position": "bottom-left", "greeting_en": "Hi"}
    browser = owner.browser("reader")
    path = f"/admin/{owner.key}/history"
    post("/admin/KEY/appearance", **form)
    post("/admin/KEY/appearance", **form)  # nothing differs: nothing is noted
    post("/admin/KEY/appearance", **form | {"color": "#00aa00"})
    page = browser.get(path).text
    numbers = re.findall(r'<h2 id="change-(\d+)"', page)
    assert len(numbers) == 2
    assert "en: Hi" in page
    assert "the owner" in page
    assert post(f"/admin/KEY/history/{numbers[1]}").status_code == 409, "the colour is newer"
    for number in numbers:
        assert post(f"/admin/KEY/history/{number}").status_code == 303
    with owner.database.session() as session:
        site = find_site(session, owner.key)
        assert (site.color, site.position) == (DEFAULT_COLOR, "bottom-right")
        assert site.word("greeting", "en") is None
    assert post("/admin/KEY/history/4711").status_code == 404
