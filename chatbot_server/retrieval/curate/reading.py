"""What was read of a source, for the owner to check."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from chatbot_server.errors import NotFound
from chatbot_server.retrieval.crawl.changes import read_change
from chatbot_server.retrieval.crawl.site_text import site_document_base
from chatbot_server.retrieval.language.tables import table_count
from chatbot_server.retrieval.read.html.text.blocks import unpacked
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.index.chunks import chunks_of
from chatbot_server.storage.knowledge.pages import changed_pages
from chatbot_server.storage.knowledge.readings import reading_at
from chatbot_server.storage.knowledge.sources import get_source
from chatbot_server.storage.knowledge.versions import changed_texts

SEVERAL_PAGES = 3
MOST_TEXTS = 50
_WORD = re.compile(r"[^\W_]+")


def text_figures(session: Session, site_id: int, source_id: int) -> dict[str, int]:
    """The numbers of documents, words and tables that were read of a source.

    What all pages of a site share is no document of its own, but its words count.
    """
    documents = documents_of(session, site_id, source_id)
    shared = f"{site_document_base(get_source(session, site_id, source_id).address)}#"
    texts = [document.text for document in documents]
    return {
        "documents": sum(not document.url.startswith(shared) for document in documents),
        "words": sum(len(_WORD.findall(text)) for text in texts),
        "tables": sum(map(table_count, texts)),
    }


def documents_as_read(
    session: Session, site_id: int, source_id: int, document_id: int | None = None
) -> Iterator[dict[str, Any]]:
    """The documents of a source, or one of them, with their sections as they are quoted.

    ``left_out`` holds the blocks of a page that are in another document (what all pages share) or
    in none (menus).

    Raises:
        NotFound: the site has no such source, or the source no such document.
    """
    get_source(session, site_id, source_id)
    documents = documents_of(session, site_id, source_id)
    if document_id is not None:
        documents = [row for row in documents if row.id == document_id]
        if not documents:
            raise NotFound("knowledge_no_document", number=source_id, document=document_id)
    for document in documents:
        reading = reading_at(session, source_id, document.url)
        blocks = unpacked(json.loads(reading.blocks)) if reading else []
        yield {
            "document": document.id,
            "title": document.title,
            "id": document.url,
            "language": document.language,
            "sections": [
                {"heading": chunk.heading, "text": chunk.text}
                for chunk in chunks_of(session, document.id)
            ],
            "left_out": [block.text for block in blocks if block.text not in document.text],
        }


def page_changes(session: Session, site_id: int, source_id: int) -> dict[str, Any]:
    """The pages that the last crawl of a source found new, changed or gone.

    A line that changed on several pages, as in a footer, is reported once, under ``everywhere``;
    under ``texts`` are the documents that have a version before.

    Raises:
        NotFound: the site has no such source.
    """
    get_source(session, site_id, source_id)
    changes = {page.url: read_change(page.change) for page in changed_pages(session, source_id)}
    counts = {
        part: Counter(line for change in changes.values() for line in change[part])
        for part in ("added", "removed")
    }
    everywhere = {
        part: [line for line, count in lines.items() if count >= SEVERAL_PAGES]
        for part, lines in counts.items()
    }
    rows = []
    for url, change in changes.items():
        own = {
            part: [line for line in change[part] if line not in everywhere[part]] for part in counts
        }
        if change["kind"] == "changed" and any(own.values()):
            rows.append({"url": url, **own})
    by_kind = {
        kind: [url for url, change in changes.items() if change["kind"] == kind]
        for kind in ("new", "gone")
    }
    texts = [text._asdict() for text in changed_texts(session, source_id, MOST_TEXTS)]
    return {**by_kind, "changed": rows, "everywhere": everywhere, "texts": texts}
