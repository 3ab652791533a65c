"""What holds on every page: hostile text is text, and what is not there is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.conversations import talk
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.retrieval.curate.library import add_faq, add_note
from chatbot_server.retrieval.curate.listing import describe_entries
from chatbot_server.storage.site.sites import Site, add_site
from chatbot_server.storage.visitors.conversations import Conversation
from chatbot_server.storage.visitors.feedback import add_contact_request
from chatbot_server.storage.visitors.internal_notes import add_internal_note

Post = Callable[..., TestResponse]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1)) =1+1"


def test_hostile_text_is_text_on_every_page(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        site = session.get_one(Site, owner.site_id)
        site.name = EVIL[:80]
        site.words = {"greeting": {"*": EVIL}}
        add_contact_request(session, site, None, name=EVIL[:90], email="a@example.org", text=EVIL)
    sources = [{"title": EVIL, "url": "javascript:alert(1)", "quote": EVIL}]
    conversation = talk(owner, EVIL, EVIL, "pages", down=EVIL, sources=sources)
    with owner.database.session() as session:
        add_internal_note(session, session.get_one(Conversation, conversation), EVIL[:80], EVIL)
    talk(owner, EVIL, "", "none")
    add_note(owner.database, owner.site_id, EVIL, EVIL)
    add_faq(owner.database, owner.site_id, f"{EVIL}?", EVIL, [EVIL])
    browser = owner.browser("owner")
    root = f"/admin/{owner.key}"
    names = ("", "conversations", f"conversations/{conversation}?again=yes", "unanswered", "faq")
    more = ("knowledge?source=1&q=script", "knowledge/document/1", "appearance", "messages", "tag")
    for name in (*names, *more, "trial?q=" + "script alert"):
        page = browser.get(f"{root}/{name}")
        assert page.status_code == 200, name
        assert "<script>alert" not in page.text, name
        assert "<img" not in page.text, name
        assert 'href="javascript' not in page.text, name
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"


def test_another_sites_things_are_not_there(owner: OwnerServer, post: Post) -> None:
    conversation = talk(owner, "Where?", "Here.", "pages")
    add_faq(owner.database, owner.site_id, "Where?", "Here.")
    with owner.database.session() as session:
        other = add_site(session, "Other").key
        number = describe_entries(session, owner.site_id)[0]["document"]
    browser = owner.browser("owner")
    for path in (
        f"conversations/{conversation}",
        f"knowledge/document/{number}",
        f"faq?edit={number}",
    ):
        assert browser.get(f"/admin/{other}/{path}").status_code == 404, path
    assert post(f"/admin/{other}/faq/{number}/delete").status_code == 404
    assert browser.get("/admin/none/conversations").status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_speak_the_readers_language(owner: OwnerServer, language: str) -> None:
    browser = owner.browser("owner")
    page = browser.get(f"/admin/{owner.key}/faq", headers={"Accept-Language": language}).text
    assert f'<html lang="{language}">' in page
    assert ("Vos réponses" if language == "fr" else "Own answers") in page
    browser.get(f"/admin/{owner.key}/faq?locale=fr")
    assert "Vos réponses" in browser.get(f"/admin/{owner.key}/faq").text


def test_what_is_not_there_is_said_on_a_page(owner: OwnerServer, post: Post) -> None:
    for browser in (owner.browser("owner"), owner.browser(None)):
        for path in ("/admin/non/sense", f"/admin/{owner.key}/faq/1/delete"):
            page = browser.get(path)
            assert page.status_code == 404
            assert "There is nothing at this address" in page.text
            assert page.mimetype == "text/html"
    too_large = post("/admin/KEY/messages/1/delete", text="x" * 10**6)
    assert too_large.status_code in (404, 413)
    assert too_large.mimetype == "text/html"
    assert post("/admin/non/sense").status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_not_there_leads_to_a_page_and_not_to_the_terminal(
    owner: OwnerServer, language: str
) -> None:
    browser, headers = owner.browser("owner"), ORIGIN | {"Accept-Language": language}
    form = {"action": "remove", "role": "reader", "account": "4711", "remove": "4711"}
    talk(owner, "Do you juggle?", "", "none")
    group = browser.get(f"/admin/{owner.key}/unanswered").text.split("group-")[1].split('"')[0]
    paths = {(f"/admin/{owner.key}/unanswered/{group}", "POST"), ("/admin/none/faq", "GET")}
    paths |= {(path, method) for _, method, path in owner.routes() if "logout" not in path}
    paths -= {
        (f"/admin/{owner.key}/delete", "POST"),  # all else would be of no site
        (f"/admin/{owner.key}/messages/test", "POST"),  # a mail server is set in the terminal
    }
    problems = set()
    for path, method in sorted(paths):
        page = browser.open(
            path, method=method, headers=headers, data=form if method == "POST" else None
        )
        if page.status_code >= 400:
            problems.add(page.text.split('role="alert">')[1].split("<")[0])
    assert {text for text in problems if "chatbot-server" in text or "argument" in text} == set()
    assert ("Pages lues" if language == "fr" else "Pages read") in "".join(problems)
