"""``/api/conversation``: read or erase a conversation, given its secret."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from chatbot_server.storage.visitors.conversations import ChatMessage
from chatbot_server.web.middleware.requests import bearer
from chatbot_server.web.visitor.parts import VisitorParts


def conversations_blueprint(parts: VisitorParts) -> Blueprint:
    """Routes of ``/api/conversation``."""
    bp, service, rates = Blueprint("conversations", __name__), parts.service, parts.rates

    @bp.get("/api/conversation/<identifier>")
    def read(identifier: str) -> Response:
        rates.check_small()
        transcript = service.read(identifier, bearer(request))
        response = jsonify(
            conversation=transcript.conversation.id,
            created=transcript.conversation.created,
            expires=transcript.conversation.expires,
            person=transcript.conversation.answering_person,
            messages=[
                describe_message(message, transcript.thumbs.get(message.id))
                for message in transcript.messages
            ],
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    @bp.get("/api/conversation/<identifier>/news")
    def read_news(identifier: str) -> Response:
        rates.check_news()
        news = service.news(identifier, bearer(request), request.args.get("after", "")[:22])
        messages = [
            describe_message(message, None) | {"follows": news.follows.get(message.id)}
            for message in news.messages
        ]
        response = jsonify(person=news.person, messages=messages, wait=news.wait)
        response.headers["Cache-Control"] = "no-store"
        return response

    @bp.delete("/api/conversation/<identifier>")
    def erase(identifier: str) -> Response:
        message_count = service.erase(identifier, bearer(request))
        return jsonify(erased={"conversations": 1, "messages": message_count})

    return bp


def describe_message(message: ChatMessage, thumb: str | None) -> dict[str, Any]:
    """The fields of a message that the visitor may read."""
    fields: dict[str, Any] = {
        "id": message.id,
        "role": "user" if message.role == "user" else "assistant",
        "text": message.text,
        "created": message.created,
    }
    if message.person:
        fields |= {"name": message.person, "origin": "person"}
    if message.role == "assistant":
        fields |= {
            "origin": message.origin,
            "status": message.status,
            "finish": message.finish,
            "sources": message.sources,
            "feedback": thumb,
            "ai": {"generated": message.origin == "model", "model": message.model},
        }
    return fields
