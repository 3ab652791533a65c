"""How much of what visitors see on a site's pages is in its index: headings, and facts.

Each folder of pages is crawled as an owner would crawl it. A heading is kept if a line of its
page's text, or of what all pages of the site share, contains it; a fact (telephone number, e-mail
address, price, time or date) if that text states it. Headings above nothing but links, fields of
forms or a map are titles of menus: they are counted separately, and need not be kept. Files that
are no pages (empty, or a picture with another name), and pages that ask not to be indexed or send
their visitors on, are left out.

    PYTHONPATH=scripts python -m benchmarks.reading FOLDER… [--lost]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chatbot_server.retrieval.crawl.crawler import Crawl, CrawlLimits
from chatbot_server.retrieval.crawl.fetch import Fetcher
from chatbot_server.retrieval.crawl.site_text import site_document_base
from chatbot_server.retrieval.curate.library import add_site as add_source
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read.charset import decoded, is_text
from chatbot_server.retrieval.read.document import Unreadable
from chatbot_server.retrieval.read.extractor import Extractor
from chatbot_server.retrieval.read.html.text.blocks import Block
from chatbot_server.retrieval.read.html.text.names import SILENT
from chatbot_server.retrieval.read.html.unread.visible import Visibility
from chatbot_server.retrieval.read.html.visible_facts import visible_facts
from chatbot_server.retrieval.read.html_page import parsed, read_html
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.site.sites import add_site

_SIGNS = re.compile(r"[\W_]+")
CONTROLS = ("a", "button", "label", "legend")
EMBEDDED = ("form", "iframe", "object", "embed", "input", "select", "textarea")
HEADING_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")
HEADINGS = f"//body//*[{' or '.join(f'self::{tag}' for tag in HEADING_TAGS)}]"
TEXTS = ".//text()[normalize-space()]"


@dataclass
class SiteFigures:
    """What visitors see on the pages of a site, and what of it is lost."""

    pages: int = 0
    headings: int = 0
    menus: int = 0
    facts: int = 0
    lost_headings: list[str] = field(default_factory=list)
    lost_facts: list[str] = field(default_factory=list)

    def count(self, page: Path, texts: Sequence[str]) -> None:
        """Take a page into account, of which *texts* are indexed."""
        data = page.read_bytes()
        if not is_text(data):
            return
        try:
            reading = read_html(data, "", page.as_uri().replace("file:", "http:"), "")
        except Unreadable:
            return
        if reading["noindex"] or reading["moved_to"]:
            return
        tree = parsed(decoded(data, ""))
        lines = [line for text in texts for line in text.split("\n")]
        folded = [_folded(line) for line in lines]
        self.pages += 1
        for element, heading in visible_headings(tree):
            is_kept = any(_folded(heading) in line for line in folded)
            if not is_kept and is_title_of_menu(element):
                self.menus += 1
                continue
            self.headings += 1
            if not is_kept:
                self.lost_headings.append(f"{page.name}: {heading}")
        language = str(next(iter(tree.xpath("/html/@lang")), ""))
        blocks = [Block(line) for line in lines]
        for words, places in visible_facts(tree, blocks, ",", language):
            self.facts += 1
            if not places:
                self.lost_facts.append(f"{page.name}: {words}")

    def row(self, name: str) -> str:
        """A line of the table."""
        counts = ((self.headings, self.lost_headings), (self.facts, self.lost_facts))
        shares = (
            f"{count - len(lost)} of {count} ({100 - 100 * len(lost) / max(1, count):.1f} %)"
            for count, lost in counts
        )
        return f"| {name} | {self.pages} | {' | '.join(shares)} | {self.menus} |"


def visible_headings(tree: Any) -> Iterator[tuple[Any, str]]:
    """The headings that a visitor sees, each as its element and as it is written."""
    visibility = Visibility(tree)
    for element in tree.xpath(HEADINGS):
        above = [element, *element.iterancestors()]
        if any(each.tag in SILENT or visibility.is_hidden(each) for each in above):
            continue
        text = " ".join("".join(element.itertext()).split())
        if _folded(text):
            yield element, text


def is_title_of_menu(heading: Any) -> bool:
    """Whether *heading* is the title of a menu, a form or a map.

    Only what follows it in the smallest element with other texts, up to the next heading, counts:
    links, buttons and labels alone, or no text but a form or a map.
    """
    for above in heading.iterancestors():
        if not any(heading not in _above(text) for text in above.xpath(TEXTS)):
            continue
        has_embedded, texts = False, []
        for node in heading.xpath("following::node()"):
            is_text = isinstance(node, str)
            if above not in _above(node) or (not is_text and node.tag in HEADING_TAGS):
                break
            if is_text and node.strip():
                texts.append(node)
            has_embedded |= not is_text and node.tag in EMBEDDED
        if not texts:
            return has_embedded
        return not any(all(each.tag not in CONTROLS for each in _above(text)) for text in texts)
    return False


def _above(node: Any) -> list[Any]:
    is_element = hasattr(node, "iterancestors")
    if is_element:
        return list(node.iterancestors())
    parent = node.getparent()
    return [parent, *parent.iterancestors()] if node.is_text else list(parent.iterancestors())


def _folded(text: str) -> str:
    return _SIGNS.sub("", fold(text))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a site of the files in *folder*."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def measure(folder: Path, extractor: Extractor) -> SiteFigures:
    """The figures of the site in *folder*, after a crawl of its own."""
    figures = SiteFigures()
    pages = sorted(path for path in folder.rglob("*") if path.suffix in (".html", ".htm"))
    with (
        tempfile.TemporaryDirectory() as place,
        served(folder) as address,
        closing(Database(f"sqlite:///{place}/site.db")) as database,
        closing(Fetcher("", ["127.0.0.1"])) as fetcher,
    ):
        database.migrate()
        with database.session() as session:
            site_id = add_site(session, folder.name).id
        # Pages to which no link leads are read, too.
        links = "".join(f"<a href='/{quote(str(page.relative_to(folder)))}'></a>" for page in pages)
        index = folder / "all-pages-of-this-site.html"
        index.write_text(f"<html><body>{links}</body></html>", encoding="utf-8")
        try:
            source = add_source(database, site_id, f"{address}/{index.name}")
            Crawl(database, fetcher, extractor, source, CrawlLimits(2000, 1e9)).run()
        finally:
            index.unlink()
        with database.session() as session:
            texts: dict[str, list[str]] = {}
            for document in documents_of(session, site_id, source):
                url = document.url.partition("#")[0]
                texts.setdefault(url, []).append(f"{document.title}\n{document.text}")
        shared = texts.get(site_document_base(f"{address}/{index.name}"), [])
        everything = [text for of_page in texts.values() for text in of_page]
        for page in pages:
            own = texts.get(f"{address}/{quote(str(page.relative_to(folder)))}")
            figures.count(page, [*own, *shared] if own else everything)
    return figures


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--lost", action="store_true", help="name what was lost")
    arguments = parser.parse_args()
    print("| site | pages | headings kept | facts kept | titles of menus |")
    print("|---|---|---|---|---|")
    with closing(Extractor()) as extractor:
        for folder in arguments.folders:
            figures = measure(folder, extractor)
            print(figures.row(folder.name), flush=True)
            if arguments.lost:
                for lost in (*figures.lost_headings, *figures.lost_facts):
                    print(f"    {lost}")


if __name__ == "__main__":
    main()
