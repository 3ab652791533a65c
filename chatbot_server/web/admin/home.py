"""The first page, and the steps from an empty server to a bubble on the owner's site."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request
from sqlalchemy.orm import Session

from chatbot_server import __version__
from chatbot_server.backup.rehearsal_record import last_rehearsal
from chatbot_server.engine.process.client import SocketEngine
from chatbot_server.errors import ChatbotError, EngineError, UsageError
from chatbot_server.messages import say
from chatbot_server.models.machine import free_disk
from chatbot_server.retrieval.curate.library import add_site as add_site_to_read
from chatbot_server.retrieval.curate.library import reset_unread_site
from chatbot_server.retrieval.curate.listing import describe_sources
from chatbot_server.storage.base import now
from chatbot_server.storage.site.settings import change_site, name_of, origin_of
from chatbot_server.storage.site.sites import (
    Site,
    add_site,
    all_sites,
    find_site,
    sites_in_order,
)
from chatbot_server.storage.site.webhooks import has_paused_webhook
from chatbot_server.storage.visitors.analytics import Period, activity
from chatbot_server.storage.visitors.feedback import contact_requests
from chatbot_server.storage.visitors.quality import worse_now
from chatbot_server.web.admin.access import PATH, may
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import (
    DAY,
    AdminParts,
    admin_language,
    go,
    load_site,
    problem_of,
    render,
    typed,
)
from chatbot_server.web.admin.settings.backups import copies_in
from chatbot_server.web.middleware.address import own_address
from chatbot_server.web.snippet import snippet_for

WEEK = 7 * DAY
DAYS_OF_REMINDING = 30
LOW_DISK = 1_000_000_000  # bytes; with less, a backup or an upgrade may fail


def add_home(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the first page, and of the tag for a site."""

    @bp.get(f"{PATH}/")
    @bp.get(f"{PATH}/<key>/")
    def home(key: str | None = None) -> Response:
        with parts.database.session() as session:
            sites = sites_in_order(session)
            if key is None and (not sites or sites[0].demo):
                return go("show_start")
            site = find_site(session, key) if key else sites[0]
            values = _figures(session, site)
        values["copies"] = copies_in(parts.config.backups_dir)
        values |= _rehearsal_state(parts)
        values |= _machine_state(parts)
        return render("home", site=site, sites=sites, **values)

    @bp.get(f"{PATH}/<key>/tag")
    def show_tag(key: str) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            tag = snippet_for(own_address(request), site)
        return render("tag", site=site, sites=sites, tag=tag, address=own_address(request))


def add_start(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the steps of a new site."""

    @bp.get(f"{PATH}/start")
    def show_start() -> Response:
        with parts.database.session() as session:
            sites = sites_in_order(session)
        name, address = (request.args.get(name, "")[:500] for name in ("name", "address"))
        return render("start", sites=sites, name=name, address=address)

    @bp.post(f"{PATH}/start")
    def start_site() -> Response:
        try:
            key = _make_site(parts, typed("name", 80), typed("address", 500))
        except ChatbotError as error:
            values = {name: request.form.get(name, "")[:500] for name in ("name", "address")}
            problem = problem_of(error)
            g.problem_field = "name" if error.field == "name" else "address"
            return render("start", status=error.status, problem=problem, **values)
        tell_audit(typed("name", 80))
        parts.call_job("read")
        return go("show_pages", key=key)


def _make_site(parts: AdminParts, name: str, address: str) -> str:
    """The owner's site, its origin and its pages to read; returns its key.

    Raises:
        UsageError: the name is missing, or the address is not one of the web.
    """
    if not address:
        raise UsageError("start_address_empty", field="address")
    origin = origin_of(address)
    host = urlsplit(origin).hostname or ""
    if "." not in host and ":" not in host and host != "localhost":  # a word is no address
        raise UsageError("knowledge_address", address=address)
    with parts.database.session() as session:
        same = [site for site in all_sites(session) if not site.demo and site.allows(origin)]
        site = same[0] if same else reset_unread_site(session, name)
        site = site or add_site(session, name_of(name))
        site.name = name_of(name)
        change_site(site, {"origin": (origin,)})
        key, site_id = site.key, site.id
    add_site_to_read(parts.database, site_id, address)
    return key


def _machine_state(parts: AdminParts) -> dict[str, Any]:
    """The values for the first page about the machine: engine, model, queue, disk, version."""
    status = parts.engine.status()
    state: dict[str, Any] = {"status_of_engine": status, "model": "", "workload": None}
    if status.state == "ready":
        with suppress(EngineError):
            state["model"] = parts.engine.info().model
            if isinstance(parts.engine, SocketEngine):
                state["workload"] = parts.engine.workload()
    disk = free_disk(parts.config.data_dir)
    return state | {"disk": disk, "disk_is_low": disk < LOW_DISK, "version": __version__}


def _rehearsal_state(parts: AdminParts) -> dict[str, Any]:
    """The result of the last rehearsed restore, and why it failed, if it did."""
    rehearsal = last_rehearsal(parts.config.run_dir)
    why = ""
    if rehearsal and rehearsal.code:
        why = say(rehearsal.code, admin_language(), **rehearsal.values)
    return {"rehearsal": rehearsal, "rehearsal_problem": why}


def _figures(session: Session, site: Site) -> dict[str, Any]:
    """The values for the first page about the site: both last weeks, content, and steps to do."""
    moment = now()
    sources = describe_sources(session, site.id)
    documents = sum(source.documents for source in sources if source.kind != "faq")
    messages = len(contact_requests(session, site.id))
    return {
        "this_week": activity(session, Period(site.id, moment - WEEK, moment + 1)),
        "last_week": activity(session, Period(site.id, moment - 2 * WEEK, moment - WEEK)),
        "documents": documents,
        "messages": messages,
        "webhook_paused": has_paused_webhook(session, site.id),
        "worse": worse_now(session, site.id),
        "overtaken": sum(source.versions.get("overtaken", 0) for source in sources),
        "todo": _todo(site, has_pages=documents > 0),
    }


def _todo(site: Site, *, has_pages: bool) -> list[tuple[str, str, bool]]:
    """The steps of the set-up that the reader may do: name, page, and whether it is done.

    Empty if all of them are.
    """
    steps = (
        ("pages", "knowledge", "add_source", has_pages),
        *_step_of_suggestions(site),
        ("seen", "show_tag", "add_source", site.seen is not None),
        ("contact", "privacy", "save_privacy", bool(site.contact_email or site.contact_url)),
        ("privacy", "privacy", "save_privacy", bool(site.policy_url)),
    )
    own = [(name, page, is_done) for name, page, view, is_done in steps if may(g.account, view)]
    return [] if all(is_done for *_step, is_done in own) else own


def _step_of_suggestions(site: Site) -> list[tuple[str, str, str, bool]]:
    """The step that offers questions in the chat; while a site is new, also if it is not done."""
    is_new = now() < site.created + DAYS_OF_REMINDING * DAY
    has_some = bool(site.suggestions)
    return [("suggest", "show_trial", "suggest", has_some)] if is_new or has_some else []
