"""Is the web server alive, and can questions be answered?"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from chatbot_server.engine.base import Engine
from chatbot_server.errors import EngineError
from chatbot_server.storage.database import Database
from chatbot_server.web.requests import language_of


def health_blueprint(engine: Engine, database: Database, *, needs_model: bool) -> Blueprint:
    """``/healthz`` and ``/readyz``. Without a model, pages alone can answer."""
    bp = Blueprint("health", __name__)

    @bp.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @bp.get("/readyz")
    def can_answer() -> Response:
        database.ping()
        status = engine.status()
        ready = status.state == "ready" or not needs_model
        body: dict[str, object] = {"ready": ready, "engine": status.state}
        if status.reason:
            refusal = EngineError(status.reason, **dict[str, Any](status.values))
            body["reason"] = refusal.public_sentence(language_of(request))
        response = jsonify(body)
        response.status_code = 200 if ready else 503
        response.headers["Cache-Control"] = "no-store"
        return response

    return bp
