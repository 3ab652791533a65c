"""What an owner does with knowledge by hand: add, list, remove, export, import."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from chatbot_server.errors import NotFound, UsageError
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.crawl.site_text import site_document_base
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.read import urls
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import (
    delete_documents,
    document_counts,
    documents_of,
    documents_of_page,
    find_faq_entry,
)
from chatbot_server.storage.knowledge.pages import PageReason, page_counts, page_reasons
from chatbot_server.storage.knowledge.readings import lost_facts
from chatbot_server.storage.knowledge.sources import (
    delete_source,
    get_source,
    open_source,
    sources_of,
)
from chatbot_server.storage.knowledge.tables import KnowledgeDocument, KnowledgeSource, SourceKind
from chatbot_server.storage.site.sites import Site, all_sites

LONGEST_ANSWER = 20_000  # characters of an FAQ entry's answer


def add_faq(
    database: Database, site_id: int, question: str, answer: str, wordings: Sequence[str] = ()
) -> bool:
    """Add an FAQ entry, or replace the one with the same question; whether anything changed."""
    return put_faq_entries(database, site_id, [(question, answer, wordings)]) > 0


def put_faq_entries(
    database: Database, site_id: int, entries: Iterable[tuple[str, str, Sequence[str]]]
) -> int:
    """Add or replace FAQ entries (question, answer, wordings); returns how many changed."""
    analysed_drafts = [analyse(faq_draft(*entry)) for entry in entries]
    with database.session() as session:
        source = open_source(session, site_id, "faq")
        return indexing.put_all(session, source, analysed_drafts)


def faq_draft(question: str, answer: str, wordings: Sequence[str] = ()) -> Draft:
    """An FAQ entry as a draft; its address is made from the question."""
    return Draft(_faq_address(question), question, answer, faq=True, wordings=tuple(wordings))


def find_faq(database: Database, site_id: int, question: str) -> Draft | None:
    """The current entry for *question*, if there is one."""
    with database.session() as session:
        entry = find_faq_entry(session, site_id, _faq_address(question))
        if entry is None:
            return None
        wordings = tuple(entry.wordings)
        return Draft(entry.url, entry.title, entry.text, entry.language, True, wordings)


def restore_faq(database: Database, site_id: int, question: str, former: Draft | None) -> None:
    """Replace the entry for *question* by *former*, a result of :func:`find_faq`."""
    analysis = None if former is None else analyse(former)
    with database.session() as session:
        if analysis is not None:
            indexing.put(session, open_source(session, site_id, "faq"), analysis)
        elif entry := find_faq_entry(session, site_id, _faq_address(question)):
            delete_documents(session, site_id, [entry.id])


def _faq_address(question: str) -> str:
    """The artificial address of the entry for *question*."""
    return f"faq:{_name_of(question)}"


def add_note(database: Database, site_id: int, title: str, text: str) -> bool:
    """Add a note, or replace the one with the same title; whether anything changed."""
    analysis = analyse(Draft(f"note:{_name_of(title)}", title, text))
    with database.session() as session:
        return indexing.put(session, open_source(session, site_id, "note"), analysis)


def add_site(database: Database, site_id: int, address: str, *, single: bool = False) -> int:
    """Add a site, or a *single* page, to crawl; returns the number of the source.

    Raises:
        UsageError: *address* is not a web address.
    """
    url = urls.canonical(address if "://" in address else f"https://{address}")
    host = urlsplit(url).hostname if url else None
    if url is None or len(url) > 500 or not host or re.search(r"[\s%<>\"]", host):
        raise UsageError("knowledge_address", address=address[:200])
    with database.session() as session:
        source = open_source(session, site_id, "page" if single else "site", url)
        source.state = "active"
        return source.id


def reset_unread_site(session: Session, name: str) -> Site | None:
    """Free the site *name* for another address, if nothing could be read of it; returns it then."""
    for site in all_sites(session):
        sources = sources_of(session, site.id)
        is_unreadable = sources and all(source.why for source in sources)
        is_empty = is_unreadable and not document_counts(session, site.id)
        if is_empty and site.name == name and not site.demo:
            for source in sources:
                delete_source(session, site.id, source.id)
            site.origins = []
            return site
    return None


@dataclass(frozen=True)
class SourceReport:
    """A source, and what was read from it.

    Attributes:
        pages: the number of a crawl's pages by state.
        lost: by page, facts that a visitor sees and no document states.
        unread: whether it is still to be read, or is being read.
        why: why it could not be read, as in :class:`KnowledgeSource`.
        documents: how many were read from it, without what all pages of a site share.
    """

    number: int
    kind: str
    address: str
    state: str
    pages: dict[str, int]
    lost: dict[str, list[str]]
    reasons: list[PageReason]
    started: int | None
    finished: int | None
    unread: bool
    why: str
    documents: int

    @property
    def is_crawl(self) -> bool:
        """Whether it is read from the web by its address."""
        return self.kind in ("site", "page")

    @property
    def is_empty_crawl(self) -> bool:
        """Whether a crawl has ended without any document to answer from."""
        return self.is_crawl and self.finished is not None and not self.documents


def describe_sources(session: Session, site_id: int) -> list[SourceReport]:
    """The site's sources, oldest first."""
    counts = document_counts(session, site_id)
    sources = sources_of(session, site_id)
    return [_describe(session, source, counts.get(source.id, 0)) for source in sources]


def describe_source(session: Session, site_id: int, source_id: int) -> SourceReport:
    """One of the site's sources.

    Raises:
        NotFound: the site has no such source.
    """
    source = get_source(session, site_id, source_id)
    return _describe(session, source, document_counts(session, site_id).get(source_id, 0))


def _describe(session: Session, source: KnowledgeSource, document_count: int) -> SourceReport:
    if source.kind == "site":
        # Documents with what all pages share are not pages themselves.
        base = site_document_base(source.address)
        document_count -= len(documents_of_page(session, source.site_id, base, source.id))
    return SourceReport(
        number=source.id,
        kind=source.kind,
        address=source.address,
        state=source.state,
        pages=page_counts(session, source.id),
        lost=lost_facts(session, source.id),
        reasons=page_reasons(session, source.id),
        started=source.started,
        finished=source.finished,
        unread=source.is_unread,
        why=source.why,
        documents=document_count,
    )


def describe_documents(
    session: Session, site_id: int, source_id: int, limit: int | None = None
) -> list[dict[str, Any]]:
    """The first *limit* documents of one source, oldest first.

    ``every_page`` marks a document with what all pages share; for ``removable`` see
    :func:`remove_document`.

    Raises:
        NotFound: the site has no such source.
    """
    source = get_source(session, site_id, source_id)
    base = site_document_base(source.address)
    return [
        {
            "document": row.id,
            "title": row.title,
            "id": row.url,
            "wordings": row.wordings,
            "every_page": source.kind == "site" and row.url.startswith(f"{base}#"),
            "removable": source.kind not in ("site", "page"),
        }
        for row in documents_of(session, site_id, source_id, limit)
    ]


def describe_entries(session: Session, site_id: int) -> list[dict[str, Any]]:
    """The site's FAQ in the owner's own words, oldest first."""
    return [
        {
            "document": document.id,
            "source": source.id,
            "title": document.title,
            "wordings": document.wordings,
            "text": document.text,
        }
        for source in sources_of(session, site_id)
        if source.kind == "faq"
        for document in documents_of(session, site_id, source.id)
    ]


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


def remove_source(database: Database, site_id: int, source_id: int) -> int:
    """Remove a source with everything read from it; returns the number of documents."""
    with database.session() as session:
        ids = [document.id for document in documents_of(session, site_id, source_id)]
        delete_documents(session, site_id, ids)
        delete_source(session, site_id, source_id)
    return len(ids)


def remove_document(database: Database, site_id: int, source_id: int, document_id: int) -> str:
    """Remove one document of a source; returns its title.

    Raises:
        NotFound: the site has no such source, or that no such document.
        UsageError: it is a page of a crawl, which would bring it back.
    """
    with database.session() as session:
        source = get_source(session, site_id, source_id)
        document = session.get(KnowledgeDocument, document_id)
        if document is None or document.source_id != source.id:
            raise NotFound("knowledge_no_document", number=source_id, document=document_id)
        if source.kind in ("site", "page"):
            raise UsageError("knowledge_crawled", number=source_id)
        delete_documents(session, site_id, [document_id])
    return document.title


def _name_of(title: str) -> str:
    return hashlib.sha256(title.strip().casefold().encode("utf-8", "replace")).hexdigest()[:16]
