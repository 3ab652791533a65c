"""Errors as ``{"error": {"code", "message", "field"?}}``, in the language of the reader."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from chatbot_server.errors import ChatbotError
from chatbot_server.logs import REQUEST
from chatbot_server.messages import catalogue, say
from chatbot_server.metrics import REFUSALS
from chatbot_server.web.middleware.requests import language_of, refuse_nul

logger = logging.getLogger(__name__)


def public_sentence(error: ChatbotError, language: str) -> str:
    """What a visitor reads of *error*; the whole error is logged if the server is at fault."""
    sentence = error.public_sentence(language)
    if error.status >= 500 or sentence != error.sentence(language):
        logger.warning("%s: %s", error.code, error)
    return sentence


def register_problems(app: Flask) -> None:
    """Register error handlers, so that no traceback reaches a visitor."""
    app.before_request(lambda: refuse_nul(request.path, *request.args.values()))

    @app.errorhandler(ChatbotError)
    def chatbot_error(error: ChatbotError) -> Response:
        message = public_sentence(error, language_of(request))
        response = _error_response(error.status, error.code, message, error.field)
        if seconds := error.retry_seconds:
            response.headers["Retry-After"] = str(seconds)
            REFUSALS.labels(error.code).inc()
        return response

    @app.errorhandler(Exception)
    def other_error(error: Exception) -> Response:
        status, code, message = other_problem(error, language_of(request))
        return _error_response(status, code, message)


def other_problem(error: Exception, language: str) -> tuple[int, str, str]:
    """Status, code and sentence of an error that is not a :class:`ChatbotError`."""
    if isinstance(error, HTTPException):
        status = error.code or 500
        code = f"http_{status}"
        return status, code, say(code, language) if code in catalogue() else error.name
    # The route, not the path, which may contain anything.
    logger.exception("unexpected error in %s", request.url_rule, exc_info=error)
    return 500, "internal", say("internal", language)


def _error_response(status: int, code: str, message: str, field: str | None = None) -> Response:
    body = {"code": code, "message": message, "request_id": REQUEST.get()}
    if field:
        body["field"] = field
    response = jsonify(error=body)
    response.status_code = status
    return response
