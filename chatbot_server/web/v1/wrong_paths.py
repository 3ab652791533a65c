"""Tells applications the right address if they use the API without ``/v1``, or with two."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from chatbot_server.errors import NotFound
from chatbot_server.web.middleware.address import own_address
from chatbot_server.web.middleware.requests import language_of
from chatbot_server.web.v1.wire import problem

METHODS = ("GET", "POST")
PATHS = ("/chat/completions", "/completions", "/embeddings", "/models", "/responses")


def wrong_paths_blueprint() -> Blueprint:
    """The paths of ``/v1`` under other prefixes.

    Register it before ``POST /chat/KEY``, which would take ``/chat/completions`` for its own.
    """
    bp = Blueprint("wrong_paths", __name__)

    def tell_address() -> Response:
        address = f"{own_address(request)}/v1"
        error = NotFound("api_wrong_path", path=request.path, address=address)
        response = jsonify(problem(error, language_of(request)))
        response.status_code = error.status
        return response

    for path in (*PATHS, *(f"/v1/v1{path}" for path in PATHS)):
        bp.add_url_rule(path, view_func=tell_address, methods=METHODS)
    return bp
