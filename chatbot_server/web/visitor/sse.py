"""Server-sent events: the wire format of an answer, see ``docs/http-api.md``."""

from __future__ import annotations

import json

from chatbot_server.conversation.events import (
    Cited,
    Ended,
    Event,
    Failed,
    Started,
    TextPiece,
    Waiting,
)
from chatbot_server.conversation.live import Reader
from chatbot_server.energy.meter import Energy
from chatbot_server.web.middleware.problems import public_sentence
from chatbot_server.web.server.event_stream import Pieces

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pieces_of(reader: Reader, language: str) -> Pieces:
    """The events of *reader* as text; an empty piece means that none has come yet."""
    while (entries := reader.take()) is not None:
        for number, event in entries:
            yield render(number, event, language)
        if not entries:
            yield ""


def render(number: int, event: Event, language: str) -> str:
    """One event as text; JSON escapes line breaks, so that the data fits on one line."""
    name, data = describe(event, language)
    return f"id: {number}\nevent: {name}\ndata: {_to_json(data)}\n\n"


def describe(event: Event, language: str) -> tuple[str, dict[str, object]]:
    """The event's name and its fields."""
    match event:
        case Started():
            return "start", {key: value for key, value in vars(event).items() if value}
        case Waiting():
            return "queue", vars(event)
        case TextPiece():
            return "token", vars(event)
        case Cited():
            return "sources", {"items": [vars(item) for item in event.items]}
        case Failed(error, retry):
            message = public_sentence(error, language)
            return "error", {"code": error.code, "message": message, "retry": retry}
        case Ended():
            return "done", {
                "origin": event.origin,
                "status": event.status,
                "finish": event.finish,
                "usage": vars(event.usage) if event.usage else None,
                "timings": vars(event.timings) if event.timings else None,
                "energy": _energy(event.energy),
                "ai": {"generated": event.origin == "model", "model": event.model},
                "suggestions": list(event.suggestions),
                "person": event.offers_person,
                "cached": event.cached,
            }


def _energy(energy: Energy | None) -> dict[str, object] | None:
    """The energy, rounded to three digits: it is not known more exactly."""
    if energy is None:
        return None
    return {"wh": float(f"{energy.watt_hours:.3g}"), "method": energy.method}
