"""``GET /api/widget``: what the panel needs to draw itself, and the truth about where words go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from chatbot_server.engine.base import Engine
from chatbot_server.errors import EngineError
from chatbot_server.messages import say
from chatbot_server.storage.database import Database
from chatbot_server.storage.sites import Site, find_site
from chatbot_server.web.limits import RateLimits
from chatbot_server.web.origins import check_origin
from chatbot_server.web.requests import language_of


@dataclass(frozen=True)
class Promises:
    """What the operator's configuration promises to a visitor."""

    retention_days: int
    message_chars: int


def panel_blueprint(
    engine: Engine, database: Database, rates: RateLimits, promises: Promises
) -> Blueprint:
    """The route of the panel's words."""
    bp = Blueprint("panel", __name__)

    @bp.get("/api/widget")
    def panel() -> Response:
        rates.check_small()
        with database.session() as session:
            site = find_site(session, request.args.get("site", ""))
            check_origin(request, site)
        response = jsonify(describe_panel(site, engine, promises, language_of(request)))
        response.headers["Cache-Control"] = "private, max-age=60"
        return response

    return bp


def describe_panel(site: Site, engine: Engine, promises: Promises, language: str) -> dict[str, Any]:
    """The answer of the route; ``docs/http-api.md`` shows it."""
    return {
        "site": site.key,
        "name": site.name,
        "locale": language,
        "color": site.color,
        "position": site.position,
        "greeting": site.word("greeting", language) or say("greeting", language),
        "notice": site.word("notice", language) or say("notice", language),
        "suggestions": site.suggested(language),
        "contact": {"form": True, "email": site.contact_email, "url": site.contact_url},
        "privacy": _privacy(site, engine, promises),
        "limits": {"message_chars": promises.message_chars},
        "state": engine.status().state,
    }


def _privacy(site: Site, engine: Engine, promises: Promises) -> dict[str, Any]:
    try:
        info = engine.info()
        model, local = info.model, info.local
    except EngineError:
        model, local = None, True
    return {
        "model": model,
        "local": local,
        "retention_days": promises.retention_days,
        "policy_url": site.policy_url,
    }
