"""Words and addresses of other alphabets: shown as the owner wrote them, found as visitors type."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from support.servers.web_site import WebSite
from support.sites.crawling import run_crawl

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.library import add_faq, add_note, add_site
from chatbot_server.retrieval.language.text import clean
from chatbot_server.retrieval.read import urls
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.pages import page_counts

TRAVELLING = "xn--bcher-kva.example"


def crawl(database: Database, site_id: int, address: str) -> dict[str, int]:
    """Counts of the site's pages by state."""
    source = add_site(database, site_id, address)
    run_crawl(database, source, hosts=["127.0.0.1", TRAVELLING])
    with database.session() as session:
        return page_counts(session, source)


def test_an_owner_s_answer_is_shown_letter_by_letter(database: Database, site_id: int) -> None:
    told = "❤️ merci, 👨‍👩‍👧 ! می‌خواهم"
    add_faq(database, site_id, "Can I bring my family?", told)
    base = KnowledgeBase(database)
    assert base.ground(site_id, "Can I bring my family?").answer == told


def test_a_word_is_found_with_and_without_its_joiner(database: Database, site_id: int) -> None:
    add_note(database, site_id, "Note", "می‌خواهم")
    base = KnowledgeBase(database)
    assert base.search(site_id, "می‌خواهم")
    assert base.search(site_id, "میخواهم")


def test_what_parts_words_on_a_page_does_not_join_them() -> None:
    assert clean("one\x0ctwo\x85three\u2028four \r\n\r\n\n five") == "one two three\nfour\n\nfive"


def test_one_spelling_of_an_international_name() -> None:
    assert urls.canonical("http://Bücher.example/") == f"http://{TRAVELLING}/"
    assert urls.same_site("http://www.bücher.example/x", f"https://{TRAVELLING.upper()}")
    assert urls.canonical("http://ü..example/") is None


def test_a_site_with_an_accent_in_its_name_is_crawled(
    database: Database, site_id: int, web: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def local(host: str, *more: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == TRAVELLING else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", local)
    port = web.address.rpartition(":")[2]
    name = f"http://bücher.example:{port}"
    web.put("/", "Home", f'Welcome. <a href="{name}/books">books</a> <a href="/moved">more</a>')
    web.put("/books", "Books", "All books.")
    web.pages["/moved"] = (301, {"Location": f"http://{TRAVELLING}:{port}/new"}, b"")
    web.put("/new", "New", "New books.")
    crawl(database, site_id, name)
    with database.session() as session:
        titles = {found.title for found in documents_of(session, site_id)}
    assert titles == {"Home", "Books", "New"}


def test_a_tag_in_any_letters_is_sent_back(database: Database, site_id: int, web: WebSite) -> None:
    web.put("/", "Home", "Welcome.", ETag='"état"')
    assert crawl(database, site_id, web.address) == {"read": 1}
    assert crawl(database, site_id, web.address) == {"unchanged": 1}
