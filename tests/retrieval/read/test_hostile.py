"""Sites and files that mean harm, or are merely broken: bounded, reported, never followed inwards."""  # noqa: E501

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import httpcore
import pytest
from support.servers.web_site import WebSite, page

from chatbot_server.config.sections import RetrievalSection
from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.crawl import crawler as crawling
from chatbot_server.retrieval.crawl.crawler import Crawl, CrawlLimits
from chatbot_server.retrieval.crawl.fetch import Fetcher, FetchError
from chatbot_server.retrieval.crawl.sitemap import sitemap_addresses
from chatbot_server.retrieval.curate import jobs
from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.retrieval.read.charset import decoded
from chatbot_server.retrieval.read.extractor import ExtractError, Extractor
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.tables import KnowledgePage, KnowledgeSource

BROKEN = "http://[x"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def extractor() -> Iterator[Extractor]:
    made = Extractor(seconds=20)
    yield made
    made.close()


@pytest.fixture
def crawl(database: Database, site_id: int, web: WebSite) -> Callable[..., dict[str, str]]:
    """Crawls the site; why each page was not read, by path."""

    def run(max_pages: int = 100, max_bytes: int = 5_000_000) -> dict[str, str]:
        source = add_site(database, site_id, web.address)
        fetcher = Fetcher(private_hosts=["127.0.0.1"], max_bytes=max_bytes)
        extractor = Extractor()
        try:
            Crawl(database, fetcher, extractor, source, CrawlLimits(max_pages, 1e9)).run()
        finally:
            fetcher.close()
            extractor.close()
        with database.session() as session:
            pages = session.query(KnowledgePage).all()
            return {one.url.removeprefix(web.address): one.why for one in pages}

    return run


def texts(database: Database, site_id: int) -> str:
    with database.session() as session:
        return "\n".join(one.text for one in documents_of(session, site_id))


def pdf(*objects: bytes) -> bytes:
    """A PDF file of these objects, the first being its catalogue."""
    body, starts = b"%PDF-1.7\n", []
    for number, told in enumerate(objects, 1):
        starts.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, told)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    end = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return body + end + trailer % (len(objects) + 1, len(body))


CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def stream(data: bytes, times: int) -> bytes:
    """A stream packed *times* over."""
    for _ in range(times):
        data = zlib.compress(data, 9)
    filters = b"/FlateDecode" * times
    return b"<</Length %d/Filter[%s]>>stream\n%s\nendstream" % (len(data), filters, data)


# Made when they are wanted: the first takes seconds, and every process collects all tests.
BOMBS: dict[str, Callable[[], bytes]] = {
    "packed thrice": lambda: pdf(CATALOGUE, PAGES, PAGE, stream(b" " * 900_000_000, 3), FONT),
    "its own parent": lambda: pdf(CATALOGUE, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"),
    "deep": lambda: pdf(CATALOGUE, b"[" * 200_000 + b"]" * 200_000),
    "a million pages": lambda: pdf(
        CATALOGUE, b"<</Type/Pages/Kids[" + b"3 0 R " * 10**6 + b"]>>", PAGE
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_pdf_bomb_is_refused_in_words_and_the_next_file_is_read(
    extractor: Extractor, name: str
) -> None:
    with pytest.raises(ExtractError) as caught:
        extractor.read(BOMBS[name](), "pdf", "bomb.pdf", "file:bomb.pdf")
    assert str(caught.value)
    good = pdf(CATALOGUE, PAGES, PAGE, stream(b"BT /F 9 Tf (Open on Monday) Tj ET", 1), FONT)
    read = extractor.read(good, "pdf", "good.pdf", "file:good.pdf")
    assert "Open on Monday" in read.drafts[0].text


def test_text_without_end_is_read_no_further_than_the_page(extractor: Extractor) -> None:
    endless = b"BT /F 9 Tf " + b"(" + b"A" * 200 + b") Tj " * 2_000_000 + b"ET"
    file = pdf(CATALOGUE, PAGES, PAGE, stream(endless, 1), FONT)
    (draft,) = extractor.read(file, "pdf", "endless.pdf", "file:endless.pdf").drafts
    assert set(draft.text) == {"A"}
    assert len(draft.text) < 60_000


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([["93.184.216.34"], *repeat(["127.0.0.1"], 9)])
    connected: list[str] = []

    def resolve(host: str, port: int, **more: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in next(answers)]

    def connect(self: object, host: str, *more: object) -> httpcore.NetworkStream:
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    fetcher = Fetcher()
    for code in ("fetch_unreachable", "fetch_private"):
        with pytest.raises(FetchError) as caught:
            fetcher.get("http://rebinding.example/")
        assert caught.value.code == code
    fetcher.close()
    assert connected == ["93.184.216.34"]


@pytest.mark.parametrize("part", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n", b""])
def test_a_robots_txt_that_trickles_or_hangs_ends_the_crawl(
    database: Database, site_id: int, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    monkeypatch.setattr(crawling, "ROBOTS_SECONDS", 1.0)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def trickle() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(part)
                while not over.wait(0.1):
                    if part:
                        connection.sendall(b"a")

        thread = threading.Thread(target=trickle)
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        source = add_site(database, site_id, address)
        fetcher, extractor = Fetcher(private_hosts=["127.0.0.1"]), Extractor()
        with pytest.raises(ChatbotError) as caught:
            Crawl(database, fetcher, extractor, source).run()
        fetcher.close()
        over.set()
        thread.join()
    assert caught.value.code == "fetch_slow"
    with database.session() as session:
        assert session.get_one(KnowledgeSource, source).why == f"fetch_slow {address}robots.txt"


@on_sqlite
def test_a_sitemap_of_200000_entries_gives_as_many_pages_as_allowed(
    crawl: Callable[..., dict[str, str]], web: WebSite
) -> None:
    told = "".join(f"<url><loc>{web.address}/p/{number}</loc></url>" for number in range(200_000))
    web.pages["/sitemap.xml"] = (200, {}, f"<urlset>{told}</urlset>".encode())
    web.put("/p/0", "First", "The first page.")
    assert len(crawl(30)) == 30
    assert len([path for path in web.asked if path.startswith("/p/")]) == 29


def test_sitemaps_of_sitemaps_come_to_an_end() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        more = "".join(f"<sitemap><loc>{url}{at}</loc></sitemap>" for at in range(1000))
        return f"<sitemapindex>{more}</sitemapindex>".encode()

    assert list(sitemap_addresses(["https://s.example/"], fetch, 1000)) == []
    assert len(asked) <= 200


@on_sqlite
def test_a_page_of_10_mb_is_left_out_and_says_why(
    crawl: Callable[..., dict[str, str]], database: Database, site_id: int, web: WebSite
) -> None:
    web.put("/", "Home", 'Welcome. <a href="/big">big</a> <a href="/small">small</a>')
    web.pages["/big"] = (200, {"Content-Type": "text/html"}, page("Big", "word " * 2_000_000))
    web.put("/small", "Small", "A small page.")
    assert crawl()["/big"] == "fetch_big"
    assert "A small page." in texts(database, site_id)


@on_sqlite
@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("text/html; charset=utf-8", "cp1252"),
        ("text/html; charset=iso-8859-1", "cp1252"),
        ("text/html; charset=nonsense", "utf-8"),
        ("text/html", "cp1252"),
        ("text/html", "utf-8"),
        ("text/html; charset=iso-8859-1", "utf-8"),
    ],
)
def test_letters_are_right_whatever_charset_a_page_claims(
    crawl: Callable[..., dict[str, str]],
    database: Database,
    site_id: int,
    web: WebSite,
    declared: str,
    encoding: str,
) -> None:
    told = "Le magasin est fermé à Noël, l’été il est ouvert jusqu’à vingt heures."
    body = page("Été", told).decode().encode(encoding)
    web.pages["/"] = (200, {"Content-Type": declared}, body)
    crawl()
    assert told in texts(database, site_id)


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        ("Ouvert l’été\n".encode() * 9 + b"\xff", "cp1252", "Ouvert l’été\n" * 9 + "\ufffd"),
        ("Открыто летом".encode("cp1251"), "windows-1251", "Открыто летом"),
        ("<meta charset=koi8-r>Открыто".encode("koi8-r"), "", "<meta charset=koi8-r>Открыто"),
        ("Ouvert l’été".encode("utf-16"), "utf-8", "Ouvert l’été"),
        (b"caf\xe9 \x80", "latin-1", "café €"),
        (b"un caf\xe9 \xe0 la carte, d\xe8s midi", "zlib", "un café à la carte, dès midi"),
        (b"", "utf-8", ""),
    ],
)
def test_a_charset_is_believed_where_it_can_be_true(data: bytes, declared: str, text: str) -> None:
    assert decoded(data, declared) == text


@on_sqlite
def test_addresses_of_files_and_of_the_inside_are_never_asked_for(
    crawl: Callable[..., dict[str, str]], database: Database, site_id: int, web: WebSite
) -> None:
    targets = (
        "file:///etc/passwd",
        "http://169.254.169.254/latest",
        "http://[::1]:8080/",
        "ftp://x/",
    )
    listed = ["file:///etc/hosts", "http://169.254.169.254/", web.address + "/in-0"]
    told = "".join(f"<url><loc>{address}</loc></url>" for address in listed)
    web.pages["/sitemap.xml"] = (200, {}, f"<urlset>{told}</urlset>".encode())
    links = "".join(f'<a href="{target}">x</a>' for target in targets)
    web.put("/", "Home", links + "".join(f'<a href="/in-{at}">x</a>' for at in range(4)))
    for at, target in enumerate(targets):
        web.pages[f"/in-{at}"] = (302, {"Location": target}, b"")
    why = crawl()
    assert set(why) == {"/", "/in-0", "/in-1", "/in-2", "/in-3"}
    assert [why[f"/in-{at}"] for at in range(4)] == [
        "fetch_address file:///etc/passwd",
        "fetch_private 169.254.169.254",
        "fetch_private [::1]:8080",
        "fetch_address ftp://x/",
    ]
    assert "root:" not in texts(database, site_id)


@on_sqlite
def test_addresses_that_are_none_spoil_nothing_else(
    crawl: Callable[..., dict[str, str]], database: Database, site_id: int, web: WebSite
) -> None:
    web.pages["/robots.txt"] = (200, {}, b"Sitemap: http://[x\n")
    head = f'<title>Home</title><link rel=canonical href="{BROKEN}"><base href="{BROKEN}">'
    text = f'<p>We open at nine.</p><a href="{BROKEN}">x</a><a href="/moved">y</a>'
    told = f"<html lang=en><head>{head}</head><body>{text}</body></html>"
    web.pages["/"] = (200, {"Content-Type": "text/html"}, told.encode())
    web.pages["/moved"] = (302, {"Location": BROKEN}, b"")
    assert crawl() == {"/": "", "/moved": "fetch_address http://[x"}
    assert "We open at nine." in texts(database, site_id)


@on_sqlite
def test_a_site_that_breaks_the_crawler_keeps_no_other_unread(
    database: Database, site_id: int, web: WebSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add_site(database, site_id, "https://first.example/")
    add_site(database, site_id, web.address)
    web.put("/", "Home", "We open at nine.")
    robots = Crawl._read_robots

    def breaking(self: Crawl) -> None:
        if "first" in self._frontier.start:
            raise ZeroDivisionError
        robots(self)

    monkeypatch.setattr(Crawl, "_read_robots", breaking)
    settings = RetrievalSection(
        private_hosts=("127.0.0.1",), requests_per_second=50, semantic="off"
    )
    assert jobs.crawl_due(database, settings, tmp_path) == 1
    assert "We open at nine." in texts(database, site_id)


def test_redirects_in_a_circle_come_to_an_end(web: WebSite) -> None:
    web.pages["/endless"] = (302, {"Location": "/endless"}, b"")
    fetcher = Fetcher(private_hosts=["127.0.0.1"])
    fetcher.allow_port_of(web.address)
    with pytest.raises(FetchError) as caught:
        fetcher.get(web.address + "/endless")
    fetcher.close()
    assert caught.value.code == "fetch_redirects"
