"""What pages share is the site's, indexed once; what is their own stays theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select
from support.servers.web_site import WebSite
from support.sites.crawling import run_crawl

from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.retrieval.curate.listing import describe_documents, describe_sources
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.readings import lost_facts
from chatbot_server.storage.knowledge.sources import sources_of
from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgePage
from chatbot_server.storage.site.sites import Site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Documents = dict[str, tuple[str, str]]
HEADER = "<header><a href=/>The Mill</a> <p>Open 9–5, call 01 23 45 67 89</p></header>"
SITES = Path(__file__).parents[2] / "answers/sites"
FOOTER = "<footer><h3>Find us</h3><p>1 Mill Road, Bath</p><p><a href=/terms>Terms</a></p></footer>"
SHOPS = """<footer><h3>Bath</h3><h4>Hours</h4><p>9–5</p><p>Fridays until 8 pm.</p>
<h3>Wells</h3><h4>Hours</h4><p>10–4</p><h4>Address</h4><p>1 Mill Road, Wells</p></footer>"""
SHOPS_TEXT = """### Bath
#### Hours
9–5
Fridays until 8 pm.
### Wells
#### Hours
10–4
#### Address
1 Mill Road, Wells"""
CRUMBS = "<h1><a href=/>The Mill</a></h1><div class=path>Mill shop Home</div>"


def put(web: WebSite, path: str, title: str, body: str, footer: str = FOOTER) -> None:
    page = f"""<html lang=en><title>{title} – The Mill</title><body>{HEADER}{CRUMBS}
    <div><h1>{title}</h1><h2>Details</h2><p>{body}</p></div>{footer}</body></html>"""
    headers = {"Content-Type": "text/html", "ETag": f'"{hash(page)}"'}
    web.pages[path] = (200, headers, page.encode())


@pytest.fixture
def crawl(database: Database, site_id: int, web: WebSite) -> Callable[[], Documents]:
    """Crawls the site; title and text of each document, by address."""

    def run() -> Documents:
        run_crawl(database, add_site(database, site_id, web.address))
        with database.session() as session:
            documents = documents_of(session, site_id)
            return {
                one.url.removeprefix(web.address): (one.title, one.text.replace("\n\n", "\n"))
                for one in documents
            }

    return run


SITE_TEXT = "# The Mill\nOpen 9–5, call 01 23 45 67 89\n### Find us\n1 Mill Road, Bath"


def test_pages_with_one_title_are_called_by_their_own_headings(
    crawl: Callable[[], Documents], web: WebSite
) -> None:
    headings = {"/": "Welcome", "/hire": "Hall hire", "/nursery": "Nursery"}
    links = " ".join(f'<a href="{path}">{heading}</a>' for path, heading in headings.items())
    for path, heading in headings.items():
        body = f"<h2>{heading}</h2><p>All about {heading}.</p><h3>Prices</h3><p>£{len(path)}</p>"
        page = f"<html lang=en><title>The Mill</title><body>{links}{body}</body></html>"
        web.pages[path] = (200, {"Content-Type": "text/html"}, page.encode())
    titles = {path: title for path, (title, _text) in crawl().items()}
    assert titles == {"/": "The Mill", "/hire": "Hall hire", "/nursery": "Nursery"}


def test_what_stands_on_all_pages_is_indexed_once(
    crawl: Callable[[], Documents], web: WebSite, database: Database, site_id: int
) -> None:
    links = " ".join(f'<a href="/p{at}">Page {at}</a>' for at in range(5))
    put(web, "/", "Home", f"Welcome. {links}")
    for at in range(5):
        put(web, f"/p{at}", f"Page {at}", f"About number {at}.")
    documents = crawl()
    assert documents["/?#en"] == ("The Mill", SITE_TEXT)
    assert documents["/p3"] == ("Page 3", "# Page 3\n## Details\nAbout number 3.")
    assert len(documents) == 7
    with database.session() as session:
        (source,) = describe_sources(session, site_id)
        rows = describe_documents(session, site_id, source.number)
    assert source.documents == 6  # pages
    shared_urls = [row["id"] for row in rows if row["every_page"]]
    assert shared_urls == [f"{web.address}/?#en"]
    assert not any(row["removable"] for row in rows)
    assert crawl() == documents  # all 304
    put(web, "/p3", "Page 3", "Changed.", FOOTER.replace("1 Mill", "2 Mill"))
    documents = crawl()
    assert documents["/?#en"] == ("The Mill", SITE_TEXT)
    assert documents["/p3"][1] == (
        "# Page 3\n## Details\nChanged.\n# The Mill\n### Find us\n2 Mill Road, Bath"
    )
    for at in range(5):
        put(web, f"/p{at}", f"Page {at}", f"Number {at}.", FOOTER.replace("1 Mill", "2 Mill"))
    assert crawl()["/?#en"][1] == SITE_TEXT.replace("1 Mill", "2 Mill")


def test_what_some_pages_add_repeats_nothing_of_the_rest(
    crawl: Callable[[], Documents], web: WebSite
) -> None:
    links = " ".join(f'<a href="/p{at}">Page {at}</a>' for at in range(5))
    put(web, "/", "Home", f"Welcome. {links}", SHOPS)
    for at in range(5):
        news = "<p>Closed on 3 May.</p>" if at else ""
        put(web, f"/p{at}", f"Page {at}", f"About number {at}.", f"<aside>{news}</aside>{SHOPS}")
    text = crawl()["/?#en"][1]
    assert text.count("Fridays until 8 pm.") == text.count("1 Mill Road") == 1
    assert SHOPS_TEXT in text


def test_a_fact_in_the_content_of_all_pages_keeps_its_heading(
    crawl: Callable[[], Documents], web: WebSite
) -> None:
    links = " ".join(f'<a href="/p{at}">Page {at}</a>' for at in range(5))
    box = "<div><h4>Write to</h4><p>PO Box 481<br>Bath</p></div>"
    put(web, "/", "Home", f"Welcome. {links}</p>{box}<p>")
    for at in range(5):
        put(web, f"/p{at}", f"Page {at}", f"About number {at}.</p>{box}<p>")
    assert "#### Write to\nPO Box 481\nBath" in crawl()["/?#en"][1]


def test_a_sentence_in_the_content_of_all_pages_is_told_once(
    crawl: Callable[[], Documents], web: WebSite
) -> None:
    offer = (
        "<h4>First day</h4><p>Who comes for the first time works with us for a whole day, free.</p>"
    )
    for name in ("", "a", "b", "c", "d", "e"):
        links = " ".join(f"<a href=/{one}>{one}</a>" for one in "abcde")
        put(web, f"/{name}", f"Page {name}", f"Text {name}.</p>{offer}<p>Read on. {links}")
    documents = crawl()
    telling = [url for url, (_title, text) in documents.items() if "first time" in text]
    assert telling == ["/?#en"]
    assert "#### First day\nWho comes" in documents["/?#en"][1]


@pytest.mark.parametrize(
    "note",
    [
        "Every pump that we show here may be touched by visitors who ask first.",
        "本サイトは収集された情報を元に作成されているため、誤った内容が存在する場合があります。",
    ],
)
def test_a_sentence_without_a_fact_in_the_content_of_all_pages_is_not_lost(
    crawl: Callable[[], Documents], web: WebSite, note: str
) -> None:
    links = " ".join(f'<a href="/p{at}">Pump {at}</a>' for at in range(5))
    for at, path in enumerate(("/", *(f"/p{at}" for at in range(5)))):
        text = f"<h1>Room {at}</h1><p>About number {at}. {links}</p>"
        page = f"{text}<h2>Please note</h2><p>{note}</p>"
        headers = {"Content-Type": "text/html; charset=utf-8"}
        web.pages[path] = (200, headers, f"<html lang=en><body>{page}</body></html>".encode())
    texts = [text for _title, text in crawl().values()]
    assert sum(text.count(note) for text in texts) == 1
    assert any(f"## Please note\n{note}" in text for text in texts)


def test_a_name_that_heads_every_page_is_the_site_s(
    crawl: Callable[[], Documents], web: WebSite
) -> None:
    paths = {"/": "Home", "/a": "Prices", "/b": "Hours", "/c": "Rooms", "/d": "Contact"}
    links = "".join(f"<a href={path}>{title}</a>" for path, title in paths.items())
    for path, title in paths.items():
        body = f"<h1>Joe's Garage</h1>{links}<h2>{title}</h2><p>All about {title}, 5 €.</p>"
        page = f"<html lang=en><title>{title} | Joe's Garage</title><body>{body}"
        footer = "<footer>Call 01 23 45 67 89</footer>"
        web.pages[path] = (200, {"Content-Type": "text/html"}, (page + footer).encode())
    documents = crawl()
    assert documents["/a"] == ("Prices", "## Prices\nAll about Prices, 5 €.")
    assert documents["/?#en"] == ("Joe's Garage", "# Joe's Garage\nCall 01 23 45 67 89")


def test_after_an_upgrade_that_reads_better_unchanged_pages_are_read_anew(
    crawl: Callable[[], Documents], web: WebSite, database: Database
) -> None:
    put(web, "/", "Home", "Welcome.")
    documents = crawl()
    with database.session() as session:
        session.query(KnowledgeDocument).update({"text": "As the former version read it."})
    command.downgrade(database.alembic_config(), "0026")
    database.migrate()
    assert crawl() == documents


def test_a_site_of_one_page_keeps_all(crawl: Callable[[], Documents], web: WebSite) -> None:
    put(web, "/", "Home", "Welcome.")
    content = "# The Mill\nMill shop Home\n# Home\n## Details\nWelcome.\n"
    assert crawl() == {"/": ("The Mill", content + SITE_TEXT)}


def test_copies_under_another_address_are_one_document(
    crawl: Callable[[], Documents], web: WebSite, database: Database
) -> None:
    body = 'Welcome. <a href="/index.html">home</a>'
    put(web, "/", "Home", body)
    put(web, "/index.html", "Home", body)
    assert set(crawl()) == {"/"}
    with database.session() as session:
        copy = session.query(KnowledgePage).filter(KnowledgePage.url.endswith("l")).one()
        assert (copy.state, copy.why) == ("skipped", "crawl_copy")
    del web.pages["/"]
    crawl()
    assert set(crawl()) == {"/index.html"}


def test_a_robots_txt_from_windows_and_its_own_sitemap_are_understood(
    crawl: Callable[[], Documents], web: WebSite
) -> None:
    robots = "\ufeffUser-agent: *\nDisallow: /secret\nSitemap: /map.xml\n"
    web.pages["/robots.txt"] = (200, {}, robots.encode())
    listed = "".join(f"<url><loc>{web.address}/{at}</loc></url>" for at in ("secret", "open"))
    web.pages["/map.xml"] = (200, {}, f"<urlset>{listed}</urlset>".encode())
    for path in ("/", "/secret", "/open"):
        put(web, path, f"At {path}", f"This is {path}.")
    assert {"/", "/open"} <= set(crawl())
    assert "/secret" not in web.asked


def losses(database: Database) -> list[list[str]]:
    """What was lost, page by page."""
    with database.session() as session:
        sources = sources_of(session, session.scalars(select(Site.id)).one())
        return [facts for source in sources for facts in lost_facts(session, source.id).values()]


def test_what_visitors_see_and_no_document_tells_is_counted(
    crawl: Callable[[], Documents], web: WebSite, database: Database
) -> None:
    menu = "<nav>Call <a href=tel:+33198765432>us</a></nav>"
    put(web, "/", "Home", 'Welcome, 12 € a day. <a href="/more">more</a>')
    put(web, "/more", "More", "Until 9:30.", f"{FOOTER}{menu}")
    crawl()
    assert losses(database) == [["+33198765432"]]
    crawl()  # all 304
    assert losses(database) == [["+33198765432"]]
    put(web, "/more", "More", "Until 9:30.")
    crawl()
    assert losses(database) == []


@pytest.mark.parametrize("site", ["clinic-fr", "club-en", "craftsman-fr", "hotel-mixed"])
def test_of_the_sites_that_answers_are_tested_on_nothing_is_lost(
    crawl: Callable[[], Documents], web: WebSite, database: Database, site: str
) -> None:
    links = ""
    for page in sorted((SITES / site).glob("*.html")):
        web.pages[f"/{page.name}"] = (200, {"Content-Type": "text/html"}, page.read_bytes())
        links += f'<a href="/{page.name}">{page.stem}</a> '
    web.put("/", "Home", links)
    assert len(crawl()) > 5
    assert losses(database) == []


def test_single_words_below_headings_are_told_below_each(
    crawl: Callable[[], Documents], web: WebSite
) -> None:
    footer = """<footer><h3>Phone</h3><p>0123456789</p><h3>Monday</h3><p>Closed</p>
    <h3>Sunday</h3><p>Closed</p></footer>"""
    put(web, "/", "Home", "<a href=/p>p</a> Welcome.", footer)
    put(web, "/p", "Page", "Another page.", footer)
    _title, text = crawl()["/?#en"]
    assert text.endswith("### Phone\n0123456789\n### Monday\nClosed\n### Sunday\nClosed")
