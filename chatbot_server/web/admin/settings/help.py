"""Help: what goes on, what went wrong, all checks, and a text for whoever helps."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from chatbot_server import __version__
from chatbot_server.diagnosis.own_server import Check, examine_server, support_text
from chatbot_server.errors import ChatbotError
from chatbot_server.messages import say
from chatbot_server.models.machine import available_memory, free_disk, total_memory
from chatbot_server.models.store.downloads.background import download_state
from chatbot_server.retrieval.crawl.reasons import reason_sentence
from chatbot_server.retrieval.curate.listing import SourceReport, describe_sources
from chatbot_server.retrieval.curate.quality.requested_runs import is_requested
from chatbot_server.storage.base import now
from chatbot_server.storage.knowledge.documents import waiting_counts
from chatbot_server.storage.site.sites import Site, sites_in_order
from chatbot_server.storage.site.webhooks import has_paused_webhook
from chatbot_server.storage.visitors.learning import golden_questions
from chatbot_server.storage.visitors.outbox import undelivered
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import AdminParts, admin_language, render
from chatbot_server.web.data_processing import OWN_MACHINE
from chatbot_server.web.middleware.address import own_address

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class BackgroundState:
    """Something that goes on, waits or failed, and the page where it is dealt with."""

    sentence: str
    page: str
    failed: bool = False


def add_help(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the page that helps."""

    @bp.get(f"{PATH}/help")
    def show_help() -> Response:
        return _show(parts)

    @bp.post(f"{PATH}/help")
    def check_server() -> Response:
        try:
            return _show(parts, examine_server(admin_language()))
        except ChatbotError as error:
            return _show(parts, status=error.status, problem=error.sentence(admin_language()))


def _show(
    parts: AdminParts, checks: Sequence[Check] = (), *, status: int = 200, problem: str = ""
) -> Response:
    with parts.database.session() as session:
        sites = [site for site in sites_in_order(session) if not site.demo]
        background = list(_background(parts, session, sites))
        documents = sum(
            report.documents for site in sites for report in describe_sources(session, site.id)
        )
    address = own_address(request)
    return render(
        "settings/help",
        status=status,
        problem=problem,
        own_sites=sites,
        background=background,
        checks=sorted(checks, key=lambda check: check.ok),
        address=address,
        is_local=(request.host.partition(":")[0] in OWN_MACHINE and address.startswith("http:")),
        now=now(),
        support=support_text(_facts(parts, sites, documents), parts.config, checks),
    )


def _background(
    parts: AdminParts, session: Session, sites: Sequence[Site]
) -> Iterator[BackgroundState]:
    """What the jobs of the server do, wait for, or could not do."""
    language = admin_language()
    for site in sites:
        yield from _reading(parts, session, site)
        if is_requested(parts.config.run_dir, site.id):
            asking = say("quality_asking", language, count=len(golden_questions(session, site.id)))
            sentence = say("named", language, name=site.name, text=asking)
            yield BackgroundState(sentence, url_for("admin.quality", key=site.key))
        if has_paused_webhook(session, site.id):
            page = url_for("admin.keys", key=site.key)
            yield BackgroundState(say("webhook_paused_home", language), page, failed=True)
        if (unsent := undelivered(session, site.id)) is not None:
            why = say(unsent.problem["code"], language, **unsent.problem["values"])
            sentence = say("mail_waiting", language, count=unsent.count, why=why)
            yield BackgroundState(sentence, url_for("admin.messages", key=site.key), failed=True)
    if download := download_state(parts.config.models_dir):
        page = url_for("admin.models")
        if download.is_open:
            yield BackgroundState(say("help_download", language, name=download.name), page)
        elif download.state == "failed":
            sentence = say("help_download_failed", language, name=download.name)
            yield BackgroundState(sentence, page, failed=True)


def _reading(parts: AdminParts, session: Session, site: Site) -> Iterator[BackgroundState]:
    """What is read of the site, and what could not be read."""
    language, page = admin_language(), url_for("admin.knowledge", key=site.key)
    embedder = parts.knowledge.searcher.embedder
    for report in describe_sources(session, site.id):
        address = report.address or say(f"source_{report.kind}", language)
        if why := _why_unread(report, parts.config.retrieval.page_bytes):
            is_named = address in why
            sentence = why if is_named else say("named", language, name=address, text=why)
            yield BackgroundState(sentence, page, failed=True)
        elif report.unread and report.state == "active":
            code = "source_waits_for" if report.waits_for else "source_waiting"
            state = say(code, language, address=report.waits_for)
            yield BackgroundState(say("named", language, name=address, text=state), page)
    waiting = sum(waiting_counts(session, site.id, embedder.model).values()) if embedder else 0
    if waiting:
        state = say("source_preparing", language, count=waiting)
        yield BackgroundState(say("named", language, name=site.name, text=state), page)


def _why_unread(report: SourceReport, page_bytes: int) -> str:
    """Why the source could not be read, or nothing of it; empty: it could."""
    language = admin_language()
    if report.why:
        return reason_sentence(report.why, report.address, language, page_bytes)
    if report.is_empty_crawl and report.reasons:
        reason = report.reasons[0]
        return reason_sentence(reason.why, reason.url, language, page_bytes)
    return ""


def _facts(parts: AdminParts, sites: Sequence[Site], documents: int) -> dict[str, object]:
    """What a helper asks first; nothing that says whose server this is."""
    memory, total = available_memory() // MEGABYTE, total_memory() // MEGABYTE
    return {
        "chatbot-server": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processors": os.cpu_count(),
        "memory": f"{memory} of {total} MB free",
        "disk": f"{free_disk(parts.config.data_dir) // MEGABYTE} MB free",
        "database": parts.database.engine.dialect.name,
        "engine": f"{parts.config.engine.kind}, {parts.engine.status().state}",
        "https": "yes" if own_address(request).startswith("https:") else "no",
        "behind a proxy": "yes" if "X-Forwarded-For" in request.headers else "no",
        "sites": f"{len(sites)}, the chat was opened on {sum(bool(s.seen) for s in sites)}",
        "documents": documents,
        "time": now(),
    }
