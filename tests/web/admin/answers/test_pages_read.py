"""What the chatbot reads: texts, files and addresses, and what was lost of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from support.servers.owner_server import OwnerServer
from werkzeug.test import TestResponse

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.base import Passage
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.service.jobs import files
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.sources import get_source, open_source, sources_of
from chatbot_server.storage.knowledge.tables import KnowledgePage, KnowledgeReading
from chatbot_server.storage.owners.audit import entries_before
from chatbot_server.storage.site.sites import add_site

Post = Callable[..., TestResponse]


def test_a_text_a_file_and_an_address_are_read(owner: OwnerServer, post: Post) -> None:
    assert post("/admin/KEY/knowledge", title="Parking", text="Parking is free.").status_code == 303
    file = (io.BytesIO(b"# Prices\n\nA loaf costs 4 euros."), "../prices.md")
    assert post("/admin/KEY/knowledge", file=file).status_code == 303
    assert post("/admin/KEY/knowledge", address="https://example.org/shop").status_code == 303
    for form in ({}, {"text": "no title"}, {"address": "not a web address"}):
        assert post("/admin/KEY/knowledge", **form).status_code == 400, form
    several = [(io.BytesIO(b"Never kept."), "notes.txt"), (io.BytesIO(b"MZ"), "virus.exe")]
    assert "virus.exe is of a kind" in post("/admin/KEY/knowledge", file=several).text
    assert "notes.txt" not in owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    two = [(io.BytesIO(f"{name} is red.".encode()), f"{name}.txt") for name in ("Ann", "Bo")]
    assert post("/admin/KEY/knowledge", file=two).status_code == 303
    scan = (io.BytesIO(b"%PDF-1.7 nothing here"), "menu \u201cété\u201d.pdf")
    assert post("/admin/KEY/knowledge", file=scan).status_code == 303
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    assert page.count('data-live="open"') == 5
    files(owner.config, owner.database)
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    assert page.count('data-live="open"') == 1
    assert "menu \u201cété\u201d.pdf is damaged and cannot be read." in page
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge?q=loaf price").text
    assert "A loaf costs 4 euros." in page
    assert "https://example.org/shop" in page


def test_a_search_lists_nothing_that_has_next_to_nothing_to_do_with_it(
    owner: OwnerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = {"Bread": 0.006, "Roof": 0.0049}
    found = [Passage(1, name, "", "", f"{name} text.", score) for name, score in scores.items()]
    monkeypatch.setattr(KnowledgeBase, "search", lambda *_: found)
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge?q=loaf").text
    assert "Bread text." in page
    assert "Roof text." not in page
    assert "1 %" in page or "1%" in page
    found.pop(0)
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge?q=loaf").text
    assert "Nothing that was read is about this." in page


def test_a_site_that_waits_for_another_ones_crawl_says_so(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        other = add_site(session, "Large")
        large = open_source(session, other.id, "site", "https://large.example/")
        large.started = 100
        open_source(session, owner.site_id, "site", "https://small.example/")
    browser, root = owner.browser("owner"), f"/admin/{owner.key}"
    assert "read after https://large.example/" in browser.get(f"{root}/knowledge").text
    for name in ("pages", "trial"):
        page = browser.get(f"{root}/{name}?setup=yes").text
        assert "One site is read at a time: https://large.example/ is being read" in page
    assert "read after" not in browser.get(f"/admin/{other.key}/knowledge").text
    with owner.database.session() as session:
        get_source(session, other.id, large.id).finished = 200
    assert "being read</strong>" in browser.get(f"{root}/knowledge").text
    assert "Looking for pages" in browser.get(f"{root}/pages").text


def test_what_was_lost_in_reading_is_shown_and_that_nothing_is_left(owner: OwnerServer) -> None:
    with owner.database.session() as session:
        source = open_source(session, owner.site_id, "site", "https://example.org/")
        page = KnowledgePage(source_id=source.id, url="https://example.org/<b>", state="read")
        session.add(page)
        session.flush()
        lost = json.dumps(["01 23 45 67 89", "<script>alert(1)</script>"])
        words = dict.fromkeys(("title", "site_name", "language", "digest", "blocks"), "")
        session.add(KnowledgeReading(page_id=page.id, lost=lost, **words))
    shown = owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    assert "dates): 2, pages: 1" in shown
    assert "<li>01 23 45 67 89, &lt;script&gt;" in shown
    assert "https://example.org/&lt;b&gt;" in shown
    assert "Nothing could be read" in shown
    add_note(owner.database, owner.site_id, "Parking", "It is free.")
    shown = owner.browser("reader").get(f"/admin/{owner.key}/knowledge").text
    assert "Nothing could be read" not in shown


def test_one_text_of_several_is_removed(owner: OwnerServer, post: Post) -> None:
    for title in ("Parking", "Dogs"):
        form = {"title": title, "text": f"{title}: yes."}
        assert post("/admin/KEY/knowledge", **form).status_code == 303
    page = owner.browser("editor").get(f"/admin/{owner.key}/knowledge?source=1").text
    actions = [part.split('"')[0] for part in page.split('action="') if "/delete" in part[:80]]
    assert len(actions) == 2
    assert post(actions[0]).status_code == 303
    left = owner.browser("editor").get(f"/admin/{owner.key}/knowledge?source=1").text
    assert "Parking" not in left
    assert "Dogs" in left


def test_a_refused_file_is_told_without_what_was_done_before(
    owner: OwnerServer, post: Post
) -> None:
    address = "/admin/KEY/knowledge?done=added&locale=en"
    assert "Added." in owner.browser("reader").get(address.replace("KEY", owner.key)).text
    refused = post(address, file=(io.BytesIO(b"MZ"), "virus.exe")).text
    assert "virus.exe is of a kind" in refused
    assert "Added." not in refused
    post(address, file=(io.BytesIO(b"no pdf at all"), "menu.pdf"))
    files(owner.config, owner.database)
    page = owner.browser("reader").get(f"/admin/{owner.key}/knowledge?locale=en").text
    assert '<p class="warning">menu.pdf is ' in page
    assert " read " not in page.partition("File · ")[2].partition("</p>")[0], "it was not read"


def test_the_log_says_what_was_added_and_removed(owner: OwnerServer, post: Post) -> None:
    post("/admin/KEY/knowledge", file=(io.BytesIO(b"Ann is red."), "ann.txt"))
    post("/admin/KEY/knowledge", address="https://example.org/shop")
    post("/admin/KEY/knowledge", title="Parking", text="Parking is free.")
    with owner.database.session() as session:
        site = next(row for row in sources_of(session, owner.site_id) if row.kind == "site")
        note = next(row for row in sources_of(session, owner.site_id) if row.kind == "note")
        (text,) = documents_of(session, owner.site_id, note.id)
    post(f"/admin/KEY/knowledge/{site.id}", action="pause")
    post(f"/admin/KEY/knowledge/{note.id}/{text.id}/delete")
    with owner.database.session() as session:
        told = [(row.action, row.about) for row in entries_before(session)]
    assert told[:5] == [
        ("remove_text", "Parking"),
        ("change_source", "pause https://example.org/shop"),
        ("add_source", "Parking"),
        ("add_source", "https://example.org/shop"),
        ("add_source", "ann.txt"),
    ]
    post(f"/admin/KEY/knowledge/{site.id}", action="remove")
    page = owner.browser("owner").get("/admin/log?locale=fr").text
    assert "a changé une source\u00a0: Supprimer · https://example.org/shop" in page
    assert "a changé une source\u00a0: Suspendre · https://example.org/shop" in page
