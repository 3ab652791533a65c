"""What the chatbot would answer today, and which of these questions it suggests to visitors."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request

from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.curate.first_questions.trial import (
    FirstTrials,
    Trial,
    try_own_question,
)
from chatbot_server.retrieval.curate.listing import describe_sources
from chatbot_server.storage.site.history import note_change
from chatbot_server.storage.site.settings import add_suggestions, settings_of
from chatbot_server.storage.site.sites import Site, find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.answers.knowledge import explain_sources
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import (
    AdminParts,
    go,
    load_site,
    problem_of,
    render,
)

MOST_TICKED = 20


def add_trial(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the first answers."""
    first_trials = FirstTrials(parts.knowledge)

    @bp.get(f"{PATH}/<key>/trial")
    def show_trial(key: str) -> Response:
        return _show(parts, first_trials, key)

    @bp.post(f"{PATH}/<key>/trial")
    def suggest(key: str) -> Response:
        new_questions = [text[:500] for text in request.form.getlist("suggested")[:MOST_TICKED]]
        try:
            with parts.database.session() as session:
                site = find_site(session, key)
                before = settings_of(site)
                add_suggestions(site, new_questions)
                tell_audit(change=note_change(session, site, before, g.account.name))
        except ChatbotError as error:
            problem = problem_of(error)
            return _show(parts, first_trials, key, status=error.status, problem=problem)
        if request.form.get("next"):
            return go("appearance", key=key, setup="yes")
        setup = {"setup": "yes"} if "setup" in request.args else {}
        return go("show_trial", key=key, done="suggested" if new_questions else "", **setup)


def _show(
    parts: AdminParts, first_trials: FirstTrials, key: str, *, status: int = 200, **values: Any
) -> Response:
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        reports = describe_sources(session, site.id)
    own_question = " ".join(request.args.get("q", "").split())[:300]
    trials = [try_own_question(parts.knowledge, site.id, own_question)] if own_question else []
    trials += first_trials.of(site.id)
    sources = explain_sources(parts, reports)
    is_reading = any(
        report.is_crawl and not report.finished and not source["why"]
        for report, source in zip(reports, sources, strict=True)
    )
    return render(
        "trial",
        status=status,
        site=site,
        sites=sites,
        trial=[(trial, _is_suggested(site, trial)) for trial in trials],
        sources=sources,
        reading=is_reading,
        q=own_question,
        **values,
    )


def _is_suggested(site: Site, trial: Trial) -> bool:
    return any(trial.question.text in texts for texts in site.suggestions.values())
