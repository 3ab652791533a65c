"""Steps from an empty server to a bubble on the owner's site; each can be done later."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request

from chatbot_server.errors import ChatbotError
from chatbot_server.messages import LANGUAGES
from chatbot_server.privacy.texts import privacy_paragraphs, register_entry
from chatbot_server.retrieval.curate.choosing import choices_of, choose_pages
from chatbot_server.retrieval.curate.listing import describe_sources
from chatbot_server.storage.knowledge.sources import get_source
from chatbot_server.storage.site.history import note_change
from chatbot_server.storage.site.settings import change_site, settings_of
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.answers.knowledge import explain_sources
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import (
    AdminParts,
    admin_language,
    go_on,
    load_site,
    problem_of,
    render,
    typed,
)
from chatbot_server.web.data_processing import processing_facts

PRIVACY_FIELDS = ("retention_days", "contact_email", "policy_url")


def add_choice_of_pages(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the choice among the pages that were found."""

    def show(key: str, *, status: int = 200, **values: Any) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
            reports = [
                report for report in describe_sources(session, site.id) if report.kind == "site"
            ]
            choices = {
                report.number: choices_of(session, site.id, report.number) for report in reports
            }
        sources = explain_sources(parts, reports)
        return render(
            "choice", status=status, site=site, sites=sites, sources=sources, choices=choices,
            **values,
        )  # fmt: skip

    @bp.get(f"{PATH}/<key>/pages")
    def show_pages(key: str) -> Response:
        return show(key)

    @bp.post(f"{PATH}/<key>/pages/<int:number>", endpoint="choose_pages")
    def choose(key: str, number: int) -> Response:
        every_path, wanted_paths = map(request.form.getlist, ("shown", "ticked"))
        try:
            with parts.database.session() as session:
                site_id = find_site(session, key).id
                change_count = choose_pages(session, site_id, number, every_path, wanted_paths)
                tell_audit(get_source(session, site_id, number).address)
        except ChatbotError as error:
            return show(key, status=error.status, problem=problem_of(error))
        if change_count:
            parts.call_job("read")
        return go_on("show_pages", "show_trial", key)


def add_privacy(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the retention of conversations, and of privacy texts."""

    def show(key: str, *, status: int = 200, **values: Any) -> Response:
        language = request.args.get("text", admin_language())
        language = language if language in LANGUAGES else admin_language()
        with parts.database.session() as session:
            site, sites = load_site(session, key)
        facts = processing_facts(site, parts.config)
        days = "" if site.retention_days is None else str(site.retention_days)
        fields = {"retention_days": days, "contact_email": site.contact_email or ""}
        fields |= {"policy_url": site.policy_url or ""}
        fields |= {f"notice_{code}": site.word("notice", code) or "" for code in LANGUAGES}
        return render(
            "privacy",
            status=status,
            site=site,
            sites=sites,
            most=parts.config.privacy.retention_days,
            text_language=language,
            languages=sorted(LANGUAGES, key=lambda code: code != admin_language()),
            paragraphs=privacy_paragraphs(facts, language),
            register=register_entry(facts, language),
            **{"fields": fields} | values,
        )

    @bp.get(f"{PATH}/<key>/privacy")
    def privacy(key: str) -> Response:
        return show(key)

    @bp.post(f"{PATH}/<key>/privacy")
    def save_privacy(key: str) -> Response:
        settings: dict[str, Any] = {name: typed(name) for name in PRIVACY_FIELDS}
        settings["retention_days"] = settings["retention_days"] or "auto"
        notices = {code: typed(f"notice_{code}", lines=True) for code in LANGUAGES}
        settings["notice"] = tuple(f"{code}={text}" for code, text in notices.items() if text)
        try:
            with parts.database.session() as session:
                site = find_site(session, key)
                before = settings_of(site)
                site.words = {**site.words, "notice": {}}
                change_site(site, settings)
                tell_audit(change=note_change(session, site, before, g.account.name))
        except ChatbotError as error:
            fields = {name: text[:4000] for name, text in request.form.items()}
            return show(key, status=error.status, problem=problem_of(error), fields=fields)
        return go_on("privacy", "show_tag", key)
