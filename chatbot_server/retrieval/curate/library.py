"""What an owner adds and removes by hand: FAQ entries, notes, sites."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from chatbot_server.errors import NotFound, UsageError
from chatbot_server.retrieval.base import Draft
from chatbot_server.retrieval.index import indexing
from chatbot_server.retrieval.index.analysis import analyse
from chatbot_server.retrieval.read import urls
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import (
    delete_documents,
    document_counts,
    documents_of,
    find_faq_entry,
)
from chatbot_server.storage.knowledge.sources import (
    delete_source,
    get_source,
    open_source,
    sources_of,
)
from chatbot_server.storage.knowledge.tables import KnowledgeDocument
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


def entry_of(session: Session, site_id: int, question: str) -> KnowledgeDocument | None:
    """The stored entry for *question*, if there is one."""
    return find_faq_entry(session, site_id, _faq_address(question))


def find_faq(database: Database, site_id: int, question: str) -> Draft | None:
    """The current entry for *question*, if there is one."""
    with database.session() as session:
        entry = entry_of(session, site_id, question)
        if entry is None:
            return None
        wordings = tuple(entry.wordings)
        return Draft(entry.url, entry.title, entry.text, entry.language, True, wordings)


def faq_entry_id(database: Database, site_id: int, question: str) -> int | None:
    """The document of the current entry for *question*, if there is one."""
    with database.session() as session:
        entry = entry_of(session, site_id, question)
        return None if entry is None else entry.id


def restore_faq(database: Database, site_id: int, question: str, former: Draft | None) -> None:
    """Replace the entry for *question* by *former*, a result of :func:`find_faq`."""
    analysis = None if former is None else analyse(former)
    with database.session() as session:
        if analysis is not None:
            indexing.put(session, open_source(session, site_id, "faq"), analysis)
        elif entry := entry_of(session, site_id, question):
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
    has_scheme = "://" in address
    url = urls.canonical(address if has_scheme else f"https://{address}")
    host = (urlsplit(url).hostname if url else None) or ""
    # One word is a name in one's own network only where somebody wrote http:// before it.
    is_word = not has_scheme and "." not in host and ":" not in host and host != "localhost"
    if url is None or len(url) > 500 or not host or is_word or re.search(r"[\s%<>\"]", host):
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
        if source.is_crawl:
            raise UsageError("knowledge_crawled", number=source_id)
        delete_documents(session, site_id, [document_id])
    return document.title


def _name_of(title: str) -> str:
    return hashlib.sha256(title.strip().casefold().encode("utf-8", "replace")).hexdigest()[:16]
