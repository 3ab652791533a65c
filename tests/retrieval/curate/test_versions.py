"""The version before of a text: what changed since, putting it back, and the crawls after that."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from support.servers.web_site import WebSite
from support.sites.crawling import run_crawl

from chatbot_server.errors import Conflict, NotFound
from chatbot_server.retrieval.curate.library import (
    add_faq,
    add_note,
    add_site,
    remove_document,
    remove_source,
)
from chatbot_server.retrieval.curate.versions import (
    MOST_COMPARED,
    MOST_SHOWN,
    accept_text,
    document_changes,
    find_version,
    lines_of,
    put_version_back,
    text_changes,
)
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgeSource
from chatbot_server.storage.knowledge.versions import KnowledgeVersion, changed_texts
from chatbot_server.storage.site.sites import add_site as add_owner_site

GOOD, BAD, NEWER = (f"A loaf costs {price} euros." for price in (4, 40, 5))


@pytest.fixture
def site_id(database: Database) -> int:
    with database.session() as session:
        return add_owner_site(session, "Bakery").id


class Page:
    """A page of a site that is crawled again and again."""

    def __init__(self, database: Database, site_id: int, web: WebSite) -> None:
        self.database, self.site_id, self.web = database, site_id, web
        self.source = add_site(database, site_id, web.address)

    def says(self, text: str) -> str:
        """The text as the chatbot reads it, after the page says *text* and is crawled."""
        self.web.put("/", "Prices", text)
        run_crawl(self.database, self.source)
        return self.text

    @property
    def document(self) -> KnowledgeDocument:
        with self.database.session() as session:
            (row,) = documents_of(session, self.site_id, self.source)
            return row

    @property
    def text(self) -> str:
        """Without its heading."""
        return self.document.text.rpartition("\n")[2]

    @property
    def state(self) -> str:
        """Of the version before; empty: there is none."""
        with self.database.session() as session:
            return next((row.state for row in changed_texts(session, self.source, 10)), "")

    def put_back(self, digest: str | None = None) -> bool:
        """Whether a text is used again that had been taken back."""
        ids = self.site_id, self.source, self.document.id
        return bool(put_version_back(self.database, *ids, digest=digest, who="Ann")["again"])


@pytest.fixture
def page(database: Database, site_id: int, web: WebSite) -> Page:
    page = Page(database, site_id, web)
    assert page.says(GOOD) == GOOD
    assert page.state == "", "what one crawl stores twice is no change"
    return page


def test_a_version_is_put_back_until_the_page_changes_again(page: Page) -> None:
    assert page.says(BAD) == BAD
    assert page.state == "replaced"
    with page.database.session() as session:
        document, version = find_version(session, page.site_id, page.source, page.document.id)
        changes = document_changes(document, version)
    pieces = (("same", "A loaf costs"), ("removed", "4"), ("added", "40"), ("same", "euros."))
    assert (changes.added, changes.removed, changes.lines[-1]) == (1, 1, pieces)
    assert page.put_back() is False
    assert (page.text, page.state) == (GOOD, "undone")
    assert page.says(BAD) == GOOD, "the page is as it was when somebody took it back"
    assert page.state == "undone"
    assert page.says(NEWER) == NEWER
    assert page.state == "overtaken", "so that the owner is told"
    assert page.put_back() is False
    assert page.text == GOOD


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_the_first_crawl_stores_twice_is_no_change(
    database: Database, site_id: int, web: WebSite
) -> None:
    """A text is stored with what all pages say, and once more without."""
    for path in ("/", "/a", "/b"):
        text = f"<h1>Page {path}</h1><p>Text of {path}.</p><a href=/a>a</a> <a href=/b>b</a>"
        html = f"<html lang=en><title>{path}</title><main>{text}</main><footer>Call 01 23 45 67 89"
        web.pages[path] = (200, {"Content-Type": "text/html"}, html.encode())
    source = add_site(database, site_id, web.address)
    run_crawl(database, source)
    with database.session() as session:
        assert len(documents_of(session, site_id, source)) == 4
        assert changed_texts(session, source, 10) == []


def test_putting_back_is_undone(page: Page) -> None:
    page.says(BAD)
    page.put_back()
    assert page.put_back() is True
    assert (page.text, page.state) == (BAD, "replaced")
    assert page.says(BAD) == BAD
    assert page.says(GOOD) == GOOD


def test_the_new_text_may_be_said_to_be_right(page: Page) -> None:
    page.says(BAD)
    page.put_back()
    page.says(NEWER)
    accept_text(page.database, page.site_id, page.source, page.document.id)
    assert (page.text, page.state) == (NEWER, "replaced")
    page.put_back()
    accept_text(page.database, page.site_id, page.source, page.document.id)
    assert page.state == "undone", "that was not overtaken"


def test_a_version_that_is_gone_meanwhile_is_not_put_back(page: Page) -> None:
    with pytest.raises(NotFound):
        page.put_back()
    page.says(BAD)
    with page.database.session() as session:
        digest = session.query(KnowledgeVersion).one().digest
    page.says(NEWER)
    with pytest.raises(Conflict):
        page.put_back(digest=digest)
    assert page.text == NEWER


def test_putting_back_during_a_crawl_lasts(page: Page) -> None:
    page.says(BAD)
    with page.database.session() as session:
        source = session.get_one(KnowledgeSource, page.source)
        source.finished = None
        source.started = int(time.time()) - 1
    assert page.put_back() is False
    assert (page.text, page.state) == (GOOD, "undone")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_text_that_is_gone_takes_its_version_before_along(
    database: Database, site_id: int
) -> None:
    for title in ("Prices", "Hours"):
        for text in (GOOD, BAD):
            add_note(database, site_id, title, text)
    with database.session() as session:
        source_id = open_source(session, site_id, "note").id
        note = documents_of(session, site_id, source_id)[0]
    remove_document(database, site_id, source_id, note.id)
    with database.session() as session:
        assert [row.title for row in session.query(KnowledgeVersion)] == ["Hours"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_given_again_by_hand_is_taken(database: Database, site_id: int) -> None:
    for text in (GOOD, BAD):
        add_note(database, site_id, "Prices", text)
    with database.session() as session:
        source_id = open_source(session, site_id, "note").id
        (note,) = documents_of(session, site_id, source_id)
    put_version_back(database, site_id, source_id, note.id)
    assert add_note(database, site_id, "Prices", BAD)
    with database.session() as session:
        assert session.get_one(KnowledgeDocument, note.id).text == BAD
        assert session.query(KnowledgeVersion).one().state == "replaced"
        remove_source(database, site_id, source_id)
    with database.session() as session:
        assert session.query(KnowledgeVersion).count() == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_own_answer_leaves_no_version_before(database: Database, site_id: int) -> None:
    for answer in (GOOD, BAD):
        add_faq(database, site_id, "What does a loaf cost?", answer)
    with database.session() as session:
        assert session.query(KnowledgeVersion).count() == 0


SHOWN: list[tuple[str, str, list[str]]] = [
    ("Open.\nClosed.", "Open.\nClosed.", []),
    ("One two three.", "Four five six.", ["-One two three.", "+Four five six."]),
    ("a b c\nd e f", "a b c\nd e f\ng", ["d e f", "+g"]),
    (
        "Menu\nx\ny\nz\nBye",
        "Menü\nx\ny\nz\nCiao",
        ["-Menu", "+Menü", "x", "", "z", "-Bye", "+Ciao"],
    ),
    ("open from 9 to 6", "open from 9 to 7 today", ["open from 9 to|-6|+7 today"]),
]


@pytest.mark.parametrize(("before", "after", "shown"), SHOWN)
def test_changes_are_shown_line_by_line(before: str, after: str, shown: list[str]) -> None:
    signs = {"same": "", "added": "+", "removed": "-"}
    changes = text_changes(before.split("\n"), after.split("\n"))
    assert changes.is_whole
    assert ["|".join(signs[mark] + text for mark, text in line) for line in changes.lines] == shown


def test_a_change_far_down_is_found() -> None:
    lines = [str(number) for number in range(9000)]
    changes = text_changes([*lines, "old"], [*lines, "new"])
    assert changes.lines == ((("same", "8999"),), (("removed", "old"),), (("added", "new"),))
    assert changes.is_whole


def test_of_a_long_paragraph_only_the_sentences_that_changed_are_shown() -> None:
    sentences = [f"The room number {number} costs {number} euros a night." for number in range(60)]
    versions = []
    for price in (7, 8):
        sentences[40] = f"Breakfast costs {price} euros."
        row = KnowledgeVersion(title="Rooms", wordings=[], text=" ".join(sentences))
        versions.append(lines_of(row))
    pieces = [piece for line in text_changes(*versions).lines for piece in line]
    assert ("removed", "7") in pieces
    assert len(pieces) == 6


HOSTILE: dict[str, Callable[[int], str]] = {
    "other": lambda number: f"{number}",
    "same": lambda _number: "x",
    "few": lambda number: f"{number % 7}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_long_texts_are_compared_in_bounded_time(kind: str) -> None:
    make = HOSTILE[kind]
    before = [make(number) for number in range(50_000)]
    after = ["word " * 100_000, *(make(number) for number in range(50_000, 0, -1)), "end"]
    start = time.process_time()
    changes = text_changes(before, after)
    assert time.process_time() - start < 5
    assert not changes.is_whole
    assert len(changes.lines) <= MOST_SHOWN < MOST_COMPARED
    assert max(len(text) for line in changes.lines for _mark, text in line) < 10_000
    assert changes.added >= 100_000
