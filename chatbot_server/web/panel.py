"""``GET /api/widget``: what the panel needs to draw itself, and the truth about where words go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from chatbot_server.engine.base import Engine
from chatbot_server.errors import EngineError
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.storage.database import Database
from chatbot_server.storage.site_settings import SITE_SETTINGS
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
        response = jsonify(describe_panel(site, engine, promises, *_languages()))
        response.headers["Cache-Control"] = "private, max-age=60"
        return response

    return bp


def _languages() -> tuple[str, bool]:
    """The language of the owner's words, and whether the server speaks the one asked for."""
    wanted = request.args.get("locale", "").replace("_", "-").split("-")[0].lower()
    return language_of(request), not wanted or wanted in LANGUAGES


def describe_panel(
    site: Site, engine: Engine, promises: Promises, language: str, spoken: bool
) -> dict[str, Any]:
    """The answer of the route; ``docs/http-api.md`` shows it.

    Where the owner wrote nothing and the visitor's language is not *spoken* here, the words
    are left to the panel, which has its own in ten languages.
    """

    def words(name: str) -> str | None:
        return site.word(name, language) or (say(name, language) if spoken else None)

    description: dict[str, Any] = {
        "site": site.key,
        "name": site.name,
        "locale": language,
        "greeting": words("greeting"),
        "notice": words("notice"),
        "suggestions": site.suggested(language),
        "contact": {"form": True},
        "privacy": _privacy(engine, promises),
        "limits": {"message_chars": promises.message_chars},
        "state": engine.status().state,
    }
    for setting in SITE_SETTINGS:
        if setting.panel:
            *section, name = setting.panel
            target = description[section[0]] if section else description
            target[name] = getattr(site, setting.column)
    return description


def _privacy(engine: Engine, promises: Promises) -> dict[str, Any]:
    try:
        info = engine.info()
        model, local = info.model, info.local
    except EngineError:
        model, local = None, True
    return {"model": model, "local": local, "retention_days": promises.retention_days}
