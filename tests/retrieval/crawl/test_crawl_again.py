"""Later crawls: what a site no longer shows is quoted no longer, and what comes back is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.servers.web_site import WebSite
from support.sites.crawling import run_crawl

from chatbot_server.config.sections import RetrievalSection
from chatbot_server.retrieval.crawl import crawler as crawling
from chatbot_server.retrieval.crawl import frontier
from chatbot_server.retrieval.curate import jobs
from chatbot_server.retrieval.curate.choosing import choose_pages
from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.tables import KnowledgePage, KnowledgeSource

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Told = dict[str, tuple[str, str]]


@pytest.fixture
def crawl(database: Database, site_id: int, web: WebSite) -> Callable[[], Told]:
    """Crawls the site; state and reason of each page, by path."""

    def run() -> Told:
        source = add_site(database, site_id, web.address)
        run_crawl(database, source)
        with database.session() as session:
            pages = session.query(KnowledgePage).all()
            return {one.url.removeprefix(web.address): (one.state, one.why) for one in pages}

    return run


@pytest.fixture
def quoted(database: Database, site_id: int) -> Callable[[], bool]:
    """Whether the page about workshops is still answered from."""

    def quoted() -> bool:
        with database.session() as session:
            return any("Workshops" in one.text for one in documents_of(session, site_id))

    return quoted


@pytest.fixture
def shop(web: WebSite, crawl: Callable[[], Told], quoted: Callable[[], bool]) -> WebSite:
    """A site of two pages that was read once."""
    web.put("/", "Home", 'Welcome. <a href="/w">workshops</a>')
    web.put("/w", "Workshops", "Workshops are on Saturday at ten.")
    crawl()
    assert quoted()
    return web


def test_what_the_owner_left_out_is_forgotten_until_it_is_wanted_again(
    shop: WebSite,
    crawl: Callable[[], Told],
    quoted: Callable[[], bool],
    database: Database,
    site_id: int,
) -> None:
    with database.session() as session:
        source = session.query(KnowledgeSource).one()
        assert choose_pages(session, site_id, source.id, ["/w"], []) == 1
    shop.asked.clear()
    assert crawl()["/w"] == ("skipped", "crawl_unwanted")
    assert not quoted()
    assert "/w" not in shop.asked
    assert crawl()["/w"] == ("skipped", "crawl_unwanted"), "also a day later"
    with database.session() as session:
        choose_pages(session, site_id, session.query(KnowledgeSource).one().id, ["/w"], ["/w"])
    assert crawl()["/w"][0] == "read"
    assert quoted()


@pytest.mark.parametrize(
    ("answer", "state", "why"),
    [
        ((404, {}, b""), "gone", "crawl_gone"),
        ((403, {}, b""), "failed", "crawl_refused"),
        ((200, {"Content-Type": "image/png"}, b"\x89PNG"), "skipped", "crawl_type"),
        ((302, {"Location": "http://10.0.0.1/"}, b""), "failed", "fetch_private 10.0.0.1"),
        (
            (302, {"Location": "file:///etc/passwd"}, b""),
            "failed",
            "fetch_address file:///etc/passwd",
        ),
        ((302, {"Location": "/w"}, b""), "failed", "fetch_redirects"),
        ((200, {"Content-Type": "application/pdf"}, b"%PDF"), "failed", "extract_broken"),
    ],
)
def test_what_is_no_page_twice_in_a_row_is_quoted_no_longer_until_it_is_back(
    crawl: Callable[[], Told],
    quoted: Callable[[], bool],
    shop: WebSite,
    answer: tuple[int, dict[str, str], bytes],
    state: str,
    why: str,
) -> None:
    good, shop.pages["/w"] = shop.pages["/w"], answer
    crawl()
    assert quoted()
    assert crawl()["/w"] == (state, why)
    assert not quoted()
    # Its ETag is that of old: a 304 must not pass for a page that is still known.
    shop.pages["/w"] = good
    assert crawl()["/w"] == ("read", "")
    assert quoted()


def test_what_robots_txt_forbids_is_quoted_no_longer_at_once(
    crawl: Callable[[], Told], quoted: Callable[[], bool], shop: WebSite
) -> None:
    shop.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /w\n")
    assert crawl()["/w"] == ("skipped", "crawl_forbidden")
    assert not quoted()
    del shop.pages["/robots.txt"]
    crawl()
    assert quoted()


def test_a_page_that_fails_is_quoted_for_a_week(
    crawl: Callable[[], Told], quoted: Callable[[], bool], shop: WebSite
) -> None:
    shop.pages["/w"] = (503, {}, b"")
    for _ in range(crawling.MAX_FAILURES - 1):
        assert crawl()["/w"] == ("failed", "crawl_status")
        assert quoted()
    crawl()
    assert not quoted()


def test_a_page_that_stays_away_is_asked_for_no_more_in_the_end(
    crawl: Callable[[], Told], shop: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontier, "GIVEN_UP", 3)
    del shop.pages["/w"]
    for _ in range(3):
        assert "/w" in crawl()
    shop.asked.clear()
    assert "/w" not in crawl()
    assert "/w" not in shop.asked


def test_a_site_that_has_lost_its_pages_is_named_in_the_log(
    database: Database, site_id: int, tmp_path: Path, caplog: pytest.LogCaptureFixture, web: WebSite
) -> None:
    add_site(database, site_id, web.address)
    settings = RetrievalSection(private_hosts=("127.0.0.1",), requests_per_second=50)
    assert jobs.crawl_due(database, settings, tmp_path) == 1
    assert caplog.text.count("has no pages to answer from") == 1


def test_pages_that_call_each_other_their_original_are_not_lost(
    web: WebSite, crawl: Callable[[], Told]
) -> None:
    page = "<html><link rel=canonical href=/{}><title>T</title><p>Page {}. <a href=/b>b</a></html>"
    for path, other in (("/", "b"), ("/b", "")):
        body = page.format(other, path).encode()
        web.pages[path] = (200, {"Content-Type": "text/html"}, body)
    assert {path: state for path, (state, _why) in crawl().items()} == {
        "/": "skipped",
        "/b": "read",
    }


def test_a_page_is_read_where_the_address_it_names_as_its_own_leads_nowhere(
    web: WebSite, crawl: Callable[[], Told]
) -> None:
    head = "<link rel=canonical href=/https://old.example/>"
    body = f"<html><head>{head}<title>T</title></head><body><p>Open daily.</body></html>".encode()
    web.pages["/"] = (200, {"Content-Type": "text/html", "ETag": '"1"'}, body)
    for _ in range(2):
        told = crawl()
        assert told["/"][0] in ("read", "unchanged")
    body = b"<html><title>T</title><p>Read this instead.</html>"
    web.pages["/https://old.example/"] = (200, {"Content-Type": "text/html"}, body)
    web.pages["/"] = (200, {"Content-Type": "text/html"}, web.pages["/"][2])
    assert crawl()["/"] == ("skipped", "crawl_other_address")
    del web.pages["/https://old.example/"]
    assert crawl()["/"] == ("read", "")
