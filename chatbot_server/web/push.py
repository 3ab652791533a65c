"""``POST /api/knowledge/<site key>``: a CMS reports a page that has changed."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from chatbot_server.errors import TooLarge, Unauthorized
from chatbot_server.retrieval.curate.imports import push
from chatbot_server.retrieval.read.extractor import Extractor
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import find_site

MAX_BODY = 2_000_000
SIGNATURE_HEADERS = ("X-Chatbot-Timestamp", "X-Chatbot-Signature")


def push_blueprint(
    database: Database, extractor: Extractor, on_change: Callable[[], None] = lambda: None
) -> Blueprint:
    """The signed route; see ``docs/knowledge.md`` for the signature.

    Args:
        on_change: called after a page was indexed, whose vectors are still to be computed, or
            deleted.
    """
    routes = Blueprint("push", __name__)
    receiver = push.PushReceiver(database, extractor)

    @routes.post("/api/knowledge/<key>")
    def receive(key: str) -> Response:
        for name in SIGNATURE_HEADERS:
            if name not in request.headers:  # refused before the body is read
                raise Unauthorized("push_signature", field=name)
        request.max_content_length = MAX_BODY
        try:
            body = request.get_data()
        except RequestEntityTooLarge:
            raise TooLarge("push_too_large", limit=MAX_BODY // 1000) from None
        with database.session() as session:
            site_id = find_site(session, key).id
        sent_at = push.check_signature(
            database,
            site_id,
            request.headers.get("X-Chatbot-Timestamp", ""),
            request.headers.get("X-Chatbot-Signature", ""),
            body,
        )
        status = receiver.receive(site_id, sent_at, body)
        if status in ("indexed", "deleted"):
            on_change()
        return jsonify({"status": status})

    return routes
