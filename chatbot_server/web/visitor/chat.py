"""``/api/chat``: ask a question and follow its answer; see ``docs/http-api.md``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from chatbot_server.conversation.live import LiveAnswer
from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.conversation.small_talk.emergency import region_of
from chatbot_server.storage.knowledge.asked_sites import AskedSite
from chatbot_server.web.middleware.address import is_owners_page
from chatbot_server.web.middleware.origins import check_origin
from chatbot_server.web.middleware.requests import (
    Identifier,
    Line,
    RequestBody,
    bearer,
    language_of,
    read_body,
    read_message,
)
from chatbot_server.web.server.event_stream import EventStream, Notifier, respond
from chatbot_server.web.visitor.parts import VisitorParts
from chatbot_server.web.visitor.sse import pieces_of


class ChatBody(RequestBody):
    """Body of ``POST /api/chat``."""

    site: Identifier
    message: str
    conversation: Identifier | None = None
    page: Annotated[Line, Field(max_length=2000)] | None = None
    locale: Annotated[Line, Field(max_length=20)] | None = None
    resume: bool = False
    keep: bool = True
    retry: bool = False


def chat_blueprint(parts: VisitorParts) -> Blueprint:
    """Routes of ``/api/chat``."""
    bp, service = Blueprint("chat", __name__), parts.service

    @bp.post("/api/chat")
    def ask() -> Response:
        body = read_body(request, ChatBody)
        locale = language_of(request, body.locale)
        asked_site = find_asked_site(parts, body.site)
        question = replace(
            admit_question(parts, asked_site, body.message, locale),
            conversation=body.conversation,
            secret=bearer(request),
            page=body.page,
            resume=body.resume,
            keep=body.keep,
            preview=is_owners_page(request, body.page or ""),
            retry=body.retry,
            region=region_of(body.locale),
        )
        return _stream(service.answer(service.prepare(question)), 0, locale)

    @bp.get("/api/chat/<message>")
    def take_up(message: str) -> Response:
        parts.rates.check_small()
        last = request.headers.get("Last-Event-ID", "0")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 9 else 0
        answer = service.take_up(message, bearer(request))
        return _stream(answer, after, language_of(request))

    @bp.delete("/api/chat/<message>")
    def stop(message: str) -> Response:
        service.stop(message, bearer(request))
        return jsonify(stopped=True)

    return bp


def find_asked_site(parts: VisitorParts, key: str) -> AskedSite:
    """The site with *key*, if its owner allows the page of this request.

    Raises:
        NotFound: there is no such site.
        Forbidden: as :func:`check_origin`.
    """
    asked_site = parts.sites.find(key)
    check_origin(request, asked_site.site)
    return asked_site


def admit_question(
    parts: VisitorParts, asked_site: AskedSite, message: str, locale: str
) -> VisitorQuestion:
    """Check and count the question of this request.

    Raises:
        BadRequest: the text is empty, too long, or not Unicode text.
        TooManyRequests: the visitor, or all visitors of the site together, ask too often.
    """
    text = read_message(message, parts.config.limits.message_chars)
    site, index_version = asked_site
    visitor = parts.rates.check_question(site.key)
    return VisitorQuestion(site, text, locale, visitor=visitor, index_version=index_version)


def _stream(answer: LiveAnswer, after: int, language: str) -> Response:
    notifier = Notifier()
    reader = answer.open_reader(after, notifier.notify)
    return respond(EventStream(pieces_of(reader, language), notifier, reader.close))
