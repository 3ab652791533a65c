"""Pages that say they are none, though their server calls them pages, are never quoted."""

from __future__ import annotations

import pytest
from support.servers.web_site import WebSite, page
from support.sites.crawling import run_crawl

from chatbot_server.retrieval.crawl.crawler import CrawlLimits
from chatbot_server.retrieval.crawl.fetch import Fetcher, in_utf8
from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.retrieval.read.html.not_found import is_not_found
from chatbot_server.retrieval.read.html_page import read_html
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.tables import KnowledgePage

FAST = CrawlLimits(max_pages=50, requests_per_second=1000)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_that_says_it_is_none_is_one_that_is_gone(
    database: Database, site_id: int, web: WebSite
) -> None:
    web.put("/", "Home", 'Welcome. <a href="/old">old</a> <a href="/menu">menu</a>')
    web.put("/menu", "Menu", "Soup is 6 €.")
    web.other = lambda path: (
        (404, {}, b"") if path.endswith((".txt", ".xml"))
        else (200, {"Content-Type": "text/html"}, page("Oops!", "This page could not be found."))
    )  # fmt: skip
    source = add_site(database, site_id, web.address)
    run_crawl(database, source, FAST)
    del web.pages["/menu"]
    run_crawl(database, source, FAST)
    with database.session() as session:
        assert {each.title for each in documents_of(session, site_id)} == {"Home", "Menu"}
    run_crawl(database, source, FAST)
    with database.session() as session:
        assert {each.title for each in documents_of(session, site_id)} == {"Home"}
        pages = {each.url.rpartition("/")[2]: each for each in session.query(KnowledgePage)}
        whys = {name: (each.state, each.why) for name, each in pages.items()}
    assert whys["old"] == whys["menu"] == ("gone", "crawl_gone")


@pytest.mark.parametrize(
    "text",
    [
        "Error 404",
        "404 Not Found",
        "404 – Page not found | The Mill",
        "Oops! That page can’t be found.",
        "We couldn't find the page you were looking for",
        "Sorry, this page doesn't exist anymore.",
        "Oups ! Cette page est introuvable.",
        "Page non trouvée – Mairie de Saint-Aubin",
        "La page que vous recherchez n’existe pas ou plus.",
        "Erreur 404 : la page demandée n'existe pas",
        "Seite nicht gefunden",
        "Página no encontrada",
    ],
)
def test_a_page_says_in_many_words_that_it_is_none(text: str) -> None:
    assert is_not_found(text)


@pytest.mark.parametrize(
    "text",
    [
        "404",
        "Restaurant 404",
        "Lost and found",
        "Not found",
        "Objets trouvés",
        "What if a page is not found?",
        "Nos livres introuvables",
        "The page of our club",
    ],
)
def test_other_pages_have_something_to_say(text: str) -> None:
    assert not is_not_found(text)


def test_a_page_with_much_to_say_is_one_whatever_it_is_called() -> None:
    for text, is_none in (("Go home.", True), ("All that we know of it is told. " * 40, False)):
        body = page("Page not found", text)
        assert read_html(body, "p", "https://s.example/p", "")["not_found"] is is_none


def test_odd_answers_are_taken_as_browsers_take_them(web: WebSite) -> None:
    target = "/café".encode().decode("latin-1")
    web.pages["/old"] = (302, {"Location": target}, b"")
    web.pages["/caf%C3%A9"] = (200, {}, b"\xef\xbb\xbf\r\n<!doctype html><p>Open.</p>")
    fetcher = Fetcher(private_hosts=["127.0.0.1"])
    fetcher.allow_port_of(web.address)
    response = fetcher.get(web.address + "/old")
    fetcher.close()
    assert (response.status, response.media_type) == (200, "text/html")
    assert in_utf8("/caf\xe9") == "/caf\xe9"
