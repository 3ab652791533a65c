"""``/healthz`` and ``/readyz``: whether the server is alive, and whether it can answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request

from chatbot_server.engine.base import ASLEEP, Engine
from chatbot_server.errors import ChatbotError, EngineError
from chatbot_server.processes.identity import own_run
from chatbot_server.storage.database import Database
from chatbot_server.storage.soundness import check_database, check_disk
from chatbot_server.web.middleware.problems import public_sentence
from chatbot_server.web.middleware.requests import language_of


def health_blueprint(
    engine: Engine, database: Database, data_dir: Path, needs_model: Callable[[], bool]
) -> Blueprint:
    """Both routes. Without a configured model, the server is ready to answer from pages alone."""
    bp = Blueprint("health", __name__)

    @bp.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @bp.get("/readyz")
    def can_answer() -> Response:
        status = engine.status()
        state, problem = status.state, None
        if status.reason:
            problem = EngineError(status.reason, **dict[str, Any](status.values))
        if state == "ready" and not engine.is_answering():
            state, problem = "restarting", EngineError("engine_restarting")
        faults: dict[str, ChatbotError | None] = {
            "disk": fault_of(lambda: check_disk(data_dir)),
            "database": fault_of(lambda: check_database(database, data_dir)),
        }
        ready = (state in ("ready", *ASLEEP) or not needs_model()) and not any(faults.values())
        body: dict[str, object] = {"ready": ready, "engine": state, "run": own_run()}
        body |= {name: error.code if error else "ready" for name, error in faults.items()}
        fault = next(filter(None, faults.values()), None)
        if reason := fault or problem:
            body["reason"] = public_sentence(reason, language_of(request))
        if fault:
            body["error"] = {"code": fault.code, "message": body["reason"]}
        response = jsonify(body)
        response.status_code = 200 if ready else 503
        response.headers["Cache-Control"] = "no-store"
        if not ready:
            response.headers["Retry-After"] = "5"
        return response

    return bp


def fault_of(check: Callable[[], None]) -> ChatbotError | None:
    """The error that *check* raises, if it does."""
    try:
        check()
    except ChatbotError as error:
        return error
    return None
