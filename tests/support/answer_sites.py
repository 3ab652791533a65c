"""Folders of pages, read and indexed as a crawl does it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from support.crawling import extractor

from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.sources import open_source
from chatbot_server.storage.site.sites import add_site


def index_folders(database: Database, folders: Iterable[Path]) -> dict[str, int]:
    """The id of a new site for each folder, by the folder's name."""
    ids: dict[str, int] = {}
    for folder in folders:
        with database.session() as session:
            ids[folder.name] = add_site(session, folder.name).id
            source = open_source(session, ids[folder.name], "file", "pages")
            for page in sorted(folder.glob("*.html")):
                url = f"https://site.example/{page.name}"
                for draft in extractor.read(page.read_bytes(), "html", page.name, url).drafts:
                    indexing.put(session, source, analyse(draft))
    return ids
