"""``POST /api/feedback``: a thumb on an answer, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flask import Blueprint, Response, jsonify, request

from chatbot_server.privacy.masking import Mask
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.webhooks import queue_event
from chatbot_server.storage.visitors.feedback import find_answer, question_of, save_feedback
from chatbot_server.web.middleware.limits import RateLimits
from chatbot_server.web.middleware.origins import check_origin
from chatbot_server.web.middleware.requests import (
    Identifier,
    RequestBody,
    bearer,
    language_of,
    read_body,
    read_message,
)

LONGEST_COMMENT = 1000


class FeedbackBody(RequestBody):
    """Body of ``POST /api/feedback``."""

    message: Identifier
    value: Literal["up", "down"] | None = None
    reason: Literal["wrong", "incomplete", "unclear", "other"] | None = None
    comment: str | None = None


def feedback_blueprint(
    database: Database,
    rates: RateLimits,
    drop_from_cache: Callable[[str, str], None],
    masks: bool = True,
    on_event: Callable[[], None] = lambda: None,
) -> Blueprint:
    """The route of thumbs. A thumb down also drops the answer from the cache.

    Args:
        drop_from_cache: called with the key of the site and the question.
        masks: hide what is personal in a comment.
        on_event: called to deliver queued webhook events.
    """
    bp = Blueprint("feedback", __name__)

    @bp.post("/api/feedback")
    def feedback() -> Response:
        rates.check_small()
        body = read_body(request, FeedbackBody)
        comment = (body.comment or "").strip()
        if comment:
            comment = read_message(comment, LONGEST_COMMENT, "comment")
            comment = Mask.of(comment, language_of(request)).hide(comment) if masks else comment
        with database.session() as session:
            answer, site = find_answer(session, body.message, bearer(request))
            check_origin(request, site)
            save_feedback(session, answer, body.value, body.reason, comment)
            question = question_of(session, answer)
            is_event = body.value == "down" and queue_event(
                session, site.id, "feedback.down", message_id=answer.id
            )
        if is_event:
            on_event()
        if body.value == "down" and question:
            drop_from_cache(site.key, question)
        return jsonify(saved=True)

    return bp
