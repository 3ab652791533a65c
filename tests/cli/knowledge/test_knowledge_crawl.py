"""``knowledge crawl``: reading a site, pausing, and telling why not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from support.command_line import Run
from support.knowledge_cli import READING, SETTINGS, knows, listed, refused, told
from support.servers.web_site import WebSite

from chatbot_server.config import load_config
from chatbot_server.retrieval.crawl.frontier import Frontier
from chatbot_server.retrieval.curate.jobs import source_lock
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.tables import KnowledgeSource

pytestmark = pytest.mark.usefixtures("knowledge_config")

SILENT = "There is nothing to answer from, so visitors get “I don’t know”."


@pytest.fixture
def allow_loopback(knowledge_config: Path) -> None:
    """The tests' own web site may be crawled."""
    reading = READING | {"private_hosts": ["127.0.0.1"]}
    knowledge_config.write_text(yaml.safe_dump(SETTINGS | {"retrieval": reading}))


def test_the_text_that_visitors_are_answered_from_is_shown(
    run: Run, web: WebSite, allow_loopback: None
) -> None:
    page = """<html lang=en><title>{0}</title><main><h1>{0}</h1><h2>Opening</h2>{1}</main>
    <footer><p>Call 01 23 45 67 89</p></footer>"""
    table = "<table><tr><th>Day<th>Hours<tr><td>Monday<td>9–5</table> <a href=/b>more</a>"
    for path, title, body in (("/", "Home", table), ("/b", "Post", "<p>By letter.</p>")):
        html = page.format(title, body).encode()
        web.pages[path] = (200, {"Content-Type": "text/html"}, html)
    number = str(json.loads(knows(run, "crawl", web.address, "--json").out)["source"])
    first, *_ = listed(run, number)
    out = knows(run, "show", number, "--document", str(first["document"])).out
    assert out.startswith(f"{first['document']}  Home  {web.address}/\n\nHome › Opening\n")
    assert "- Monday — Hours: 9–5" in out
    assert out.rstrip().endswith("  Call 01 23 45 67 89")
    assert "By letter." in knows(run, "show", number).out
    assert json.loads(knows(run, "show", number, "--json").out.split("\n")[0])["title"] == "Home"
    assert "9999" in refused(run, "show", number, "--document", "9999", code=1)


def test_a_site_is_read_listed_paused_and_resumed(
    run: Run, web: WebSite, allow_loopback: None
) -> None:
    web.put("/", "Home", 'Welcome. <a href="/hours">Hours</a> <a href="/secret">Secret</a>')
    web.put("/hours", "Hours", "The shop is open from 9:30 to 19:00.")
    web.put("/secret", "Secret", "Not for machines.", **{"X-Robots-Tag": "noindex"})
    ran = knows(run, "crawl", web.address, "--json")
    crawled = json.loads(ran.out)
    assert crawled["pages"] == {"read": 2, "skipped": 1}
    number = str(crawled["source"])
    assert "19:00" in told(run, "When is the shop open?")
    shown = knows(run, "list").out
    assert "2 read, 1 left out" in shown
    assert f"1 left out: The page asks not to be indexed. ({web.address}/secret)" in shown
    document, *_ = listed(run, number)
    assert f"{document['title']}  {document['id']}" in knows(run, "list", number).out
    what = str(document["document"])
    assert "robots.txt" in refused(run, "remove", number, "--document", what)
    knows(run, "crawl", "--pause", number)
    assert "paused" in knows(run, "list").out
    assert listed(run)[0]["state"] == "paused"
    assert "1 left out, 2 unchanged" in knows(run, "crawl", "--resume", number).out


def test_what_was_read_and_what_was_lost_is_summed_up(
    run: Run, web: WebSite, allow_loopback: None
) -> None:
    html = """<html lang=en><title>Home</title><div id=cookies>Call 01 23 45 67 89</div>
    <main><h1>Home</h1><table><tr><th>Day<th>Hours<tr><td>Monday<td>9:00</table>
    <a href=/gone>gone</a></main>"""
    web.pages["/"] = (200, {"Content-Type": "text/html"}, html.encode())
    lines = knows(run, "crawl", web.address).out.split("\n")
    assert lines[:2] == ["1 gone, 1 read", "Documents: 1, words: 7, tables: 1"]
    assert lines[2].startswith("Seen on your pages, but not in the text that was read")
    assert lines[3] == f"  {web.address}/: 01 23 45 67 89"
    assert lines[4] == f"1 gone: The page is gone. ({web.address}/gone)"
    shown = [line.strip() for line in knows(run, "list").out.split("\n")]
    assert f"{web.address}/: 01 23 45 67 89" in shown
    summary = json.loads(knows(run, "crawl", web.address, "--json").out)
    assert summary["lost"] == {f"{web.address}/": ["01 23 45 67 89"]}
    assert (summary["words"], summary["tables"], summary["documents"]) == (7, 1, 1)
    assert summary["pages"] == {"gone": 1, "read": 1}
    assert summary["reasons"][0]["why"] == "crawl_gone"


def test_that_the_last_page_was_lost_is_said(
    run: Run, web: WebSite, allow_loopback: None, caplog: pytest.LogCaptureFixture
) -> None:
    web.put("/", "Home", "The shop opens at 9:30.")
    knows(run, "crawl", web.address)
    web.pages["/"] = (403, {}, b"")
    once = run("knowledge", "crawl", web.address)
    assert SILENT not in once.out + knows(run, "list").out
    assert "9:30" in told(run, "When does the shop open?")
    for _again in range(2):
        caplog.clear()
        ran = run("knowledge", "crawl", web.address)
        assert ran.exit_code == 1
        assert "does not show it to everyone" in ran.err
        said = ran.out + caplog.text
        assert said.count("I don’t know") == said.count(SILENT) == 1
        assert "yet" not in said
        assert "gives nothing" not in said
        shown = knows(run, "list").out
        assert shown.count("I don’t know") == shown.count(SILENT) == 1
        assert "yet" not in shown
        assert "gives nothing" not in shown
    examined = run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(examined.out)}
    assert "is left to answer from. The site does not show it" in checks["source"]["sentence"]
    assert not checks["source"]["ok"]
    assert json.loads(run("knowledge", "crawl", web.address, "--json").out)["has_pages"] is False
    assert told(run, "When does the shop open?").startswith("nothing")
    knows(run, "add", "--title", "Summer", "--text", "Closed in August.")
    assert "✘ Nothing of source 1" in run("doctor").out
    assert "It gives nothing to answer from." in knows(run, "list").out
    ran = run("knowledge", "crawl", web.address)
    assert ran.out.count("It gives nothing to answer from.") == 1
    assert "I don’t know" not in ran.out


def test_pages_beyond_the_limit_and_pages_without_text_are_told(
    run: Run, web: WebSite, knowledge_config: Path, allow_loopback: None
) -> None:
    settings = yaml.safe_load(knowledge_config.read_text())
    settings["retrieval"]["max_pages"] = 3
    knowledge_config.write_text(yaml.safe_dump(settings))
    web.put("/", "Home", 'Welcome. <a href="/app">App</a> <a href="/a">A</a>')
    shell = b"<html><title>App</title><body><div id=root></div><script>run()</script></body></html>"
    web.pages["/app"] = (200, {"Content-Type": "text/html", "ETag": "1"}, shell)
    web.put("/a", "A", "Something about A.")
    crawled = knows(run, "crawl", web.address).out
    assert "The limit of 3 pages is reached (retrieval.max_pages)" in crawled
    for _again in range(2):
        shown = knows(run, "list").out
        assert "limit of 3 pages" in shown
        assert "1 left out: It holds no text without JavaScript. To have such" in shown
        knows(run, "crawl", web.address)
    assert "1 pages are not read. It holds no text without JavaScript" in run("doctor").out


def test_a_site_within_its_limit_is_not_told_of_it(
    run: Run, web: WebSite, allow_loopback: None
) -> None:
    web.put("/", "Home", "Welcome.")
    assert "limit" not in knows(run, "crawl", web.address).out + knows(run, "list").out


def test_a_site_that_cannot_be_read_is_told_in_a_sentence(run: Run) -> None:
    ran = run("knowledge", "crawl", "http://127.0.0.1/")
    assert ran.exit_code == 1
    assert "private network" in ran.err
    assert ran.out.endswith("To forget it: chatbot-server knowledge remove 1\n")
    assert "private network" in knows(run, "list").out
    shown = knows(run, "list", "1").out  # which has no document to be listed
    assert "http://127.0.0.1/" in shown
    assert "private network" in shown
    assert json.loads(knows(run, "list", "1", "--json").out) == []


def test_a_refusal_is_forgotten_once_the_settings_or_a_new_try_overtake_it(
    run: Run, web: WebSite, knowledge_config: Path
) -> None:
    assert run("knowledge", "crawl", web.address).exit_code == 1
    reading = READING | {"private_hosts": ["127.0.0.1"]}
    knowledge_config.write_text(yaml.safe_dump(SETTINGS | {"retrieval": reading}))
    assert "private network" not in knows(run, "list").out
    database = Database(load_config(knowledge_config).database_url)
    with database.session() as session:
        source = session.query(KnowledgeSource).one()
        source.why, number = "crawl_robots", source.id
    Frontier(database, number, 9).open()
    assert listed(run)[0]["why"] == "", "it is being read"


def test_pages_are_counted_without_what_all_of_them_share(
    run: Run, web: WebSite, allow_loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = """<html lang=fr><title>{0}</title><main><h1>{0}</h1><p>{1}</p><a href=/b>B</a>
    <a href=/c>C</a></main><footer><p>Appelez le 01 23 45 67 89</p></footer>"""
    for path, title in (("/", "Accueil"), ("/b", "Tarifs"), ("/c", "Horaires")):
        html = page.format(title, f"Le texte de la page {title}.").encode()
        web.pages[path] = (200, {"Content-Type": "text/html"}, html)
    web.put("/c", "Secret", "Not for machines.", **{"X-Robots-Tag": "noindex"})
    out = knows(run, "crawl", web.address).out
    assert "2 read" in out
    assert "Documents: 2," in out
    assert json.loads(knows(run, "status", "--json").out)["documents"] == 2
    monkeypatch.setenv("CHATBOT_LANGUAGE", "fr")
    assert re.search(r"1 écartée\s: ", knows(run, "list").out)


def test_a_source_is_read_by_one_at_a_time(
    run: Run, web: WebSite, allow_loopback: None, knowledge_config: Path
) -> None:
    web.put("/", "Home", "Welcome.")
    knows(run, "crawl", web.address)
    number, asked = listed(run)[0]["number"], list(web.asked)
    with source_lock(load_config(knowledge_config).run_dir, int(str(number))):
        assert "being read already" in refused(run, "crawl", web.address, code=1)
    assert web.asked == asked
    assert "1 unchanged" in knows(run, "crawl", web.address).out


@pytest.mark.parametrize("page", [[], ["--page"]])
def test_a_page_that_is_not_there_is_an_error(
    run: Run, web: WebSite, allow_loopback: None, page: list[str]
) -> None:
    for json_or_not in ([], ["--json"]):
        ran = run("knowledge", "crawl", f"{web.address}/nowhere", *page, *json_or_not)
        assert ran.exit_code == 1
        assert ran.err.endswith("could not be read. The page is gone.\n")


def test_what_was_refused_is_named_and_not_the_page_that_led_there(
    run: Run, web: WebSite, allow_loopback: None
) -> None:
    web.put("/", "Home", 'Welcome. <a href="/in">in</a> <a href="/file">file</a>')
    web.pages["/in"] = (302, {"Location": "http://10.0.0.1/admin"}, b"")
    web.pages["/file"] = (302, {"Location": "file:///etc/passwd"}, b"")
    knows(run, "crawl", web.address)
    shown = knows(run, "list").out
    assert "1 failed: 10.0.0.1 is in a private network" in shown
    assert f"({web.address}/in)" in shown
    assert "file:///etc/passwd cannot be fetched" in shown
    web.pages["/robots.txt"] = (302, {"Location": "http://10.0.0.1/"}, b"")
    assert "10.0.0.1 is in a private network" in refused(run, "crawl", web.address, code=1)
    waiting = knows(run, "list").out
    assert "3 waiting" in waiting
    assert "cannot be fetched" not in waiting
    web.pages["/robots.txt"] = (500, {}, b"")
    assert f"{web.address}/robots.txt answers with an error" in refused(
        run, "crawl", web.address, code=1
    )
    web.close()
    assert "cannot be reached: nothing answers" in refused(run, "crawl", web.address, code=1)


@pytest.mark.parametrize(
    "words",
    [[], ["example.org", "--pause", "1"], ["--pause", "1", "--resume", "1"], ["--pause", "0"]],
)
def test_a_crawl_wants_one_thing_to_do(run: Run, words: list[str]) -> None:
    assert run("knowledge", "crawl", *words).exit_code == 2


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "//", "https://"])
def test_what_is_no_address_of_the_web_is_not_asked_for(run: Run, address: str) -> None:
    assert "not a web address" in refused(run, "crawl", address)
    assert listed(run) == []


def test_only_a_crawl_can_be_paused(run: Run) -> None:
    knows(run, "add", "--title", "T", "--text", "X")
    number = str(listed(run)[0]["number"])
    for option in ("--pause", "--resume"):
        assert "no crawl" in refused(run, "crawl", option, number)
        assert "99" in refused(run, "crawl", option, "99", code=1)


def put_page(web: WebSite, path: str, text: str, footer: str = "Call us.") -> None:
    """Serve *text* at *path*, above a footer that all pages have."""
    html = f"<html lang=en><title>{path}</title><main><h1>{path}</h1>{text}</main>"
    body = f"{html}<footer><p>{footer}</p></footer>".encode()
    web.pages[path] = (200, {"Content-Type": "text/html"}, body)


@pytest.fixture(name="changed_site")
def crawled_before_and_after_changes(run: Run, web: WebSite, allow_loopback: None) -> WebSite:
    """A crawled site: /a has changed, /b is gone and /c is new, and so is the footer."""
    links = " ".join(f"<a href={path}>{path}</a>" for path in ("/a", "/b", "/c", "/d"))
    for path in ("/a", "/b", "/d"):
        put_page(web, path, "<p>Open at nine.</p><p>We sell bread.</p>")
    put_page(web, "/", links)
    knows(run, "crawl", web.address)
    assert len(json.loads(knows(run, "diff", "1", "--json").out)["new"]) == 4
    put_page(web, "/", links, "Write to us.")
    for path in ("/c", "/d"):
        put_page(web, path, "<p>Open at nine.</p><p>We sell bread.</p>", "Write to us.")
    put_page(web, "/a", "<p>Open at ten.</p><p>We sell bread.</p>", "Write to us.")
    del web.pages["/b"]
    knows(run, "crawl", web.address)
    return web


def test_what_the_last_crawl_found_changed_is_told(run: Run, changed_site: WebSite) -> None:
    address = changed_site.address
    lines = knows(run, "diff", "1").out.rstrip().split("\n")
    assert lines[:9] == [
        "New pages: 1",
        f"  {address}/c",
        f"Changed: {address}/a",
        "  - Open at nine.",
        "  + Open at ten.",
        "Changed on several pages alike:",
        "  - Call us.",
        "  + Write to us.",
        "Texts with a version before (see one with --document):",
    ]
    knows(run, "crawl", address)
    assert knows(run, "diff", "1").out.split("\n")[:2] == [
        "Pages no longer quoted: 1",
        f"  {address}/b",
    ]
    knows(run, "crawl", address)
    assert "/a" in knows(run, "diff", "1").out


def test_a_text_that_changed_is_shown_and_put_back(run: Run, changed_site: WebSite) -> None:
    lines = knows(run, "diff", "1").out.rstrip().split("\n")
    document = next(line.split()[0] for line in lines[9:] if line.endswith("  /a"))
    assert knows(run, "diff", "1", "--document", document).out.split("\n") == [
        "1 word added, 1 word removed",
        "# /a",
        "Open at [-nine.-] {+ten.+}",
        "We sell bread.",
        "",
    ]
    undo = ("undo", "1", "--document", document)
    assert "as it was before, until its page changes again" in knows(run, *undo).out
    assert "Open at nine." in knows(run, "show", "1", "--document", document).out
    assert "1 text is used as it was put back" in knows(run, "list").out
    assert "as its page says again" in knows(run, *undo).out
    never = str(next(row["document"] for row in listed(run, "1") if row["title"] == "/c"))
    assert "no version before" in refused(run, "undo", "1", "--document", never, code=1)


def test_a_text_that_changed_again_is_accepted(run: Run, changed_site: WebSite) -> None:
    row = next(row for row in listed(run, "1") if row["title"] == "/a")
    place = ("1", "--document", str(row["document"]))
    knows(run, "undo", *place)
    assert "nothing to decide" in refused(run, "accept", *place)
    changed_site.put("/a", "/a", "Open at eleven. We sell bread.")
    knows(run, "crawl", changed_site.address)
    overtaken = "1 text that had been put back has changed again"
    assert overtaken in knows(run, "list").out
    assert "The new text of “/a” is right" in knows(run, "accept", *place).out
    assert overtaken not in knows(run, "list").out
    assert "Open at eleven." in knows(run, "show", *place).out
