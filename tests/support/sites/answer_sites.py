"""Sites in folders of pages, read and indexed as a crawl does it, and what answers from them."""

from __future__ import annotations

from pathlib import Path

from support.sites.crawling import extractor

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.jobs import embed_all
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.index.embedder import make_embedder
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site


class KnownSites:
    """A database of sites, in *file*.

    Attributes:
        ids: of the sites, by the names of their folders.
        bases: what answers from them, by the way of searching: “meaning” or “words”.
    """

    def __init__(self, file: Path, encoder_dir: Path) -> None:
        self._database = Database(f"sqlite:///{file}")
        self._database.migrate()
        embedder = make_embedder("on", encoder_dir)
        assert embedder is not None
        self._embedder = embedder
        self.ids: dict[str, int] = {}
        self.bases = {
            "meaning": KnowledgeBase(self._database, embedder=embedder),
            "words": KnowledgeBase(self._database),
        }

    def index(self, folder: Path) -> None:
        """Add each folder in *folder* as a site."""
        for site in (path for path in folder.iterdir() if path.is_dir()):
            with self._database.session() as session:
                self.ids[site.name] = add_site(session, site.name).id
                source = open_source(session, self.ids[site.name], "file", "pages")
                for page in sorted(site.glob("*.html")):
                    url = f"https://site.example/{page.name}"
                    for draft in extractor.read(page.read_bytes(), "html", page.name, url).drafts:
                        indexing.put(session, source, analyse(draft))

    def embed(self) -> None:
        """Compute the vectors of all that was indexed."""
        embed_all(self._database, self._embedder)

    def close(self) -> None:
        self._embedder.close()
        self._database.close()
