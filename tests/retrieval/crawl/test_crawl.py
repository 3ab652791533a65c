"""The crawler reads what it may, finds what is listed, and never goes astray."""

from __future__ import annotations

from itertools import pairwise

import pytest
from support.servers.web_site import WebSite, page
from support.sites.crawling import run_crawl

from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.crawl.addresses import is_public
from chatbot_server.retrieval.crawl.crawler import CrawlLimits
from chatbot_server.retrieval.crawl.fetch import Fetcher, FetchError
from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.retrieval.read import urls
from chatbot_server.retrieval.read.urls import Traps
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.tables import KnowledgePage, KnowledgeSource

FAST = CrawlLimits(max_pages=500, requests_per_second=50)


def crawl(
    database: Database, site_id: int, web: WebSite, limits: CrawlLimits = FAST
) -> dict[str, int]:
    source = add_site(database, site_id, web.address)
    return run_crawl(database, source, CrawlLimits(limits.max_pages, 1000))


def titles(database: Database, site_id: int) -> set[str]:
    with database.session() as session:
        return {found.title for found in documents_of(session, site_id)}


def listed(web: WebSite, count: int) -> None:
    for number in range(count):
        web.put(f"/p/{number}", f"Page {number}", f"This is the text of page number {number}.")
    urls = "".join(f"<url><loc>{web.address}/p/{number}</loc></url>" for number in range(count))
    web.pages["/sitemap-1.xml"] = (200, {}, f"<urlset>{urls}</urlset>".encode())
    index = (
        f"<sitemapindex><sitemap><loc>{web.address}/sitemap-1.xml</loc></sitemap></sitemapindex>"
    )
    web.pages["/sitemap.xml"] = (200, {}, index.encode())


def test_everything_listed_is_found_and_nothing_forbidden_is_asked_for(
    database: Database, site_id: int, web: WebSite
) -> None:
    listed(web, 20)
    web.put("/", "Home", 'Welcome. <a href="/linked">more</a> <a href="/secret/x">secret</a>')
    web.put("/linked", "Linked", "Found by a link.")
    web.put("/secret/x", "Secret", "Not for robots.")
    web.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /secret/\n")
    crawl(database, site_id, web)
    assert titles(database, site_id) == {"Home", "Linked", *(f"Page {n}" for n in range(20))}
    assert "/secret/x" not in web.asked
    assert "ChatbotServer/" in web.agent
    assert "me@example.org" in web.agent


def test_a_second_crawl_reads_again_only_what_changed(
    database: Database, site_id: int, web: WebSite
) -> None:
    listed(web, 10)
    web.put("/", "Home", "Welcome.")
    crawl(database, site_id, web)
    web.answered.clear()
    web.put("/p/3", "Page three", "Other words.")
    counts = crawl(database, site_id, web)
    assert web.answered.count(304) == 10
    assert counts["unchanged"] == 10
    assert "Page three" in titles(database, site_id)
    assert "Page 3" not in titles(database, site_id)


def test_a_page_that_is_gone_twice_is_quoted_no_longer(
    database: Database, site_id: int, web: WebSite
) -> None:
    listed(web, 3)
    web.put("/", "Home", "Welcome.")
    crawl(database, site_id, web)
    del web.pages["/p/1"]
    crawl(database, site_id, web)
    assert "Page 1" in titles(database, site_id)
    crawl(database, site_id, web)
    assert "Page 1" not in titles(database, site_id)


def test_a_calendar_without_end_is_left(database: Database, site_id: int, web: WebSite) -> None:
    web.put("/", "Home", '<a href="/calendar/1">calendar</a> <a href="/about">about</a>')
    web.put("/about", "About", "About us.")
    crawl(database, site_id, web)
    assert sum(path.startswith("/calendar/") for path in web.asked) <= 100
    assert "About" in titles(database, site_id)


def test_a_shop_without_a_sitemap_is_more_than_a_trap() -> None:
    traps = Traps()
    lists = [f"https://s.example/shoes/{page}" for page in range(10)]
    refused = [
        traps.refuses(f"https://s.example/item/{at}-{number}", page)
        for at, page in enumerate(lists)
        for number in range(50)
    ]
    assert not any(refused)
    days = [f"https://s.example/day/{day}" for day in range(300)]
    refused = [traps.refuses(day, before) for before, day in pairwise(days)]
    assert refused.count(False) == 100


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_an_earlier_crawl_let_through_counts(
    database: Database, site_id: int, web: WebSite
) -> None:
    links = " ".join(f'<a href="/find?q={number}">{number}</a>' for number in range(40))
    web.put("/", "Home", links)
    web.other = lambda path: (200, {"Content-Type": "text/html"}, page(path, links))
    crawl(database, site_id, web)
    first = {path for path in web.asked if path.startswith("/find")}
    assert len(first) == 25
    web.put("/", "Home", "Anew. " + links)
    crawl(database, site_id, web)
    assert {path for path in web.asked if path.startswith("/find")} == first


def test_a_site_whose_robots_txt_fails_is_not_read_and_says_so(
    database: Database, site_id: int, web: WebSite
) -> None:
    web.put("/", "Home", "Welcome.")
    web.pages["/robots.txt"] = (503, {}, b"")
    with pytest.raises(ChatbotError):
        crawl(database, site_id, web)
    assert web.asked == ["/robots.txt"]
    with database.session() as session:
        assert session.query(KnowledgeSource).one().why == f"crawl_robots {web.address}/robots.txt"
    del web.pages["/robots.txt"]  # the same crawl goes on, and comes to its end
    assert crawl(database, site_id, web) == {"read": 1}
    with database.session() as session:
        assert session.query(KnowledgeSource).one().why == ""


def test_a_page_of_another_address_and_a_noindex_page_are_not_kept(
    database: Database, site_id: int, web: WebSite
) -> None:
    web.put("/", "Home", '<a href="/copy">copy</a> <a href="/hidden">hidden</a> Welcome.')
    web.put("/real", "Real", "The real one.")
    web.pages["/copy"] = (
        200,
        {"Content-Type": "text/html"},
        b"<html><head><link rel=canonical href=/real><title>Copy</title></head><body><p>The real one.</p></body></html>",  # noqa: E501
    )
    web.put("/hidden", "Hidden", "Nothing for you.", **{"X-Robots-Tag": "noindex"})
    crawl(database, site_id, web)
    assert titles(database, site_id) == {"Home", "Real"}


def test_a_crawl_that_was_paused_goes_on_where_it_was(
    database: Database, site_id: int, web: WebSite
) -> None:
    listed(web, 10)
    web.put("/", "Home", "Welcome.")
    source = add_site(database, site_id, web.address)

    def pause(counts: dict[str, int]) -> None:
        if counts.get("read") == 4:
            with database.session() as session:
                session.get_one(KnowledgeSource, source).state = "paused"

    run_crawl(database, source, progress=pause)
    assert len(titles(database, site_id)) == 4
    with database.session() as session:
        session.get_one(KnowledgeSource, source).state = "active"
    web.asked.clear()
    run_crawl(database, source)
    assert len(titles(database, site_id)) == 11
    assert sum(path.startswith("/p/") for path in web.asked) <= 7


@pytest.mark.parametrize(
    ("spelt", "canonical"),
    [
        ("/café", "/caf%C3%A9"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/a b%2Fc", "/a%20b%2Fc"),
        ("/(a);b=1,2/~c:d@e", "/(a);b=1,2/~c:d@e"),
        ("/?x=%E9t%E9&w=été", "/?w=%C3%A9t%C3%A9&x=%E9t%E9"),
        ("/?f[]=1", "/?f%5B%5D=1"),
        ("/a;jsessionid=1F/b", "/a/b"),
        ("/(S(1h3kq0vzb2x5tq55xyzabcde))/b.aspx", "/b.aspx"),
        ("/tea?add-to-cart=7&osCsid=x&_gl=y&size=2", "/tea?size=2"),
    ],
)
def test_a_page_has_one_spelling_which_asks_for_the_same(spelt: str, canonical: str) -> None:
    assert urls.canonical(f"https://s.example{spelt}") == f"https://s.example{canonical}"
    assert urls.canonical(f"https://s.example{canonical}") == f"https://s.example{canonical}"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://user:pw@example.org/",
        "http://example.org:22/",
        "http://[::ffff:10.0.0.1]/",
        "gopher://x",
        "",
    ],
)
def test_nothing_inside_is_ever_asked_for(url: str) -> None:
    fetcher = Fetcher()
    with pytest.raises(FetchError):
        fetcher.get(url)
    fetcher.close()


def test_a_redirect_inwards_is_not_followed(web: WebSite) -> None:
    web.pages["/in"] = (302, {"Location": "http://localhost:8080/admin"}, b"")
    fetcher = Fetcher(private_hosts=["127.0.0.1"])
    fetcher.allow_port_of(web.address)
    with pytest.raises(FetchError) as caught:
        fetcher.get(web.address + "/in")
    fetcher.close()
    assert caught.value.code == "fetch_private"


@pytest.mark.parametrize("address", ["127.0.0.1:8632", "[::1]:8632", "127.0.0.1", "::1"])
def test_a_private_address_is_told_by_what_to_write_into_the_configuration(address: str) -> None:
    url = f"http://[{address}]/" if address == "::1" else f"http://{address}/"
    fetcher, own_fetcher = Fetcher(), Fetcher(private_hosts=[address])
    with pytest.raises(FetchError) as refused:
        fetcher.get(url)
    assert refused.value.code == "fetch_private"
    assert f"""config set retrieval.private_hosts '["{address}"]'""" in (
        refused.value.sentence("fr")
    )
    with pytest.raises(FetchError) as unreachable:  # with that in it, it is asked
        own_fetcher.get(url)
    assert unreachable.value.code == "fetch_unreachable"
    fetcher.close()
    own_fetcher.close()


def test_a_certificate_that_is_none_is_told_as_such(web: WebSite) -> None:
    fetcher = Fetcher(private_hosts=[web.address.removeprefix("http://")])
    with pytest.raises(FetchError) as caught:
        fetcher.get(web.address.replace("http:", "https:"))
    assert caught.value.code == "fetch_certificate"
    fetcher.close()


def test_of_a_private_host_the_named_ports_are_asked_and_no_others(web: WebSite) -> None:
    other = WebSite()
    web.pages["/in"] = (302, {"Location": f"{other.address}/secret"}, b"")
    fetcher = Fetcher(private_hosts=["127.0.0.1"])
    with pytest.raises(FetchError) as refused:
        fetcher.get(web.address + "/")  # nobody named its port
    port = web.address.rpartition(":")[2]
    assert (refused.value.code, refused.value.values) == (
        "fetch_private",
        {"host": f"127.0.0.1:{port}"},
    )
    fetcher.allow_port_of(web.address)
    with pytest.raises(FetchError) as redirected:
        fetcher.get(web.address + "/in")
    assert (redirected.value.code, other.asked) == ("fetch_private", [])
    fetcher.close()
    named = Fetcher(private_hosts=[other.address.removeprefix("http://")])
    assert named.get(f"{other.address}/secret").status == 404
    named.allow_port_of("http://192.0.2.1:22/")  # its host is not named
    with pytest.raises(FetchError):
        named.get("http://192.0.2.1:22/")
    named.close()
    other.close()


def test_a_page_that_is_too_big_is_refused_also_when_it_was_packed(web: WebSite) -> None:
    import gzip

    web.pages["/bomb"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 10_000_000))
    fetcher = Fetcher(private_hosts=["127.0.0.1"], max_bytes=100_000)
    fetcher.allow_port_of(web.address)
    with pytest.raises(FetchError) as caught:
        fetcher.get(web.address + "/bomb")
    fetcher.close()
    assert caught.value.code == "fetch_big"


def test_only_addresses_of_the_internet_are_public() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:4700::1111")
    assert is_public("64:ff9b::5db8:d822")  # 93.184.216.34, from a network without IPv4
    for inside in (
        "10.1.2.3",
        "192.168.0.1",
        "100.64.0.1",
        "fd00::1",
        "fe80::1",
        "224.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "::7f00:1",
        "::ffff:0:7f00:1",
        "64:ff9b:1::7f00:1",
        "fec0::1",
        "::1",
        "168.63.129.16",
        "192.88.99.1",
        "192.0.0.8",
        "198.18.0.1",
        "240.0.0.1",
        "::ffff:168.63.129.16",
        "2001:db8::1",
        "2002:5db8:d822::1",
        "2001:0:5db8:d822::1",
        "3fff::1",
    ):
        assert not is_public(inside)


def test_a_page_that_sends_its_visitors_on_is_followed_and_not_kept(
    database: Database, site_id: int, web: WebSite
) -> None:
    def sends_to(target: str) -> tuple[int, dict[str, str], bytes]:
        head = f"<meta http-equiv=refresh content='0; url={target}'><title>Moved</title>"
        body = f"<html><head>{head}</head><body><h1>This page has moved</h1></body></html>"
        return 200, {"Content-Type": "text/html"}, body.encode()

    web.pages["/"] = sends_to("/fr/")
    web.pages["/away"] = sends_to("https://elsewhere.example/")
    web.put(
        "/fr/",
        "Accueil",
        'Bienvenue. <a href="/away">ailleurs</a> <a href="/old">ancien</a> <a href="/fr/2">2</a>',
    )
    web.pages["/old"] = (200, {"Content-Type": "text/html", "Refresh": "0; url=/new"}, b"")
    web.put("/new", "Tarifs", "Douze euros.", Refresh="0;url=/new")  # the same page again
    web.put("/fr/2", "Suite", "Une page.", Refresh="5; URL='/3'")
    web.put("/3", "Trois", "Une page. " * 40, Refresh="5; url=/4")
    crawl(database, site_id, web)
    assert titles(database, site_id) == {"Accueil", "Tarifs", "Trois"}
    with database.session() as session:
        whys = {page.why for page in session.query(KnowledgePage)}
    assert whys == {"crawl_moved", "", "crawl_elsewhere"}
