"""Settings of a site: saved, shown to visitors, undone."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from support.servers.owner_server import OwnerServer
from support.servers.web_site import WebSite
from werkzeug.test import TestResponse

from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.knowledge.site_state import put_topics
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
        "topics": "off",
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
        assert not site.offers_topics
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
    emptied |= {"time_zone": "", "free_chat": "off", "topics": "on"}
    assert post("/admin/KEY/appearance", **emptied).status_code == 303
    with owner.database.session() as session:
        site = find_site(session, owner.key)
        assert site.word("greeting", "fr") is None
        assert site.suggested("fr") == []
        assert (site.time_zone, site.free_chat, site.offers_topics) == (None, False, True)


def test_the_form_shows_the_topics_that_are_offered_where_no_question_is(
    owner: OwnerServer, post: Post
) -> None:
    with owner.database.session() as session:
        put_topics(session, owner.site_id, 1, {"fr": ["Horaires", "Nos pains"]})
    page = owner.browser("owner").get(f"/admin/{owner.key}/appearance").text
    assert page.count('placeholder="Horaires\nNos pains"') == 2, "also to readers of English"
    assert "Offer topics of your pages" in page
    post("/admin/KEY/appearance", name="Bakery", color="#aa0000", topics="off")
    history = owner.browser("owner").get(f"/admin/{owner.key}/history").text
    assert "Offer topics of your pages" in history


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
    assert "Greeting: English: Hi" in page
    assert "the owner" in page
    assert post(f"/admin/KEY/history/{numbers[1]}").status_code == 409, "the colour is newer"
    for number in numbers:
        assert post(f"/admin/KEY/history/{number}").status_code == 303
    with owner.database.session() as session:
        site = find_site(session, owner.key)
        assert (site.color, site.position) == (DEFAULT_COLOR, "bottom-right")
        assert site.word("greeting", "en") is None
    assert post("/admin/KEY/history/4711").status_code == 404


def test_suggestions_for_everybody_stay_so_when_nothing_is_changed(
    owner: OwnerServer, post: Post
) -> None:
    for_all, in_french = {"*": ["Open today?", "Prices?"]}, {"fr": ["Ouvert ?"], "en": ["Open?"]}
    for suggestions in (for_all, in_french):
        with owner.database.session() as session:
            find_site(session, owner.key).suggestions = suggestions
        page = owner.browser("owner").get(f"/admin/{owner.key}/appearance").text
        fields = dict(re.findall(r'name="(suggestions_\w\w)"[^>]*>([^<]*)</textarea>', page))
        assert len(fields) == 2
        assert post("/admin/KEY/appearance", name="Bakery", **fields).status_code == 303
        with owner.database.session() as session:
            assert find_site(session, owner.key).suggestions == suggestions


def test_questions_of_a_site_in_one_language_stand_in_its_field_only(
    owner: OwnerServer, post: Post
) -> None:
    add_note(owner.database, owner.site_id, "Tarifs", "Le pain de campagne coûte quatre euros.")
    with owner.database.session() as session:
        find_site(session, owner.key).suggestions = {"*": ["Vos tarifs ?"]}
    page = owner.browser("owner").get(f"/admin/{owner.key}/appearance?locale=en").text
    fields = dict(re.findall(r'name="(suggestions_\w\w)"[^>]*>([^<]*)</textarea>', page))
    assert fields == {"suggestions_fr": "Vos tarifs ?", "suggestions_en": ""}
    assert "Empty: visitors are offered those in French." in page
    fields["suggestions_fr"] = "Et le pain ?"
    post("/admin/KEY/appearance", name="Bakery", **fields)
    with owner.database.session() as session:
        assert find_site(session, owner.key).suggestions == {"*": ["Et le pain ?"]}
    post("/admin/KEY/appearance", name="Bakery", **fields | {"suggestions_en": "Bread?"})
    with owner.database.session() as session:
        site = find_site(session, owner.key)
        assert site.suggestions == {"fr": ["Et le pain ?"], "en": ["Bread?"]}


def test_only_the_servers_own_pages_show_the_preview(owner: OwnerServer) -> None:
    browser = owner.browser("reader")
    policies = {
        name: browser.get(f"/admin/{owner.key}/{name}").headers["Content-Security-Policy"]
        for name in ("preview", "appearance", "")
    }
    assert "frame-ancestors 'self'" in policies["preview"]
    assert "frame-src 'self'" in policies["appearance"]
    assert "frame-ancestors 'none'" in policies["appearance"]
    assert "frame-src" not in policies[""]
    assert owner.browser(None).get(f"/admin/{owner.key}/preview").status_code == 303


def test_texts_in_the_history_stand_under_their_names(owner: OwnerServer, post: Post) -> None:
    post("/admin/KEY/appearance", name="Bakery", greeting_fr="Bonjour, ici le fournil !")
    path = f"/admin/{owner.key}/history"
    browser = owner.browser("reader")
    assert "Greeting: French: Bonjour" in browser.get(path).text
    french = html.unescape(browser.get(f"{path}?locale=fr").text)
    assert "Message d’accueil\u00a0: français\u00a0: Bonjour" in french
    assert "greeting:" not in french
    log = html.unescape(owner.browser("owner").get("/admin/log?locale=fr").text)
    assert "– → Message d’accueil\u00a0: français\u00a0: Bonjour" in log


def test_the_colour_of_a_site_in_the_own_network_is_taken_at_any_port(tmp_path: Path) -> None:
    owner = OwnerServer(tmp_path, private_hosts=("127.0.0.1",))
    with closing(WebSite()) as pages:
        pages.put("/", "Bakery", '<meta name="theme-color" content="#8a4b14">')
        with owner.database.session() as session:
            find_site(session, owner.key).origins = [pages.address]
        taken = owner.browser("owner").get(f"/admin/{owner.key}/appearance?color=site")
        assert "#8a4b14" in taken.text
    owner.database.close()
