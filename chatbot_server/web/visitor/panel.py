"""``GET /api/widget``: what the panel shows, including where the visitor's words go."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from chatbot_server.conversation.small_talk.person_hours import when_answered
from chatbot_server.errors import EngineError
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.storage.knowledge.site_state import topics_for
from chatbot_server.storage.site.settings import SITE_SETTINGS
from chatbot_server.storage.site.sites import Site
from chatbot_server.web.middleware.address import own_origins
from chatbot_server.web.middleware.origins import find_allowed_site
from chatbot_server.web.middleware.requests import language_of
from chatbot_server.web.visitor.parts import VisitorParts


def panel_blueprint(parts: VisitorParts) -> Blueprint:
    """The route of the panel's texts and settings."""
    bp, config, engine = Blueprint("panel", __name__), parts.config, parts.engine

    @bp.get("/api/widget")
    def panel() -> Response:
        parts.rates.check_small()
        with parts.database.session() as session:
            site = find_allowed_site(session, request, request.args.get("site", ""))
            origin = request.headers.get("Origin", "")
            is_page = "check" not in request.args  # else a program that asks whether it may
            if is_page and site.allows(origin) and origin.lower() not in own_origins(request):
                site.note_seen(origin.lower())
            texts = _texts_of(session, site, request.args.get("locale", ""), language_of(request))
        parts.service.expect_question(site.id)
        try:
            info = engine.info()
            # A model that is not trusted to write answers nobody.
            is_used = info.tier != "quote" or site.free_chat
            model = {"model": info.model if is_used else None, "local": info.local}
        except EngineError:
            model = {"model": None, "local": True}
        panel: dict[str, Any] = {
            "limits": {"message_chars": config.limits.message_chars},
            "privacy": model | {"retention_days": site.days_kept(config.privacy.retention_days)},
            "state": engine.status().state,
            **texts,
        }
        for setting in SITE_SETTINGS:
            if setting.panel:
                *section, name = setting.panel
                target = panel[section[0]] if section else panel
                target[name] = getattr(site, setting.column)
        response = jsonify(panel)
        response.headers["Cache-Control"] = "private, max-age=60"
        return response

    return bp


def _texts_of(session: Session, site: Site, locale: str, language: str) -> dict[str, Any]:
    """The texts of the panel in *language*.

    Where the owner wrote none and the server does not speak *locale*, they are left to the panel,
    which has its own texts in more languages. Questions that the owner did not choose are topics of
    the site.
    """
    primary = locale.replace("_", "-").split("-")[0].lower()
    is_spoken = not primary or primary in LANGUAGES

    def word(name: str) -> str | None:
        return site.word(name, language) or (say(name, language) if is_spoken else None)

    suggestions = site.suggested(language)
    suggestions_locale = language if site.suggestions.get(language) else ""
    if not suggestions and site.offers_topics:
        suggestions, suggestions_locale = topics_for(session, site.id, primary, language)
    return {
        "site": site.key,
        "name": site.name,
        "locale": language,
        "greeting": word("greeting"),
        "notice": word("notice"),
        "suggestions": suggestions,
        "suggestions_locale": suggestions_locale or None,
        "contact": {
            "form": True,
            "when": when_answered(site, language) or None if is_spoken else None,
        },
    }
