"""A site of 600 pages full of traps: what is listed is found, what is forbidden not asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count

import pytest
from support.servers.web_site import WebSite, page
from support.sites.crawling import run_crawl

from chatbot_server.retrieval.crawl.crawler import CrawlLimits
from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of

PAGES = 600
CHANGED = 5
LIMITS = CrawlLimits(max_pages=PAGES + 1000, requests_per_second=1e9)
FORBIDDEN = ("/private/", "/cart?", "/search?q=")
LINKS = """
<a href="/calendar/1">calendar</a> <a href="/list?page=1">all</a> <a href="/private/x">x</a>
<a href="/cart?add={n}">buy</a> <a href="/search?q={n}">find</a> <a href="/deep/deep/deep/{n}">deep</a>
<a href="/p/{next}?utm_source=x&sid={n}#top">next</a> <a href="/p/{next};jsessionid={n}">next</a>
<a href="http://127.0.0.1:9/elsewhere">out</a> <a href="javascript:void(0)">js</a>
<a href="mailto:a@b.c">mail</a> <a href="file:///etc/passwd">file</a> <a href="//evil.example/">evil</a>
<a href="/photo-{n}.jpg">photo</a> <a href="/round/1">round</a> <a href="/facets?c={n}&s={next}">facet</a>
"""  # noqa: E501


class Maze:
    """What the site answers where no page is."""

    def __init__(self, page: Callable[[str, str], bytes]) -> None:
        self.page = page
        self.session = count()

    def other(self, path: str) -> tuple[int, dict[str, str], bytes]:
        html = {"Content-Type": "text/html"}
        kind, _, rest = path.strip("/").partition("/")
        if kind == "calendar":
            text = f'<a href="/calendar/{int(rest) + 1}">next</a>'
            return 200, html, self.page(f"Day {rest}", text)
        if path.startswith("/list?page="):
            at = int(path.rpartition("=")[2])
            return 200, html, self.page(f"List {at}", f'<a href="/list?page={at + 1}">more</a>')
        if kind in ("deep", "facets") or path.startswith("/facets"):
            more = f'<a href="{path}/deep">x</a> <a href="/facets?c={next(self.session)}">y</a>'
            return 200, html, self.page("Soft", more)
        if kind == "round":
            return 302, {"Location": f"/round/{3 - int(rest)}"}, b""
        return 404, {"Content-Type": "text/plain"}, b"no"


@pytest.fixture
def large(web: WebSite) -> WebSite:
    """The site; every other page is in a sitemap, the rest behind links."""
    web.other = Maze(page).other
    for number in range(PAGES):
        links = LINKS.format(n=number, next=(number + 1) % PAGES)
        web.put(f"/p/{number}", f"Page {number}", f"The text of page number {number}. {links}")
    web.put("/", "Home", "Welcome.")
    for part in range(10):
        told = "".join(
            f"<url><loc>{web.address}/p/{number}</loc></url>"
            for number in range(2 * part, PAGES, 20)
        )
        web.pages[f"/map-{part}.xml"] = (200, {}, f"<urlset>{told}</urlset>".encode())
    maps = "".join(
        f"<sitemap><loc>{web.address}/map-{part}.xml</loc></sitemap>" for part in range(10)
    )
    web.pages["/maps.xml"] = (200, {}, f"<sitemapindex>{maps}</sitemapindex>".encode())
    rules = "User-agent: *\nDisallow: /private/\nDisallow: /cart\nDisallow: /search\n"
    web.pages["/robots.txt"] = (200, {}, f"{rules}Sitemap: {web.address}/maps.xml\n".encode())
    return web


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_all_is_found_nothing_forbidden_asked_for_and_only_changes_read_again(
    database: Database, site_id: int, large: WebSite
) -> None:
    source = add_site(database, site_id, large.address)
    run_crawl(database, source, LIMITS)
    asked = Counter(large.asked)
    assert {f"/p/{number}" for number in range(PAGES)} <= set(asked)
    assert not [path for path in asked if path.startswith(FORBIDDEN)]
    assert not [path for path in asked if "utm_" in path or "sid=" in path or "jsessionid" in path]
    assert not [path for path in asked if path.endswith(".jpg")]
    assert all(asked[f"/p/{number}"] == 1 for number in range(PAGES))
    strayed = len(large.asked) - PAGES
    assert strayed < 500
    with database.session() as session:
        found = {one.title for one in documents_of(session, site_id)}
    assert {f"Page {number}" for number in range(PAGES)} <= found

    changed = range(0, PAGES, PAGES // CHANGED)
    for number in changed:
        large.put(f"/p/{number}", f"Page {number}", "Other words.")
    large.asked.clear()
    large.answered.clear()
    counts = run_crawl(database, source, LIMITS)
    assert large.answered.count(304) == PAGES + 1 - len(changed)
    assert counts["unchanged"] == PAGES + 1 - len(changed)
    assert len(large.asked) - PAGES <= strayed
    with database.session() as session:
        texts = [one.text for one in documents_of(session, site_id) if "Other words" in one.text]
    assert len(texts) == len(changed)
