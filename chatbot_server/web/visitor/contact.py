"""``POST /api/contact``: a message to a person of the site."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response, jsonify, request
from pydantic import AfterValidator, Field

from chatbot_server.conversation.alerts import Deliveries
from chatbot_server.conversation.small_talk.person_hours import when_answered
from chatbot_server.errors import BadRequest
from chatbot_server.privacy.masking import NO_WAY_TO_REPLY, Mask
from chatbot_server.storage.site.settings import is_email
from chatbot_server.storage.site.webhooks import queue_event
from chatbot_server.storage.visitors.conversations import open_conversation
from chatbot_server.storage.visitors.feedback import add_contact_request
from chatbot_server.web.middleware.origins import find_allowed_site
from chatbot_server.web.middleware.requests import (
    Identifier,
    Line,
    RequestBody,
    bearer,
    language_of,
    read_body,
    read_message,
)
from chatbot_server.web.visitor.parts import VisitorParts


def _email(text: str) -> str:
    if not is_email(text):
        raise BadRequest("email_wrong", field="email")
    return text


def _name(text: str) -> str:
    if not text.strip():
        raise BadRequest("text_empty", field="name", name="name")
    return text


class ContactBody(RequestBody):
    """Body of ``POST /api/contact``."""

    site: Identifier
    name: Annotated[Line, AfterValidator(_name), Field(max_length=100)]
    email: Annotated[Line, AfterValidator(_email)]
    message: str
    conversation: Identifier | None = None


def contact_blueprint(parts: VisitorParts) -> Blueprint:
    """The route of messages to a person."""
    bp, config, rates = Blueprint("contact", __name__), parts.config, parts.rates

    @bp.post("/api/contact")
    def contact() -> Response:
        rates.check_small()
        body = read_body(request, ContactBody)
        text = read_message(body.message, config.limits.message_chars)
        if config.privacy.mask:  # except ways to reply
            text = Mask.of(text, language_of(request), NO_WAY_TO_REPLY).hide(text)
        with parts.database.session() as session:
            site = find_allowed_site(session, request, body.site)
            rates.check_question(site.key)
            rates.check_contact()
            conversation = (
                open_conversation(session, body.conversation, bearer(request))
                if body.conversation
                else None
            )
            if conversation is not None and conversation.site_id != site.id:
                raise BadRequest("conversation_other_site", field="conversation")
            message = add_contact_request(
                session, site, conversation, name=body.name, email=body.email, text=text
            )
            message.mail_due = parts.alerts.mail_due(site)
            is_event = queue_event(session, site.id, "contact.message", contact_id=message.id)
        parts.alerts.begin(Deliveries(mail=True, events=is_event))
        when = when_answered(site, language_of(request))
        return jsonify({"sent": True} | ({"when": when} if when else {}))

    return bp
