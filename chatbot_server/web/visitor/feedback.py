"""``POST /api/feedback``: a thumb on an answer, with a reason."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response, jsonify, request

from chatbot_server.conversation.alerts import Deliveries
from chatbot_server.privacy.masking import Mask
from chatbot_server.storage.site.webhooks import queue_event
from chatbot_server.storage.visitors.feedback import find_answer, question_of, save_feedback
from chatbot_server.web.middleware.origins import check_origin
from chatbot_server.web.middleware.requests import (
    Identifier,
    RequestBody,
    bearer,
    language_of,
    read_body,
    read_message,
)
from chatbot_server.web.visitor.parts import VisitorParts

LONGEST_COMMENT = 1000


class FeedbackBody(RequestBody):
    """Body of ``POST /api/feedback``."""

    message: Identifier
    value: Literal["up", "down"] | None = None
    reason: Literal["wrong", "incomplete", "unclear", "other"] | None = None
    comment: str | None = None


def feedback_blueprint(parts: VisitorParts) -> Blueprint:
    """The route of thumbs. A thumb down also drops the answer from the cache."""
    bp = Blueprint("feedback", __name__)

    @bp.post("/api/feedback")
    def feedback() -> Response:
        parts.rates.check_small()
        body = read_body(request, FeedbackBody)
        comment = (body.comment or "").strip()
        if comment:
            comment = read_message(comment, LONGEST_COMMENT, "comment")
            if parts.config.privacy.mask:
                comment = Mask.of(comment, language_of(request)).hide(comment)
        with parts.database.session() as session:
            answer, site = find_answer(session, body.message, bearer(request))
            check_origin(request, site)
            save_feedback(session, answer, body.value, body.reason, comment)
            question = question_of(session, answer)
            is_event = body.value == "down" and queue_event(
                session, site.id, "feedback.down", message_id=answer.id
            )
        parts.alerts.begin(Deliveries(events=is_event))
        if body.value == "down" and question:
            parts.service.drop_from_cache(site.key, question)
        return jsonify(saved=True)

    return bp
