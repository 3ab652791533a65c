"""``POST /api/knowledge/<site key>``: a CMS tells of a page that changed."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from chatbot_server.errors import TooLarge
from chatbot_server.retrieval import push
from chatbot_server.retrieval.extract import Extractor
from chatbot_server.storage.database import Database
from chatbot_server.storage.sites import find_site

MAX_BODY = 2_000_000


def push_blueprint(database: Database, extractor: Extractor) -> Blueprint:
    """The signed route; see ``docs/knowledge.md`` for the signature."""
    routes = Blueprint("push", __name__)

    @routes.post("/api/knowledge/<key>")
    def receive(key: str) -> Response:
        request.max_content_length = MAX_BODY
        if (request.content_length or 0) > MAX_BODY:
            raise TooLarge("push_too_large", limit=MAX_BODY // 1000)
        body = request.get_data()
        with database.session() as session:
            site_id = find_site(session, key).id
        push.check(
            database,
            site_id,
            request.headers.get("X-Chatbot-Timestamp", ""),
            request.headers.get("X-Chatbot-Signature", ""),
            body,
        )
        return jsonify({"status": push.receive(database, extractor, site_id, body)})

    return routes
