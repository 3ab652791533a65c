"""What the chatbot has read: sources, their state, and the text as it was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from chatbot_server.errors import ChatbotError, UsageError
from chatbot_server.prompt.clean import clean_text
from chatbot_server.retrieval.base import Passage
from chatbot_server.retrieval.crawl.reasons import is_allowed_now, reason_sentence
from chatbot_server.retrieval.curate.imports.files import Uploads
from chatbot_server.retrieval.curate.library import (
    add_note,
    add_site,
    remove_document,
    remove_source,
)
from chatbot_server.retrieval.curate.listing import (
    SourceReport,
    describe_documents,
    describe_sources,
)
from chatbot_server.retrieval.curate.reading import page_changes
from chatbot_server.retrieval.read.extractor import SUFFIXES
from chatbot_server.storage.knowledge.documents import waiting_counts
from chatbot_server.storage.knowledge.sources import get_source
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import (
    AdminParts,
    admin_language,
    go,
    load_site,
    problem_of,
    render,
    typed,
)

MOST_DOCUMENTS = 500  # of one source that are listed
MOST_PAGES_WITH_LOSSES = 50
LEAST_SCORE = 0.005  # which the page would call 0 %
LONGEST_NOTE = 20_000
LONGEST_NAME = 200  # of a file, without its ending


def add_knowledge(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of sources and documents."""

    @bp.get(f"{PATH}/<key>/knowledge")
    def knowledge(key: str) -> Response:
        return _show(parts, key)

    @bp.post(f"{PATH}/<key>/knowledge")
    def add_source(key: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
        try:
            job = _add(parts, site_id)
        except ChatbotError as error:
            return _show(parts, key, problem=problem_of(error), status=error.status)
        parts.call_job(job)
        return go("knowledge", key=key, done="added")

    @bp.post(f"{PATH}/<key>/knowledge/<int:number>")
    def change_source(key: str, number: int) -> Response:
        action = request.form.get("action", "")
        is_gone = _change(parts, key, number, action)
        parts.call_job("embed" if is_gone else "read")
        result = {"remove": "deleted", "again": "again"}.get(action, "saved")
        return go("knowledge", key=key, done=result)

    @bp.post(f"{PATH}/<key>/knowledge/<int:number>/<int:document>/delete")
    def remove_text(key: str, number: int, document: int) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
        tell_audit(remove_document(parts.database, site_id, number, document))
        parts.call_job("embed")
        return go("knowledge", key=key, done="deleted")


def _show(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        site_id = site.id
        reports = describe_sources(session, site_id)
        source_id = request.args.get("source", type=int)
        embedder = parts.knowledge.searcher.embedder
        waiting = waiting_counts(session, site_id, embedder.model) if embedder else {}
        documents = (
            describe_documents(session, site_id, source_id, MOST_DOCUMENTS) if source_id else []
        )
        changes = page_changes(session, site_id, source_id) if source_id else {}
    reports = [report for report in reports if report.kind != "faq"]
    sources = explain_sources(parts, reports)
    query = " ".join(request.args.get("q", "").split())[:300]
    return render(
        "answers/knowledge",
        status=status,
        site=site,
        sites=sites,
        sources=sources,
        waiting=waiting,
        documents=documents,
        changes=changes,
        shown=source_id,
        q=query,
        passages=_found(parts, site_id, query) if query else [],
        suffixes=",".join(SUFFIXES),
        **values,
    )


def _found(parts: AdminParts, site_id: int, query: str) -> list[Passage]:
    """The passages for *query*, without those that have next to nothing to do with it."""
    passages = parts.knowledge.search(site_id, query)
    return [passage for passage in passages if passage.score >= LEAST_SCORE]


def explain_sources(parts: AdminParts, reports: Iterable[SourceReport]) -> list[Mapping[str, Any]]:
    """*reports* as the pages show them: with sentences why something was not read.

    What was refused by settings that allow it by now is read at once, because somebody waits.
    """
    settings, language = parts.config.retrieval, admin_language()

    def sentence(why: str, url: str) -> str:
        if not why or is_allowed_now(why, settings.private_hosts):
            return ""
        return reason_sentence(why, url, language, settings.page_bytes)

    reports = list(reports)
    if any(is_allowed_now(report.why, settings.private_hosts) for report in reports):
        parts.call_job("read")
    return [
        vars(report)
        | {
            "why": sentence(report.why, report.address),
            "lost_shown": list(report.lost.items())[:MOST_PAGES_WITH_LOSSES],
            "reasons": [
                asdict(reason) | {"sentence": sentence(reason.why, reason.url)}
                for reason in report.reasons
            ],
        }
        for report in reports
    ]


def _change(parts: AdminParts, key: str, number: int, action: str) -> bool:
    """Pause, resume, read again or remove a source; returns whether it is removed.

    Raises:
        NotFound: the site has no such source.
        UsageError: there is no such *action*.
    """
    with parts.database.session() as session:
        site_id = find_site(session, key).id
        source = get_source(session, site_id, number)
        tell_audit(f"{action} {source.address}".strip())
        if action == "again":
            source.why = ""
            if source.finished is not None:  # else a crawl is not over, and goes on
                source.started = source.finished = None
        elif action in ("pause", "resume"):
            source.state = "paused" if action == "pause" else "active"
        elif action != "remove":
            raise UsageError("field_missing", field="action", name="action")
    if action == "remove":
        remove_source(parts.database, site_id, number)
    return action == "remove"


def _add(parts: AdminParts, site_id: int) -> str:
    """Add an address, files or a typed text; returns the name of the job that reads them.

    Raises:
        ChatbotError: an address or a text cannot be read, or a file cannot be stored.
    """
    files = {
        _own_name(file.filename): file.save
        for file in request.files.getlist("file")
        if file.filename
    }
    if files:
        tell_audit(", ".join(files))
        limit = parts.config.retrieval.page_bytes
        Uploads(parts.database, parts.config.uploads_dir, limit).put_all(site_id, files)
        return "files"
    if address := typed("address", 500):
        tell_audit(address)
        add_site(parts.database, site_id, address, single=request.form.get("single") == "yes")
        return "read"
    if text := typed("text", LONGEST_NOTE, lines=True):
        title = typed("title", 200)
        if not title:
            raise UsageError("text_empty", field="title", name="title")
        tell_audit(title)
        add_note(parts.database, site_id, title, text)
        return "embed"
    raise UsageError("source_empty", field="address")


def _own_name(path: str) -> str:
    """The name of a file without its folders, which some browsers send as well."""
    text = clean_text(path.encode("utf-8", "replace").decode()).replace("\\", "/")
    stem, dot, suffix = " ".join(text.rpartition("/")[2].split()).rpartition(".")
    return f"{stem[:LONGEST_NAME]}{dot}{suffix[:20]}"
