"""Exports all documents of a site, and imports them elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from sqlalchemy.orm import Session

from chatbot_server.errors import UsageError
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.sources import open_source, sources_of
from chatbot_server.storage.knowledge.tables import SourceKind


def export_documents(session: Session, site_id: int) -> Iterator[dict[str, Any]]:
    """Every document of the site as a JSON object."""
    kinds = {source.id: (source.kind, source.address) for source in sources_of(session, site_id)}
    for document in documents_of(session, site_id):
        kind, address = kinds[document.source_id]
        yield {
            "source": kind,
            "address": address,
            "id": document.url,
            "title": document.title,
            "text": document.text,
            "language": document.language,
            "faq": document.faq,
            "wordings": document.wordings,
        }


def import_documents(database: Database, site_id: int, rows: Iterable[dict[str, Any]]) -> int:
    """Import exported documents; returns how many were new or changed.

    Raises:
        UsageError: a row does not have the form that :func:`export_documents` writes.
    """
    change_count = 0
    for number, row in enumerate(rows, 1):
        try:
            kind, address, draft = _read_row(row)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise UsageError("knowledge_import_row", number=number) from None
        analysis = analyse(draft)
        with database.session() as session:
            source = open_source(session, site_id, kind, address)
            change_count += indexing.put(session, source, analysis)
    return change_count


def _read_row(row: dict[str, Any]) -> tuple[SourceKind, str, Draft]:
    """Kind and address of the source of an exported document, and the document.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: a value is missing or wrong.
    """
    kind, name, address = row.get("source", "note"), str(row["id"]), str(row.get("address") or "")
    language = row.get("language") or ""
    # No database accepts a NUL or half of a surrogate pair; joining fails for other types.
    has_nul = b"\0" in "".join((name, address, language)).encode()
    if kind not in get_args(SourceKind) or has_nul:
        raise ValueError
    return (
        kind,
        address,
        Draft(
            name,
            str(row.get("title") or ""),
            str(row["text"]),
            language,
            bool(row.get("faq")),
            tuple(str(wording) for wording in row.get("wordings") or ()),
        ),
    )
