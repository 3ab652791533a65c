"""What changed of a text that the chatbot reads, and putting the version before back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.servers.owner_server import ORIGIN, OwnerServer
from support.servers.web_site import WebSite
from support.sites.crawling import run_crawl
from werkzeug.test import TestResponse

from chatbot_server.retrieval.curate.library import add_note, add_site
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.owners.audit import entries_before

Post = Callable[..., TestResponse]
EVIL = "<script>alert(1)</script>"


class CrawledPage:
    """A page of a site, and the owner's pages about it."""

    def __init__(self, owner: OwnerServer, web: WebSite) -> None:
        self.owner, self.web = owner, web
        self.source = add_site(owner.database, owner.site_id, web.address)
        self.path = ""

    def says(self, text: str) -> None:
        self.web.put("/", "Prices", text)
        run_crawl(self.owner.database, self.source)
        with self.owner.database.session() as session:
            (row,) = documents_of(session, self.owner.site_id, self.source)
        self.path = f"/admin/{self.owner.key}/knowledge/document/{row.id}"

    def shown(self, role: str = "reader", path: str = "") -> str:
        browser = self.owner.browser("editor" if role == "editor" else "reader")
        return browser.get(path or self.path).text

    @property
    def digest(self) -> str:
        return self.shown("editor").split('name="digest" value="')[1].split('"')[0]


@pytest.fixture
def page(owner: OwnerServer, web: WebSite) -> CrawledPage:
    page = CrawledPage(owner, web)
    page.says("A loaf costs 4 euros.")
    assert "What changed" not in page.shown("editor")
    page.says("A loaf costs 40 euros.")
    return page


def test_changed_words_are_marked_for_eyes_and_ears(page: CrawledPage) -> None:
    shown = page.shown()
    assert '<del><span class="sr">removed: </span>4</del>' in shown
    assert '<ins><span class="sr">added: </span>40</ins>' in shown
    assert "1 word added, 1 word removed" in shown
    assert "the previous version on" in shown
    assert "Put the version" not in shown, "readers look"
    french = page.owner.browser("reader").get(f"{page.path}?locale=fr").text
    assert "1 mot ajouté, 1 mot retiré" in french
    listed = page.shown(path=f"/admin/{page.owner.key}/knowledge?source={page.source}")
    assert page.path in listed.split('id="changes"')[1]


def test_a_version_is_put_back_and_the_pages_say_so(page: CrawledPage, post: Post) -> None:
    knowledge, home = (f"/admin/{page.owner.key}/{name}" for name in ("knowledge", ""))
    answer = post(page.path, action="back", digest=page.digest)
    assert answer.status_code == 303
    shown = page.shown(path=answer.location)
    assert "A loaf costs 4 euros.</pre>" in shown
    assert "Answers use this text from now on." in shown
    assert "What is marked here as added is not used." in shown
    page.says("A loaf costs 40 euros.")
    assert "A loaf costs 4 euros.</pre>" in page.shown()
    assert "1 text is used as it was put back" in page.shown(path=knowledge)
    page.says("A loaf costs 5 euros.")
    assert "A loaf costs 5 euros.</pre>" in page.shown()
    for path in (knowledge, home):
        assert "1 text that had been put back has changed again" in page.shown(path=path)
    assert post(page.path, action="accept").status_code == 303
    assert "changed again" not in page.shown(path=home)
    assert post(page.path, action="back", digest=page.digest).status_code == 303
    assert post(page.path, action="back", digest=page.digest).status_code == 303
    assert "A loaf costs 5 euros.</pre>" in page.shown(), "undone again"
    with page.owner.database.session() as session:
        actions = [(row.action, row.about) for row in entries_before(session)]
    assert actions.count(("change_text", "back Prices")) == 3


def test_what_cannot_be_put_back_is_told(page: CrawledPage, post: Post) -> None:
    former = page.digest
    page.says(f"A loaf costs 5 euros. {EVIL}".replace("<", "&lt;"))
    refused = post(page.path, action="back", digest=former)
    assert refused.status_code == 409
    assert "has changed meanwhile. Look at what changed" in refused.text
    assert EVIL not in refused.text
    assert post(page.path, action="burn").status_code == 400
    elsewhere = page.path.replace(page.path.rpartition("/")[2], "4711")
    assert post(elsewhere, action="back").status_code == 404
    add_note(page.owner.database, page.owner.site_id, "Dogs", "Welcome.")
    with page.owner.database.session() as session:
        note = documents_of(session, page.owner.site_id)[-1].id
    missing = post(f"/admin/KEY/knowledge/document/{note}", action="back")
    assert missing.status_code == 404
    assert "it has not changed since it was first read" in missing.text


def test_read_again_now_reads_the_pages_again(page: CrawledPage) -> None:
    page.web.put("/", "Prices", "A loaf costs 6 euros.")
    path = f"/admin/{page.owner.key}/knowledge/{page.source}"
    browser = page.owner.browser("editor")
    again = browser.post(path, data={"action": "again"}, headers=ORIGIN)
    assert again.location.endswith("/knowledge?done=again")
    run_crawl(page.owner.database, page.source)
    assert "A loaf costs 6 euros.</pre>" in page.shown()
