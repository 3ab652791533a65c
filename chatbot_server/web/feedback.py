"""``POST /api/feedback``: a thumb on an answer, with a reason."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response, jsonify, request

from chatbot_server.storage.database import Database
from chatbot_server.storage.feedback import find_answer, save_feedback
from chatbot_server.web.limits import RateLimits
from chatbot_server.web.origins import check_origin
from chatbot_server.web.requests import Identifier, Strict, bearer, read_body, read_message

LONGEST_COMMENT = 1000


class FeedbackBody(Strict):
    """Body of ``POST /api/feedback``."""

    message: Identifier
    value: Literal["up", "down"] | None = None
    reason: Literal["wrong", "incomplete", "unclear", "other"] | None = None
    comment: str | None = None


def feedback_blueprint(database: Database, rates: RateLimits) -> Blueprint:
    """The route of the thumbs."""
    bp = Blueprint("feedback", __name__)

    @bp.post("/api/feedback")
    def feedback() -> Response:
        rates.check_small()
        body = read_body(request, FeedbackBody)
        comment = (body.comment or "").strip()
        if comment:
            comment = read_message(comment, LONGEST_COMMENT, "comment")
        with database.session() as session:
            answer, site = find_answer(session, body.message, bearer(request))
            check_origin(request, site)
            save_feedback(session, answer, body.value, body.reason, comment)
        return jsonify(saved=True)

    return bp
